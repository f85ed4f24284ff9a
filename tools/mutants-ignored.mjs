/**
 * What `npm run mutants` leaves alone: the text of a TypeError, RangeError or Error, which tells a developer what to do. A test
 * quotes the part of it that names the option, and another wording breaks no promise. That the error is thrown is still tested.
 *
 * Every other string is changed. The reason of an `OAuthError` is a contract: listeners of `on` see it and act on it.
 */
import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

const PROSE_OF = new Set(['Error', 'RangeError', 'TypeError']);

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'prose', {
    shouldIgnore(path) {
      const isText = path.isStringLiteral() || path.isTemplateLiteral();
      const error = isText && path.parentPath?.isNewExpression() ? path.parentPath.node.callee : undefined;
      return error?.type === 'Identifier' && PROSE_OF.has(error.name) ? 'The text of an error for developers.' : undefined;
    },
  }),
];
