/** What of a sign-in at another site is best effort, what is asked of its API, and the application's own repair of its answers. */
import { describe, expect, it } from 'vitest';
import { codeFlow } from '../../src/upstreams/code-flow.ts';
import { type Provider, type Upstream, UpstreamError } from '../../src/upstreams/contract.ts';
import { oidc, type OidcOptions } from '../../src/upstreams/oidc.ts';
import { APP, arrival, failureIn, fakeProvider, REDIRECT, STATE } from '../support/provider-trip.ts';

const ENDPOINTS = {
  issuer: 'https://idp.example',
  authorization_endpoint: 'https://idp.example/a',
  token_endpoint: 'https://idp.example/t',
};
/** A provider that is no OpenID Connect provider. */
const PLAIN = { id: 'x', label: 'X', scope: ['read'], openid: false, server: ENDPOINTS } as unknown as Provider;

async function both(more: Partial<OidcOptions> = {}): Promise<{ fake: Awaited<ReturnType<typeof fakeProvider>>; provider: Upstream }> {
  const fake = await fakeProvider();
  return { fake, provider: oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch, ...more }) };
}
const queryOf = async (provider: Upstream, more: object = {}): Promise<Record<string, string>> => {
  const { location } = await provider.startSignIn({ redirectUri: REDIRECT, state: STATE, env: {}, ...more });
  return Object.fromEntries(new URL(location).searchParams);
};

describe('upstreams/code-flow: the userinfo endpoint', () => {
  it('is best effort: a refusal there leaves what the ID token says', async () => {
    const { fake, provider } = await both();
    fake.thin = true;
    for (const fault of [{ status: 401 }, { status: 403, body: { sub: 'other' } }, { status: 200, body: { name: 'No subject' } }, { status: 200, body: 'x'.repeat(2_000_000) }]) {
      fake.faults.set('userinfo', fault as never);
      const { identity, notTold } = await arrival(provider, fake.visit);
      expect([identity.subject, identity.claims['name'], notTold?.message]).toEqual(['u-1', undefined, 'unavailable: userinfo_not_told']);
    }
    fake.faults.clear();
    expect(await arrival(provider, fake.visit), 'told').not.toHaveProperty('notTold');
  }); // prettier-ignore

  it('is waited for where it is down, since the user might be refused without an address', async () => {
    const { fake, provider } = await both();
    fake.thin = true;
    fake.faults.set('userinfo', { status: 503 } as never);
    expect(await failureIn(arrival(provider, fake.visit))).toMatch(/^unavailable /);
  });
});

describe('upstreams/code-flow: answers', () => {
  it('need no userinfo endpoint', async () => {
    const { fake, provider } = await both();
    fake.thin = true;
    Object.assign(fake.metadata, { userinfo_endpoint: undefined });
    const told = await arrival(provider, fake.visit);
    expect([told.identity.subject, 'notTold' in told]).toEqual(['u-1', false]);
    fake.thin = false;
    expect(await arrival(provider, fake.visit), 'nothing is missing').not.toHaveProperty('notTold');
  });

  it('that refuse a code end no grant, as an answer to a refresh would', async () => {
    const { fake, provider } = await both();
    fake.faults.set('token', { status: 400, body: { error: 'invalid_grant' } } as never);
    expect(await failureIn(arrival(provider, fake.visit))).toMatch(/^broken /);
  });
});

describe('upstreams/code-flow: what is asked for', () => {
  it('is the hint in the word that the site has for it, and nothing that is empty', async () => {
    const named = codeFlow({ ...PLAIN, hint: 'login' } as Provider, APP);
    expect(await queryOf(named, { hint: 'uma' })).toMatchObject({ login: 'uma' });
    expect(await queryOf(named, { hint: '' })).not.toHaveProperty('login');
    expect(await queryOf(codeFlow(PLAIN, APP), { hint: 'uma' })).not.toHaveProperty('login_hint');
    expect(await queryOf(codeFlow({ ...PLAIN, parameters: { audience: '', display: 'page' } } as Provider, APP))).toMatchObject({ display: 'page' }); // prettier-ignore
    expect(await queryOf(codeFlow({ ...PLAIN, parameters: { audience: '' } } as Provider, APP))).not.toHaveProperty('audience');
    expect(await queryOf(codeFlow({ ...PLAIN, scope: [] } as Provider, APP))).not.toHaveProperty('scope');
  });

  it('is access while the user is away only where that is wanted', async () => {
    const provider = codeFlow({ ...PLAIN, offline: { scope: ['offline'], parameters: { access_type: 'offline' } } } as Provider, APP);
    expect(await queryOf(provider, { offline: true })).toMatchObject({ scope: 'read offline', access_type: 'offline' });
    for (const more of [{}, { offline: false }, { offline: undefined }]) {
      const query = await queryOf(provider, more);
      expect([query['scope'], query['access_type']]).toEqual(['read', undefined]);
    }
    const parameters = { access_type: 'offline' };
    expect((await queryOf(codeFlow({ ...PLAIN, offline: { parameters } } as Provider, APP), { offline: true }))['scope']).toBe('read');
  });
});

describe('upstreams/code-flow: the API of the site', () => {
  const asking = (recheck: Provider['recheck']): { provider: Upstream; seen: Request[] } => {
    const seen: Request[] = [];
    const fetch = async (url: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      seen.push(new Request(url, init));
      return Response.json({ member: true }, { status: 202, headers: { 'x-next': 'page 2' } });
    };
    return { seen, provider: codeFlow({ ...PLAIN, recheck } as Provider, { ...APP, fetch }) };
  };

  it('is called with the token, as JSON, by name, and answers with status, body and headers', async () => {
    const answers: unknown[] = [];
    const { provider, seen } = asking(async (get, token) => {
      const { status, body, headers } = await get('https://idp.example/user', { accept: 'application/vnd.site+json' });
      answers.push(status, body, headers.get('x-next'), token);
      await get('https://idp.example/user', { authorization: 'Bearer other' });
      return 'yes' as never;
    });
    expect(await provider.recheck?.('the-token', {} as never)).toBe('yes');
    expect(answers).toEqual([202, { member: true }, 'page 2', 'the-token']);
    const headers = seen.map((one) => ['accept', 'user-agent', 'authorization'].map((name) => one.headers.get(name)));
    expect(headers).toEqual([['application/vnd.site+json', 'portcullis', 'Bearer the-token'], ['application/json', 'portcullis', 'Bearer the-token']]); // prettier-ignore
  });

  it('leaves a membership unknown where the site fails, and reports every other error', async () => {
    const failing = asking(() => Promise.reject(new UpstreamError('unavailable', 'network')));
    expect(await failing.provider.recheck?.('t', {} as never)).toBe('unknown');
    const broken = asking(() => Promise.reject(new RangeError('ours')));
    await expect(broken.provider.recheck?.('t', {} as never)).rejects.toThrow('ours');
    expect(codeFlow(PLAIN, APP)).not.toHaveProperty('recheck');
    const admits = (): never => undefined as never;
    expect([codeFlow({ ...PLAIN, admits } as Provider, APP).admits, codeFlow(PLAIN, APP)]).toEqual([admits, expect.not.objectContaining({ admits })]); // prettier-ignore
  });
});

describe('upstreams/code-flow: repair of an answer', () => {
  it('is the provider’s first and then the application’s', async () => {
    const seen: unknown[] = [];
    const { fake, provider } = await both({ repairAnswer: (body: object) => (seen.push(Object.keys(body)), body) } as never);
    expect((await arrival(provider, fake.visit)).identity.subject).toBe('u-1');
    expect(seen).toEqual([expect.arrayContaining(['access_token', 'id_token'])]);
  });
});
