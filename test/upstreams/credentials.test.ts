/** How we prove to a site which application we are. */
import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import type { Provider, ProviderOptions } from '../../src/upstreams/contract.ts';
import { makeCredentials } from '../../src/upstreams/credentials.ts';

const make = (options: ProviderOptions, clientAuth?: Provider['clientAuth']): ReturnType<typeof makeCredentials> =>
  makeCredentials('github', (clientAuth === undefined ? {} : { clientAuth }) as Provider, options);

/** What a way to authenticate puts into a request. */
function shownBy(auth: oauth.ClientAuth): unknown {
  const [body, headers] = [new URLSearchParams(), new Headers()];
  void auth({} as never, { client_id: 'app' }, body, headers);
  return [Object.fromEntries(body), headers.get('authorization')];
}

describe('upstreams/credentials', () => {
  it('are the given values, or those that the environment has', () => {
    const env = { ID: 'app', SECRET: 'secret' };
    for (const options of [
      { clientId: 'app', clientSecret: 'secret' },
      { clientId: (from: unknown) => (from as typeof env).ID, clientSecret: (from: unknown) => (from as typeof env).SECRET },
    ])
      expect([make(options).client(env).client_id, make(options).secret(env)]).toEqual(['app', 'secret']);
  });

  it.each([
    [{ clientId: () => undefined as never }, 'clientId'],
    [{ clientId: '' }, 'clientId'],
    [{ clientId: () => 7 as never }, 'clientId'],
    [{ clientId: 'app', clientSecret: '' }, 'clientSecret'],
    [{ clientId: 'app', clientSecret: () => '' }, 'clientSecret'],
  ])('say what is not there: %j', (options, name) => {
    const { client, secret } = make(options);
    expect(() => [client({}), secret({})]).toThrow(new RegExp(`^github: \`${name}\` has no value in the environment`));
  });

  it('let the clock of the site be a minute off, by our own clock', () => {
    const { client } = make({ clientId: 'app' });
    expect(client({})).toEqual({ client_id: 'app', [oauth.clockTolerance]: 60 });
    const ahead = client({}, Math.floor(Date.now() / 1000) + 1000);
    expect(Math.abs(Number(ahead[oauth.clockSkew]) - 1000)).toBeLessThan(100);
  });

  const SITE = { issuer: 'https://s.example', authorization_endpoint: 'https://s.example/a', token_endpoint: 'https://s.example/t' };

  it('go into the body, or into the header where the site wants that, and are none for a public client', () => {
    const options = { clientId: 'app', clientSecret: 'secret' };
    const inBody = [{ client_id: 'app', client_secret: 'secret' }, null];
    expect(shownBy(make(options).auth({}, SITE))).toEqual(inBody);
    expect(shownBy(make(options, 'client_secret_post').auth({}, SITE))).toEqual(inBody);
    expect(shownBy(make(options, 'client_secret_basic').auth({}, SITE))).toEqual([{}, `Basic ${btoa('app:secret')}`]);
    expect([make({ clientId: 'app' }).secret({}), shownBy(make({ clientId: 'app' }).auth({}, SITE))]).toEqual([
      '',
      [{ client_id: 'app' }, null],
    ]);
  });
});
