/**
 * What `npm run mutants` does not change: texts for developers, which are the message of a TypeError, RangeError or Error, and the `hint` of an
 * `OAuthError`; `refuse(source, option, text)` throws such a TypeError, `no(reason, text)` tells
 * the operator more than the reason, and `invalid(member, hint)` says to a client what a member must be.
 * Another wording breaks no promise. That the error is thrown is still tested.
 *
 * Every other string is changed, also the reason of an `OAuthError`: listeners of `on` depend on it.
 */
import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

const PROSE_OF = new Set(['Error', 'RangeError', 'TypeError']);
/** Functions that take a text for developers, with its place among their arguments. */
const PROSE_AT = new Map([
  ['invalid', 1],
  ['no', 1],
  ['refuse', 2],
]);

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'prose', {
    shouldIgnore(path) {
      return isMessage(path) || isHint(path) ? 'A text for developers.' : undefined;
    },
  }),
];

/** @param {import('@stryker-mutator/api/ignore').NodePath} path */
function isMessage(path) {
  const call = isText(path) ? path.parentPath : null;
  if (!call?.isNewExpression() && !call?.isCallExpression()) return false;
  const { callee, arguments: given } = call.node;
  if (callee.type !== 'Identifier') return false;
  return call.isNewExpression() ? PROSE_OF.has(callee.name) : given.indexOf(path.node) === PROSE_AT.get(callee.name);
}

/** The value of `hint`, and an object that holds nothing else. @param {import('@stryker-mutator/api/ignore').NodePath} path */
function isHint(path) {
  const property = path.isObjectExpression() && path.node.properties.length === 1 ? path.node.properties[0] : path.parent;
  return (
    property?.type === 'ObjectProperty' && property.key.type === 'Identifier' && property.key.name === 'hint' && path.node !== property.key
  );
}

/** @param {import('@stryker-mutator/api/ignore').NodePath} path */
function isText(path) {
  return path.isStringLiteral() || path.isTemplateLiteral();
}
