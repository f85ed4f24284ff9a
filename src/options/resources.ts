/**
 * The options about resources and scopes: `resources`, `defaultResource`, `scopesSupported` with its hierarchy, `unknownScopes`. Checked when the
 * provider is made, and completed when the issuer is known.
 */
import { metadataPathOf } from '../guard/answers.ts';
import { defined } from '../lib/json.ts';
import { checkTypes } from '../lib/check-options.ts';
import { isLoopbackHost, withoutSlash } from '../lib/url.ts';
import type { FetchObject } from '../model/context.ts';
import { canonicalResource, covers, type Resource } from '../model/resource.ts';
import { isScopeToken, makeScopeExpansion, OFFLINE_ACCESS, rightsIn, type ScopeInfo } from '../model/scope.ts';
import { SIGNING_ALGS, type SigningAlg } from '../model/key-set.ts';
import type { Seconds } from '../model/store.ts';
import { ACCESS_TTL, checkKind, fail, flag, type Kind, oneOf } from './option-checks.ts';

/** Settings of one resource. */
export interface ResourceOptions {
  /** Its name on the consent page. */
  readonly name?: string | undefined;
  /** Scopes that every call needs. Default: the option `requiredScopes`. */
  readonly requiredScopes?: readonly string[] | undefined;
  /** Lifetime of its access tokens in seconds. Default: the option `accessTokenTTL`. */
  readonly accessTokenTTL?: Seconds | undefined;
  /** How its access tokens are signed. Default: the option `accessTokenSigning`. */
  readonly accessTokenSigning?: SigningAlg | 'none' | undefined;
}

/** A scope in the words of the consent page. */
export interface ScopeWords {
  /** What the scope allows, for the user: "Read your notes". Default: the scope's name. */
  readonly text?: string | undefined;
  /** The same as `text`, under the name that `catalogue().scopes()` gives it. */
  readonly description?: string | undefined;
  /** The consent page does not select it in advance. Use it for what cannot be undone: deleting, paying, publishing. */
  readonly sensitive?: boolean | undefined;
  /** Names of the tools that need it. */
  readonly unlocks?: readonly string[] | undefined;
  /** Scopes that it includes: `admin` includes `write`, which includes `read`. */
  readonly includes?: readonly string[] | undefined;
}

const KNOWN = 'name:string requiredScopes:string[] accessTokenTTL accessTokenSigning';

interface Route {
  readonly path: string;
  readonly handler?: unknown;
}

/** @throws {TypeError} naming the option and the fix. */
export function checkResources(
  {
    resource,
    resources = {},
    defaultResource,
  }: { readonly resource?: unknown; readonly resources?: object | undefined; readonly defaultResource?: unknown },
  routes: readonly Route[],
): void {
  if (resource !== undefined) checkIdentifier(resource, resources, routes);
  for (const [name, special] of Object.entries(resources)) checkResource(name, special, routes);
  if (defaultResource === undefined) return;
  const names = resource === undefined ? routes.map(({ path }) => path) : [resource];
  const isKnown = [...names, ...Object.keys(resources)].some((name) => name === defaultResource);
  if (!isKnown) fail('defaultResource', `must be a route of the API, or a URL of \`resources\`; it is ${JSON.stringify(defaultResource)}`);
}

/** One identifier for all routes: a URL at or above each of them, which a client compares with the URL that it calls (RFC 9728 §3.3). */
function checkIdentifier(resource: unknown, resources: object, routes: readonly Route[]): void {
  const shown = JSON.stringify(resource);
  const uri = typeof resource === 'string' && URL.canParse(resource) && canonicalResource(resource) === resource ? new URL(resource) : null;
  if (uri === null || uri.search !== '' || (uri.protocol !== 'https:' && !isLoopbackHost(uri.hostname)))
    fail(
      'resource',
      `must be a URL such as "https://mcp.example" or "https://mcp.example/mcp": https, in lower case, without a query and without a slash after a bare origin; it is ${shown}`,
    );
  const outside = routes.find(({ path }) => uri.pathname !== '/' && !covers(withoutSlash(uri.pathname), path));
  if (outside) fail('resource', `must be at or above every route, and ${shown} is not above ${outside.path}`);
  const own = Object.keys(resources).find((name) => name.startsWith('/'));
  if (own !== undefined)
    fail('resources', `cannot name the route ${own} beside \`resource\`, which makes all routes one; use the options of the provider`);
}

function checkResource(name: string, special: unknown, routes: readonly Route[]): void {
  const shown = JSON.stringify(name);
  if (name.startsWith('/') && !routes.some(({ path }) => path === name)) fail('resources', `names ${shown}, which is no route of the API`);
  if (!name.startsWith('/') && canonicalResource(name) === null)
    fail('resources', `names ${shown}; name a route such as "/mcp", or a full URL`);
  if (typeof special !== 'object' || special === null)
    fail('resources', `has no settings for ${shown}; give an object, if need be an empty one`);
  checkTypes(`OAuthProvider: \`resources[${shown}]\``, special, KNOWN);
  const { requiredScopes = [], accessTokenTTL, accessTokenSigning } = special as ResourceOptions;
  checkKind(`resources[${shown}].accessTokenSigning`, oneOf(...SIGNING_ALGS, 'none'), accessTokenSigning);
  checkKind(`resources[${shown}].accessTokenTTL`, ACCESS_TTL, accessTokenTTL);
  if (!requiredScopes.every(isScopeToken)) fail('resources', `has \`requiredScopes\` for ${shown} that are no list of scopes`);
}

/** Checks that a scope includes known scopes only, and never itself, directly or through others. @throws {TypeError} */
export function checkHierarchy(scopes: readonly ScopeInfo[]): void {
  const expandScopes = makeScopeExpansion(scopes);
  for (const { name, includes = [] } of scopes) {
    const unknown = Array.isArray(includes) ? includes.find((one) => !scopes.some((scope) => scope.name === one)) : includes;
    if (unknown !== undefined) fail('scopesSupported', `lets ${name} include ${JSON.stringify(unknown)}, which is not in the list`);
    if (expandScopes(includes).includes(name)) fail('scopesSupported', `lets ${name} include itself, by way of ${includes.join(', ')}`);
  }
}

/** The URI of a route, or of a resource elsewhere. */
export function uriOf(name: string, issuer: string): string {
  return canonicalResource(name.startsWith('/') ? issuer + name : name) ?? issuer;
}

/** The resources of an issuer: its routes, and those elsewhere. */
export function resourcesOf(
  options: {
    readonly name?: string | undefined;
    readonly requiredScopes?: readonly string[] | undefined;
    readonly accessTokenSigning?: SigningAlg | 'none' | undefined;
    readonly resource?: string | undefined;
    readonly resources?: { readonly [name: string]: ResourceOptions } | undefined;
  },
  routes: readonly Route[],
  { issuer, prefix }: { readonly issuer: string; readonly prefix: string },
): readonly Resource[] {
  const { resources = {}, requiredScopes: usual = [] } = options;
  const resourceOf = (name: string, path: string | null, handler?: unknown): Resource => {
    const uri = uriOf(name, issuer);
    const {
      name: said = options.name,
      requiredScopes = usual,
      accessTokenTTL,
      accessTokenSigning: alg = options.accessTokenSigning ?? 'none',
    } = resources[name] ?? {};
    const { servedPaths = [] } = Object(handler) as Pick<FetchObject, 'servedPaths'>;
    const names = servedPaths.map(withoutSlash).filter((one) => one !== name && covers(name, one)).map((one) => uriOf(one, issuer)); // prettier-ignore
    return {
      uri,
      path,
      metadataPath: metadataPathOf(uri),
      requiredScopes: rightsIn(requiredScopes),
      ...(said === undefined ? {} : { name: said }),
      ...(accessTokenTTL === undefined ? {} : { accessTokenTTL }),
      ...(alg === 'none' ? {} : { accessTokenSigning: alg }),
      ...(names.length === 0 ? {} : { names }),
    };
  };
  const { resource } = options;
  const [first] = routes;
  const own =
    resource === undefined
      ? routes.map(({ path, handler }) => resourceOf(path, prefix + path, handler))
      : [resourceOf(resource, first ? prefix + first.path : null)];
  const elsewhere = Object.keys(resources).filter((name) => !name.startsWith('/')).map((name) => resourceOf(name, null)); // prettier-ignore
  const all = [...own, ...elsewhere];
  const twice = all.find(({ uri }, at) => all.findIndex((one) => one.uri === uri) !== at);
  if (twice) fail('resources', `names ${twice.uri} twice, once as a route perhaps`);
  return all;
}

const WORDS: Kind = { must: 'be a string such as "Delete your notes"', is: (value) => typeof value === 'string' };
const INFO: Kind = {
  must: "be its words, or { text: 'Delete your notes', sensitive: true }",
  is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** The scopes of the server, with their words. @throws {TypeError} naming the scope and the fix. */
export function scopesOf({
  scopesSupported = [],
  requiredScopes = [],
}: {
  readonly scopesSupported?: readonly string[] | { readonly [scope: string]: string | ScopeWords } | undefined;
  readonly requiredScopes?: readonly string[] | undefined;
}): readonly ScopeInfo[] {
  const listed: ScopeInfo[] = Array.isArray(scopesSupported)
    ? scopesSupported.map((name: string) => ({ name }))
    : Object.entries(scopesSupported).map(([name, said]) => ({ name, ...scopeInfoOf(name, said) }));
  const bad = [...listed.map((scope) => scope.name), ...requiredScopes].find((name) => !isScopeToken(name));
  if (bad !== undefined)
    fail('scopesSupported', `holds ${JSON.stringify(bad)}, which is not a scope: printable ASCII without spaces, quotes and backslashes`);
  const missing = requiredScopes.filter((name) => !listed.some((scope) => scope.name === name)).map((name) => ({ name }));
  const all = [...missing, ...listed];
  checkHierarchy(all);
  return withIncluded(all.filter(({ name }) => name !== OFFLINE_ACCESS)); // offered to clients, but never a checkbox
}

function scopeInfoOf(name: string, said: string | ScopeWords): Omit<ScopeInfo, 'name'> {
  if (typeof said === 'string') return { description: said };
  const option = `scopesSupported[${JSON.stringify(name)}]`;
  checkKind(option, INFO, said);
  checkTypes(`OAuthProvider: ${option}`, said, 'text description unlocks:string[] includes:string[] sensitive');
  checkKind(`${option}.sensitive`, flag, said.sensitive);
  checkKind(`${option}.text`, WORDS, said.text ?? said.description);
  const { text, ...rest } = said;
  return defined({ ...rest, description: text ?? rest.description });
}

/** A scope unlocks what the scopes unlock that it includes, and is sensitive if one of them is. */
function withIncluded(scopes: readonly ScopeInfo[]): readonly ScopeInfo[] {
  const covered = makeScopeExpansion(scopes);
  return scopes.map((scope) => {
    if (!scope.includes) return scope;
    const names = covered([scope.name]);
    const all = scopes.filter(({ name }) => names.includes(name));
    const unlocks = [...new Set(names.flatMap((name) => all.find((one) => one.name === name)?.unlocks ?? []))];
    return { ...scope, unlocks, ...(all.some((one) => one.sensitive) ? { sensitive: true } : {}) };
  });
}
