/** `requireBearerAuth`: the guard in front of an Express route, which sets `request.auth` as the SDK's own does. */
import { guard, type Guard, type GuardOptions } from '../guard/guard.ts';
import { metadataUrlOf } from '../guard/answers.ts';
import type { OnRefused } from '../guard/refused.ts';
import type { Verifier } from '../guard/token-source.ts';
import { checkNames } from '../lib/check-options.ts';
import { canonicalResource } from '../model/resource.ts';
import { admit, type GuardedMessage } from '../node/middleware.ts';
import { proofs } from '../verifiers/proofs.ts';
import type { RequestHandler } from './router.ts';
import { type AuthInfo, authInfoOf, ServerProvider, whenMounted } from './server-provider.ts';

/** Says what a token of another server is worth: an `OAuthTokenVerifier`. It has to name the resource that the token is for. */
export interface TokenVerifier {
  /** @throws an error with the `errorCode` `invalid_token` for a token that is not valid. Any other is answered with 503. */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/** Options of {@link requireBearerAuth}, as there. */
export interface BearerAuthOptions {
  readonly verifier: ServerProvider | TokenVerifier;
  readonly requiredScopes?: string[] | undefined;
  /** The URL of the resource's metadata. Known for a {@link ServerProvider}. */
  readonly resourceMetadataUrl?: string | undefined;
  /** The resource. Known for a {@link ServerProvider}, and where `resourceMetadataUrl` says it. */
  readonly expectedResource?: string | URL | undefined;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * The guard as Express middleware, before the body parser. Calls `next()` for a valid token, with `request.auth` as tools of SDK 1.x find it in
 * `extra.authInfo`, and answers all other requests itself.
 *
 * @throws {TypeError} for a wrong option, naming the fix.
 * @example
 * const provider = new ServerProvider({ store: sqliteStore('./data/portcullis.db'), logins: [password()] });
 * express().post('/mcp', requireBearerAuth({ verifier: provider, requiredScopes: ['read'] }), handler);
 */
export function requireBearerAuth(options: BearerAuthOptions): RequestHandler {
  checkNames('requireBearerAuth', options, 'verifier requiredScopes resourceMetadataUrl expectedResource');
  const { verifier } = options;
  if (typeof verifier?.verifyAccessToken !== 'function')
    throw new TypeError('requireBearerAuth: `verifier` must be the provider of mcpAuthRouter, or an object with `verifyAccessToken`.');
  let check: Guard | undefined;
  if (verifier instanceof ServerProvider)
    whenMounted(verifier, ({ resource, issuer, auth, env, on, store }) => {
      const named = resourceIn(options);
      if (named !== null && named !== resource)
        throw new TypeError(
          `requireBearerAuth: \`expectedResource\` and \`resourceMetadataUrl\` must be those of the router: ${resource}, ${metadataUrlOf(resource)}.`,
        );
      const onRefused: OnRefused | undefined =
        on && ((refusal) => on({ kind: 'request.refused', at: Math.floor(Date.now() / 1000), endpoint: 'guard', ...refusal }));
      check = guardFor(options, resource, issuer, (token, uri) => auth.helpers(env).verifyToken(token, uri), {
        onRefused,
        checkProof: store?.atomic ? proofs({ store }) : undefined, // no other store tells a second use of a proof
      });
    });
  else {
    const resource = resourceIn(options);
    if (resource === null)
      throw new TypeError(
        'requireBearerAuth: give `expectedResource`, the URL that clients call, so that no token for another server is taken.',
      );
    check = guardFor(options, resource, new URL(resource).origin, ofVerifier(verifier));
  }
  return (request, response, next) => {
    if (!check)
      return next(new TypeError('requireBearerAuth: its verifier has no router; call mcpAuthRouter({ provider, issuerUrl }) with it.'));
    const { origin } = new URL(check.challenge.metadataUrl);
    const admitted = admit(check, request, response, { origin }).then((access) => {
      if (!access) return;
      const token = /^\S+ +(\S+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const auth = verifier instanceof ServerProvider ? authInfoOf(verifier, access, token) : (access.props as AuthInfo);
      Object.assign(request as GuardedMessage, { auth });
      next();
    });
    admitted.catch(next); // also what `extra` of the application throws: an unhandled rejection would end the process
  };
}

function guardFor(
  { requiredScopes }: BearerAuthOptions,
  resource: string,
  issuer: string,
  verify: Verifier,
  more: Pick<GuardOptions, 'onRefused' | 'checkProof'> = {},
): Guard {
  return guard({ resource, authorizationServers: [issuer], requiredScopes, verify, ...more });
}

/** The resource that the options name; null if they do not. @throws {TypeError} for what is no URL. */
function resourceIn({ expectedResource, resourceMetadataUrl }: BearerAuthOptions): string | null {
  if (expectedResource === undefined && resourceMetadataUrl === undefined) return null;
  const named = canonicalResource(String(expectedResource ?? resourceMetadataUrl?.replace(WELL_KNOWN, '')));
  if (named === null || (resourceMetadataUrl !== undefined && metadataUrlOf(named) !== resourceMetadataUrl))
    throw new TypeError(
      `requireBearerAuth: \`resourceMetadataUrl\` must be what getOAuthProtectedResourceMetadataUrl returns for the resource; it is ${JSON.stringify(resourceMetadataUrl ?? expectedResource)}.`,
    );
  return named;
}

/** Tokens of another server. A token without a resource or an end is refused: it could be for another server, or for ever. */
function ofVerifier(verifier: TokenVerifier): Verifier {
  return async (token, resource, tell) => {
    let info: AuthInfo;
    try {
      info = await verifier.verifyAccessToken(token);
    } catch (error) {
      if ((Object(error) as { readonly errorCode?: unknown }).errorCode === 'invalid_token') return null;
      throw error;
    }
    const { clientId, scopes, expiresAt } = info;
    if (info.resource === undefined) tell?.('token_of_another_resource', '`verifyAccessToken` did not say the `resource`');
    if (info.resource === undefined || typeof expiresAt !== 'number' || !(expiresAt > Date.now() / 1000)) return null;
    const named = canonicalResource(info.resource.href) ?? '';
    return { userId: '', clientId, grantId: '', scope: scopes, resource: named, expiresAt, props: info };
  };
}
