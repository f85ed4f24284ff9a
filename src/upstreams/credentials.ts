/** Client credentials at an upstream, possibly from the environment. */
import * as oauth from 'oauth4webapi';
import type { Seconds } from '../model/store.ts';
import type { FromEnv, Provider, ProviderOptions } from './contract.ts';

/** Clock skew of an upstream, in seconds. */
const SKEW = 60;

/** Our client at one upstream. */
export interface Credentials {
  /** @param now current time in seconds, if it is not the machine's. */
  client(env: unknown, now?: Seconds): oauth.Client;
  auth(env: unknown): oauth.ClientAuth;
  /** Empty for a public client. */
  secret(env: unknown): string;
}

/** Makes the credentials for one upstream. */
export function makeCredentials(id: string, { clientAuth }: Provider, { clientId, clientSecret }: ProviderOptions): Credentials {
  const secret = (env: unknown): string => (clientSecret === undefined ? '' : valueOf(clientSecret, env, id, 'clientSecret'));
  return {
    secret,
    client: (env, now) => ({
      client_id: valueOf(clientId, env, id, 'clientId'),
      [oauth.clockTolerance]: SKEW,
      ...(now === undefined ? {} : { [oauth.clockSkew]: now - Math.floor(Date.now() / 1000) }),
    }),
    auth(env) {
      const text = secret(env);
      if (text === '') return oauth.None();
      return clientAuth === 'client_secret_basic' ? oauth.ClientSecretBasic(text) : oauth.ClientSecretPost(text);
    },
  };
}

function valueOf(from: FromEnv, env: unknown, id: string, option: string): string {
  const value: unknown = typeof from === 'function' ? from(env) : from;
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${id}: \`${option}\` has no value in the environment.`);
}
