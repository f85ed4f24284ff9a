/**
 * Reads what an `OAuthServerProvider` of the MCP TypeScript SDK 1.x keeps, for a server that stood on `mcpAuthRouter`. Such a provider has no
 * verb that only looks: asking for a refresh token's grant spends the token there, so each token is asked for once.
 */
import { type FormerClient, type FormerGrant, type FormerStore, sha256 } from '../model/former.ts';
import type { Seconds } from '../model/store.ts';
import { isDownStatus } from '../lib/http.ts';

/** A client as the SDK knows it (RFC 7591). */
export interface SdkClient {
  readonly client_id: string;
  readonly client_secret?: string | undefined;
  readonly client_secret_expires_at?: number | undefined;
  readonly client_id_issued_at?: number | undefined;
  readonly redirect_uris: readonly (string | URL)[];
  readonly client_name?: string | undefined;
  readonly client_uri?: string | undefined;
  readonly grant_types?: readonly string[] | undefined;
}

/** What a valid access token stands for there. */
export interface SdkAuthInfo {
  readonly token: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly resource?: URL | undefined;
  readonly extra?: Record<string, unknown> | undefined;
}

type SdkTokens = { readonly access_token: string; readonly refresh_token?: string | undefined };
const TRADED_FOR: Seconds = 300;
const MAX_TRADED = 1000;

/** The part of an `OAuthServerProvider` that is used. */
export interface SdkProvider {
  readonly clientsStore: { getClient(clientId: string): SdkClient | undefined | Promise<SdkClient | undefined> };
  exchangeRefreshToken(client: never, refreshToken: string): Promise<SdkTokens>;
  verifyAccessToken(token: string): Promise<SdkAuthInfo>;
}

/** Whose grant it is. */
export interface SdkUser {
  /** Stays the user's id. */
  readonly userId: string;
  /** What tools find in `props`. Default: the tokens of the old provider, such as those of the site behind a proxy. */
  readonly props?: unknown;
}

/**
 * A former store over the provider that `mcpAuthRouter` had.
 *
 * @param userOf says whose grant the access token is, from what the provider tells of it; null for none that is kept.
 * @example
 * function formerStoreOf(provider: SdkProvider): FormerStore {
 *   return mcpSdkProvider(provider, ({ extra }) => ({ userId: String(extra?.['userId']) }));
 * }
 */
export function mcpSdkProvider(
  provider: SdkProvider,
  userOf: (info: SdkAuthInfo) => SdkUser | null | Promise<SdkUser | null>,
): FormerStore {
  if (typeof provider?.exchangeRefreshToken !== 'function' || typeof userOf !== 'function')
    throw new TypeError('mcpSdkProvider: give the OAuthServerProvider that mcpAuthRouter had, and a function (info) → { userId }.');
  /** Tokens for which others were spent: if anything fails after that, the retry cannot spend them again. */
  const traded = new Map<string, { readonly tokens: SdkTokens; readonly until: Seconds }>();
  return {
    async findClient(id, now) {
      const client = await provider.clientsStore.getClient(id);
      return client && !isOver(client, now) ? clientOf(client) : null;
    },
    async nameOf(refreshToken) {
      return { id: `sdk ${await sha256(refreshToken)}`, key: refreshToken };
    },
    async findGrant(refreshToken, clientId, now = Date.now() / 1000): Promise<FormerGrant | null> {
      const client = await provider.clientsStore.getClient(clientId);
      if (!client) return null;
      const name = JSON.stringify([clientId, refreshToken]);
      const known = traded.get(name);
      const isKept = known !== undefined && known.until > now;
      const tokens = isKept ? known.tokens : await provider.exchangeRefreshToken(client as never, refreshToken).catch(nullIfInvalid);
      if (tokens === null) return null;
      if (traded.size >= MAX_TRADED) traded.clear();
      if (!isKept) traded.set(name, { tokens, until: now + TRADED_FOR });
      const info = await provider.verifyAccessToken(tokens.access_token);
      const user = await userOf(info);
      if (user === null) return null;
      return {
        id: `sdk ${await sha256(refreshToken)}`,
        key: refreshToken,
        clientId,
        userId: user.userId,
        scope: info.scopes,
        props: user.props === undefined ? { tokens } : user.props,
        ...(info.resource === undefined ? {} : { resource: info.resource.href }),
      };
    },
  };
}

/** The SDK takes no secret that has expired, which its registration makes it do after 30 days. */
function isOver({ client_secret: secret, client_secret_expires_at: end }: SdkClient, now: Seconds = Date.now() / 1000): boolean {
  return Boolean(secret && end && end < now);
}

async function clientOf(client: SdkClient): Promise<FormerClient> {
  const { client_secret: secret, client_name: name, client_uri: uri } = client;
  return {
    id: client.client_id,
    redirectUris: client.redirect_uris.map(String),
    grantTypes: client.grant_types ?? ['authorization_code', 'refresh_token'],
    authMethod: secret ? 'client_secret_post' : 'none', // the SDK asks for a secret where there is one, whatever the client named
    methodChosen: false,
    createdAt: client.client_id_issued_at ?? 0,
    ...(secret ? { secretHash: await sha256(secret) } : {}),
    ...(name === undefined ? {} : { name }),
    ...(uri === undefined ? {} : { uri }),
  };
}

/**
 * A token that is not valid there is none; every other failure is one of the provider. `ProxyOAuthServerProvider` makes a `ServerError` of every
 * status of the server behind it, and clients that are told to come again would keep a token that this one refuses.
 */
function nullIfInvalid(error: unknown): null {
  const { errorCode, code, message } = Object(error) as { readonly [name: string]: unknown };
  const status = Number(/^Token refresh failed: (4\d\d)$/.exec(String(message))?.[1]);
  if (errorCode === 'invalid_grant' || code === 'invalid_grant' || (status && !isDownStatus(status))) return null;
  throw error;
}
