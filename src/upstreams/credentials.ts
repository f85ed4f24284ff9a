/** Credentials: how we prove to a provider which application we are, with values that may stand in the environment. */
import * as oauth from 'oauth4webapi';
import type { Seconds } from '../model/store.ts';
import type { FromEnv, Provider, ProviderOptions } from './contract.ts';

/** Seconds that a provider's clock may be off. */
const SKEW = 60;

/** The application at one provider. */
export interface Credentials {
  /** @param now the present second, where it is not the machine's. */
  client(env: unknown, now?: Seconds): oauth.Client;
  auth(env: unknown): oauth.ClientAuth;
  /** Empty for a public client. */
  secret(env: unknown): string;
}

/** Makes them for one provider. */
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
  throw new TypeError(`${id}: \`${option}\` found nothing in the environment.`);
}
