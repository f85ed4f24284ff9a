/** Client credentials at an upstream, possibly from the environment. */
import * as oauth from 'oauth4webapi';
import { parseJson } from '../lib/json.ts';
import type { Seconds } from '../model/store.ts';
import type { Ask } from './ask.ts';
import { bodyOf, type Endpoints, type FromEnv, type Provider, type ProviderOptions } from './contract.ts';

/** Clock skew of an upstream, in seconds. */
const SKEW = 60;
const MAX_DEPTH = 32;

/** Our client at one upstream. */
export interface Credentials {
  /** @param now current time in seconds, if it is not the machine's. */
  client(env: unknown, now?: Seconds): oauth.Client;
  auth(env: unknown, found: Endpoints): oauth.ClientAuth;
  /** Sends a secret in a Basic header if the site does not take it in the body: many let an application use one of the two alone (RFC 6749 §2.3.1). */
  through(ask: Ask): Ask;
  /** Empty for a public client. */
  secret(env: unknown): string;
}

/** Makes the credentials for one upstream. */
export function makeCredentials(id: string, { clientAuth }: Provider, { clientId, clientSecret }: ProviderOptions): Credentials {
  let isRefusedInBody = false;
  const secret = (env: unknown): string => (clientSecret === undefined ? '' : valueOf(clientSecret, env, id, 'clientSecret'));
  return {
    secret,
    client: (env, now) => ({
      client_id: valueOf(clientId, env, id, 'clientId'),
      [oauth.clockTolerance]: SKEW,
      ...(now === undefined ? {} : { [oauth.clockSkew]: now - Math.floor(Date.now() / 1000) }),
    }),
    auth(env, { token_endpoint_auth_methods_supported: published }) {
      const text = secret(env);
      if (text === '') return oauth.None();
      const isPublished = published?.includes('client_secret_basic') && !published.includes('client_secret_post');
      const isBasic = isRefusedInBody || clientAuth === 'client_secret_basic' || (clientAuth === undefined && isPublished);
      if (!isBasic) return oauth.ClientSecretPost(text);
      return (_server, { client_id }, _body, headers) => headers.set('authorization', basicOf(client_id, text));
    },
    through: (ask) => async (url, sent) => {
      const response = await ask(url, sent);
      if (!(sent?.body instanceof URLSearchParams) || !(await isRefused(response.clone()))) return response;
      const body = new URLSearchParams(sent.body);
      const text = body.get('client_secret');
      isRefusedInBody = false; // also if it was in the header
      if (text === null) return response;
      body.delete('client_secret');
      const authorization = basicOf(body.get('client_id') ?? '', text);
      const again = await ask(url, { ...sent, body, headers: { ...sent.headers, authorization } });
      isRefusedInBody = again.ok;
      return again;
    },
  };
}

/** Encodes no more than needed: `oauth4webapi` also encodes hyphens, and not every site decodes (RFC 6749 §2.3.1). */
function basicOf(id: string, secret: string): string {
  return `Basic ${btoa([id, secret].map(encodeURIComponent).join(':'))}`;
}

/** Whether the client is refused: by the error of RFC 6749 §5.2, or by a 401 in other words, but not the grant. */
async function isRefused(response: Response): Promise<boolean> {
  if (response.ok) return false;
  const { error } = bodyOf(parseJson(await response.text(), MAX_DEPTH));
  return error === 'invalid_client' || (response.status === 401 && error !== 'invalid_grant');
}

function valueOf(from: FromEnv, env: unknown, id: string, option: string): string {
  const value: unknown = typeof from === 'function' ? from(env) : from;
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${id}: \`${option}\` has no value in the environment.`);
}
