/** How we prove to a site which application we are. */
import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { type Ask, type AskInit, makeCredentials } from '../../src/upstreams/ask.ts';
import type { Endpoints, Provider, ProviderOptions } from '../../src/upstreams/contract.ts';

const make = (options: ProviderOptions, clientAuth?: Provider['clientAuth']): ReturnType<typeof makeCredentials> =>
  makeCredentials('github', (clientAuth === undefined ? {} : { clientAuth }) as Provider, options);

/** What a way to authenticate puts into a request. */
function shownBy(auth: oauth.ClientAuth): unknown {
  const [body, headers] = [new URLSearchParams(), new Headers()];
  void auth({} as never, { client_id: 'app' }, body, headers);
  return [Object.fromEntries(body), headers.get('authorization')];
}

describe('upstreams/ask, credentials', () => {
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

  const SECRET = { clientId: 'app', clientSecret: 'secret' };
  const IN_BODY = [{ client_id: 'app', client_secret: 'secret' }, null];
  const IN_HEADER = [{}, `Basic ${btoa('app:secret')}`];

  it('go into the header where the site publishes this alone, unless the provider says where they go', () => {
    const shown = (published: readonly string[], clientAuth?: Provider['clientAuth']): unknown =>
      shownBy(make(SECRET, clientAuth).auth({}, { ...SITE, token_endpoint_auth_methods_supported: published } as Endpoints));
    expect(shown(['client_secret_basic', 'private_key_jwt'])).toEqual(IN_HEADER);
    for (const published of [[], ['private_key_jwt'], ['client_secret_post'], ['client_secret_basic', 'client_secret_post']])
      expect(shown(published)).toEqual(IN_BODY);
    expect(shown(['client_secret_basic'], 'client_secret_post')).toEqual(IN_BODY);
  });

  /** A request with a secret in its body, to a site that gives these responses; what was sent, and the form of the next request. */
  async function tried(first: Response, again: Response, body: AskInit['body'] = new URLSearchParams({ client_id: 'app', client_secret: 'secret', code: 'c' })) {
    const credentials = make(SECRET);
    const sent: [string, AskInit | undefined][] = [];
    const responses = [first, again];
    const ask: Ask = async (url, init) => (sent.push([url, init]), responses[sent.length - 1] ?? Response.error());
    const response = await credentials.through(ask)('https://s.example/t', { method: 'POST', headers: { accept: '*/*' }, body });
    return { credentials, sent, response, next: (): unknown => shownBy(credentials.auth({}, SITE)) };
  } // prettier-ignore
  const refusal = (error?: unknown, status = 401): Response => Response.json({ error }, { status });

  it('are tried in the header once a site refuses them in the body, and stay there once that worked (RFC 6749 §2.3.1)', async () => {
    for (const [error, status] of [['invalid_client', 401], ['invalid_client', 400], ['unauthorized', 401], [undefined, 401]] as const) {
      const good = Response.json({});
      const { sent, response, next } = await tried(refusal(error, status), good);
      expect([sent.length, response === good, next()]).toEqual([2, true, IN_HEADER]);
      const [url, { body, ...rest } = {}] = sent[1] ?? [];
      expect([url, String(body), rest]).toEqual([
        'https://s.example/t',
        'client_id=app&code=c',
        { method: 'POST', headers: { accept: '*/*', authorization: `Basic ${btoa('app:secret')}` } },
      ]);
      expect(String(sent[0]?.[1]?.body)).toBe('client_id=app&client_secret=secret&code=c'); // what was sent is not changed afterwards
    }
  }); // prettier-ignore

  it('stay in the body where the header is refused, too, and return there once it is', async () => {
    const wrong = await tried(refusal('invalid_client'), refusal('invalid_client'));
    expect([wrong.sent.length, wrong.response.status, wrong.next()]).toEqual([2, 401, IN_BODY]);
    const changed = await tried(refusal('invalid_client'), Response.json({}));
    expect(changed.next()).toEqual(IN_HEADER);
    const refused = refusal('invalid_client');
    const asked: unknown[] = [];
    const inHeader = { body: new URLSearchParams({ code: 'c' }) };
    expect(await changed.credentials.through(async (url) => (asked.push(url), refused))('https://s.example/t', inHeader)).toBe(refused);
    expect([asked.length, changed.next()]).toEqual([1, IN_BODY]);
  });

  it('are sent once where something else is the matter, and without a form', async () => {
    for (const first of [Response.json({}), Response.json({ error: 'invalid_client' }), refusal('invalid_grant'), refusal('invalid_grant', 400), refusal('unauthorized', 400), refusal('server_error', 500)]) {
      const { sent, response, next } = await tried(first, Response.json({}));
      expect([sent.length, response === first, await response.text() !== '', next()]).toEqual([1, true, true, IN_BODY]);
    }
    expect((await tried(refusal('invalid_client'), Response.json({}), 'client_secret=secret')).sent).toHaveLength(1);
    const asked: unknown[] = [];
    await make(SECRET).through(async (url) => (asked.push(url), refusal('invalid_client')))('https://s.example/keys');
    expect(asked).toEqual(['https://s.example/keys']);
  }); // prettier-ignore

  it('have no name in the header where the form has none', async () => {
    const { sent } = await tried(refusal('invalid_client'), Response.json({}), new URLSearchParams({ client_secret: 'secret' }));
    expect(sent[1]?.[1]?.headers).toMatchObject({ authorization: `Basic ${btoa(':secret')}` });
  });
});
