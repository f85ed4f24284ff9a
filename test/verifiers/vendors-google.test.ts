/** What is made of Google's word on a token, and the pages of Stytch and WorkOS that stand with us; their network is a function. */
import { describe, expect, it } from 'vitest';
import { googleTokens, type GoogleOptions } from '../../src/verifiers/google.ts';
import { stytchConsent } from '../../src/verifiers/stytch.ts';
import { workosConnect } from '../../src/verifiers/workos.ts';
import { NOW } from '../support/issuer.ts';
import { whileTimeStands } from '../support/standing-clock.ts';

const RESOURCE = 'https://mcp.example/mcp';
const TOKEN = `ya29.${'a'.repeat(30)}`;
const INFO = { aud: 'ours', sub: '1', exp: String(NOW + 600), scope: 'openid email' };

interface World {
  clock: number;
  readonly sent: Request[];
  info: object;
  status: number;
  user: Response;
  /** What is known of the caller, or why nothing is. */
  ask(token?: string, resource?: string): Promise<unknown>;
}

function setUp(options: Partial<GoogleOptions> = {}): World {
  const fetcher: typeof fetch = async (input, init) => {
    world.sent.push(new Request(input, init));
    return world.sent.at(-1)?.url.endsWith('/tokeninfo') ? Response.json(world.info, { status: world.status }) : world.user;
  };
  const { verify } = googleTokens({ clientIds: ['ours', 'other'], fetch: fetcher, now: () => world.clock, ...options });
  const world: World = {
    clock: NOW,
    sent: [],
    info: INFO,
    status: 200,
    user: Response.json({}),
    async ask(token = TOKEN, resource = RESOURCE) {
      let why = '';
      const access = await verify(token, resource, (reason, detail) => (why = detail === undefined ? reason : `${reason}: ${detail}`));
      return access ?? why;
    },
  };
  return world;
}

describe('verifiers/google', () => {
  it('returns the user, and which of our clients called', async () => {
    const world = setUp();
    expect(await world.ask()).toMatchObject({ userId: '1', clientId: 'ours', scope: ['openid', 'email'], issuer: 'https://accounts.google.com', expiresAt: NOW + 600, resource: RESOURCE });
    const [request] = world.sent;
    expect([request?.method, request?.url, request?.headers.get('content-type'), await request?.text()]).toEqual(['POST', 'https://oauth2.googleapis.com/tokeninfo', 'application/x-www-form-urlencoded', `access_token=${TOKEN}`]);
  }); // prettier-ignore

  it.each<[string, object, number?]>([
    ['token_unknown', {}, 400],
    ['audience_wrong: expected aud "ours other", token says "theirs"', { aud: 'theirs' }],
    ['audience_wrong: expected aud "ours other", token says nothing', { aud: undefined }],
    [`token_expired: expected exp after ${NOW}, token says "${NOW}"`, { exp: String(NOW) }],
    [`token_expired: expected exp after ${NOW}, token says nothing`, { exp: undefined }],
    ['program_not_taken', { email: 'x@p.iam.gserviceaccount.com' }],
    ['user_missing', { sub: undefined }],
  ])('says %s', async (why, change, status = 200) => {
    const world = setUp();
    Object.assign(world, { info: { ...INFO, ...change }, status });
    const said = await world.ask();
    expect(why.includes(':') ? said : String(said).replace(/:.*/, '')).toBe(why);
  });

  it('takes programs where that is set', async () => {
    const world = setUp({ programs: true });
    world.info = { ...INFO, email: 'x@p.iam.gserviceaccount.com' };
    expect(await world.ask()).toMatchObject({ program: true });
    world.info = { ...INFO, email: 'x.gserviceaccount.com@mail.example' };
    expect(await world.ask(`${TOKEN}b`)).not.toHaveProperty('program');
  });

  it('asks about nothing that has not the form of such a token, or is signed', async () => {
    const world = setUp();
    const signed = `e30.${btoa('{"iss":"x","sub":"someone"}').replace(/=+$/, '')}.AAAA`;
    for (const token of ['short', 'a'.repeat(19), 'a'.repeat(2049), `${TOKEN} `, ` ${TOKEN}`, 'ä'.repeat(20), signed])
      expect(await world.ask(token)).toMatch(/^token_foreign/);
    expect(world.sent).toEqual([]);
    for (const token of ['a'.repeat(20), 'a'.repeat(2048), `ya29.~+/-_${'x'.repeat(20)}`])
      expect(await world.ask(token)).toBeTypeOf('object');
  });

  it('asks once a minute about a good token and every ten seconds about a bad one, at each resource, and never keeps one past its end', async () => {
    const world = setUp();
    const asks = async (clock: number, resource?: string): Promise<number> => {
      world.clock = clock;
      await world.ask(TOKEN, resource);
      return world.sent.length;
    };
    expect([
      await asks(NOW),
      await asks(NOW + 1),
      await asks(NOW + 59),
      await asks(NOW, 'https://b.example/'),
      await asks(NOW + 60),
    ]).toEqual([1, 1, 1, 2, 3]);
    world.info = { ...INFO, exp: String(NOW + 70) };
    expect([await asks(NOW + 120), await asks(NOW + 129), await asks(NOW + 130)]).toEqual([4, 4, 5]); // over by now, and so bad
    const short = setUp();
    short.info = { ...INFO, exp: String(NOW + 5) };
    await short.ask();
    short.clock = NOW + 5;
    expect([await short.ask(), short.sent.length]).toEqual([expect.stringMatching(/^token_expired/), 2]);
    expect([await short.ask(), short.sent.length]).toEqual([expect.stringMatching(/^token_expired/), 2]); // told from memory, too
  });

  it('asks once for simultaneous calls, and separately for each token', async () => {
    const world = setUp();
    await whileTimeStands(() => Promise.all(Array.from({ length: 9 }, () => world.ask())));
    expect(world.sent).toHaveLength(1);
    await Promise.all([world.ask(`${TOKEN}1`), world.ask(`${TOKEN}2`)]);
    expect(world.sent).toHaveLength(3);
  });

  it('goes by the domain that userinfo names for the same person', async () => {
    const world = setUp({ hostedDomain: 'acme.example' });
    for (const user of [
      { sub: '1', hd: 'acme.example' },
      { sub: '2', hd: 'acme.example' },
      { sub: '1', hd: 'evil.example' },
    ]) {
      world.user = Response.json(user);
      const said = await world.ask(`${TOKEN}${world.sent.length}`);
      if (user.sub === '1' && user.hd === 'acme.example') expect(said).toMatchObject({ userId: '1' });
      else expect(said).toMatch(/^domain_wrong: .*"acme\.example"/);
    }
    for (const status of [400, 401, 403, 404]) {
      world.user = Response.json({}, { status });
      expect(await world.ask(`${TOKEN}x${status}`)).toMatch(/^domain_wrong/);
    }
    expect(world.sent.at(-1)?.headers.get('authorization')).toBe(`Bearer ${TOKEN}x404`);
    world.user = new Response('', { status: 500 });
    await expect(world.ask(`${TOKEN}y`)).rejects.toThrow('(userinfo_status_500)');
    world.status = 500;
    await expect(world.ask(`${TOKEN}z`)).rejects.toThrow('(tokeninfo_status_500)');
  });

  it('goes by the clock of the machine where it is given none, and names itself at start-up', async () => {
    const now = Math.floor(Date.now() / 1000);
    const fetcher = (exp: number): typeof fetch => async () => Response.json({ ...INFO, exp: String(exp) });
    expect(await googleTokens({ clientIds: ['ours'], fetch: fetcher(now + 60) }).verify(TOKEN, RESOURCE)).toMatchObject({ expiresAt: now + 60 });
    expect(await googleTokens({ clientIds: ['ours'], fetch: fetcher(now - 1) }).verify(TOKEN, RESOURCE)).toBeNull();
    expect(() => googleTokens({ clientIds: [] })).toThrow(/^googleTokens: `clientIds` /);
    expect(() => googleTokens({ clientIds: undefined as never })).toThrow(/^googleTokens: `clientIds` /);
    expect(() => googleTokens({ clientIds: 'ours' as never })).toThrow(/^googleTokens: `clientIds` /);
    expect(() => googleTokens({ clientIds: ['ours'], clockSkew: 3 } as never)).toThrow(/^googleTokens: `clockSkew` is not an option/);
    expect(googleTokens({ clientIds: ['a', 'b'] })).toMatchObject({ authorizationServers: ['https://accounts.google.com'], own: [{ prefix: 'ya29.' }], fixedAudience: ['https://accounts.google.com a', 'https://accounts.google.com b'] });
  }); // prettier-ignore
});

const pageAt = (path: string, cookie?: string): Request =>
  new Request(`https://mcp.example/${path}`, cookie === undefined ? {} : { headers: { cookie: cookie.split(';', 1)[0] ?? '' } });

/** A network that takes note and answers with these. */
function recording(answer: () => Response): { readonly fetch: typeof fetch; readonly sent: unknown[] } {
  const sent: unknown[] = [];
  return {
    sent,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      sent.push([
        request.method,
        request.url,
        request.headers.get('authorization'),
        request.headers.get('content-type'),
        await request.json(),
      ]);
      return answer();
    },
  };
}

describe('verifiers/stytch, consent', () => {
  it('goes to the address of the kind of project, for users or members', async () => {
    for (const [projectId, b2b, url] of [
      ['project-live-1', false, 'https://api.stytch.com/v1/idp/oauth/authorize/start'],
      ['project-test-1', true, 'https://test.stytch.com/v1/b2b/idp/oauth/authorize/start'],
    ] as const) {
      const { fetch, sent } = recording(() => Response.json({ ok: true }));
      const consent = stytchConsent({ projectId, secret: 's', b2b, fetch, now: () => NOW });
      const query = 'client_id=c&redirect_uri=r&response_type=code&state=s&nonce=n&code_challenge=h&prompt=p&scope=a++b&evil=1';
      expect((await consent.start(pageAt(`consent?${query}`), { user_id: 'u' })).asked).toEqual({ ok: true });
      const wanted = { client_id: 'c', redirect_uri: 'r', response_type: 'code', state: 's', nonce: 'n', code_challenge: 'h', prompt: 'p', scopes: ['a', 'b'], user_id: 'u' };
      expect(sent).toEqual([['POST', url, `Basic ${btoa(`${projectId}:s`)}`, 'application/json', wanted]]);
    }
    const { fetch, sent } = recording(() => Response.json({}));
    await stytchConsent({ projectId: 'project-test-1', secret: 's', baseUrl: 'https://own.example', fetch }).start(pageAt('consent'), { user_id: 'u' });
    expect(sent).toEqual([expect.arrayContaining(['https://own.example/v1/idp/oauth/authorize/start', { scopes: [], user_id: 'u' }])]);
  }); // prettier-ignore

  it('takes the answer of the same person alone, by session or by id', async () => {
    const { fetch } = recording(() => Response.json({ redirect_uri: 'https://c.example/cb' }));
    const consent = stytchConsent({ projectId: 'project-test-1', secret: 's', fetch, now: () => NOW });
    const jwt = (claims: object): string => `e30.${btoa(JSON.stringify(claims)).replace(/=+$/, '')}.AAAA`;
    const { ticket, cookie } = await consent.start(pageAt('consent'), { session_jwt: jwt({ sub: 'u', iat: 1 }) });
    const answer = (person: Parameters<typeof consent.authorize>[2], of = ticket): Promise<string | null> => consent.authorize(pageAt('consent', cookie), of, person, { granted: true });
    expect(await answer({ session_jwt: jwt({ sub: 'u', iat: 2 }) })).toBe('https://c.example/cb');
    for (const person of [{ session_jwt: jwt({ sub: 'v' }) }, { user_id: 'u' }, { session_token: 'u' }, { session_jwt: 'opaque' }]) expect(await answer(person)).toBeNull();
    const opaque = await consent.start(pageAt('consent', cookie), { session_jwt: 'opaque' });
    expect([await answer({ session_jwt: 'opaque' }, opaque.ticket), await answer({ session_jwt: 'other' }, opaque.ticket)]).toEqual(['https://c.example/cb', null]);
  }); // prettier-ignore

  it('says what is wrong with an answer of Stytch, and with options', async () => {
    const make = (answer: () => Response): ReturnType<typeof stytchConsent> => stytchConsent({ projectId: 'project-test-1', secret: 's', fetch: recording(answer).fetch });
    await expect(make(() => new Response('', { status: 404 })).start(pageAt('consent'), { user_id: 'u' })).rejects.toThrow('(stytch_consent_not_found)');
    await expect(make(() => new Response('', { status: 500 })).start(pageAt('consent'), { user_id: 'u' })).rejects.toThrow('(stytch_consent_status_500)');
    const consent = make(() => Response.json({ redirect_uri: 7 }));
    const { ticket, cookie } = await consent.start(pageAt('consent'), { user_id: 'u' });
    await expect(consent.authorize(pageAt('consent', cookie), ticket, { user_id: 'u' }, { granted: true })).rejects.toThrow('(stytch_consent_malformed)');
    for (const projectId of ['project-1', 'xproject-live-1', undefined as never]) expect(() => stytchConsent({ projectId, secret: 's' })).toThrow(/^stytchConsent: `projectId`/);
    expect(() => stytchConsent({ projectId: 'project-live-1', secret: '' })).toThrow(/^stytchConsent: `secret` is missing/);
    expect(() => stytchConsent({ projectId: 'project-live-1', secret: 's', region: 'eu' } as never)).toThrow(/^stytchConsent: `region` is not an option/);
  }); // prettier-ignore
});

describe('verifiers/workos, connect', () => {
  it('tells WorkOS the signed-in user, in the browser that began', async () => {
    const { fetch, sent } = recording(() => Response.json({ redirect_uri: 'https://next.example' }));
    const connect = workosConnect({ apiKey: 'sk', fetch, now: () => NOW });
    const begun = await connect.start(pageAt(`login?external_auth_id=${'x'.repeat(512)}`));
    const user = { id: 'u', email: 'u@x.example' };
    expect(await connect.complete(pageAt('login', begun?.cookie), begun?.ticket ?? '', user, [{ a: 1 }])).toBe('https://next.example');
    expect(await connect.complete(pageAt('login', begun?.cookie), 'other', user)).toBeNull();
    const body = { external_auth_id: 'x'.repeat(512), user, user_consent_options: [{ a: 1 }] };
    expect(sent).toEqual([['POST', 'https://api.workos.com/authkit/oauth2/complete', 'Bearer sk', 'application/json', body]]);
    for (const query of ['', '?external_auth_id=', `?external_auth_id=${'x'.repeat(513)}`])
      expect(await connect.start(pageAt(`login${query}`))).toBeNull();
  });

  it('says what is wrong with an answer of WorkOS, and with options', async () => {
    const complete = async (answer: () => Response): Promise<unknown> => {
      const connect = workosConnect({ apiKey: 'sk', fetch: recording(answer).fetch });
      const begun = await connect.start(pageAt('login?external_auth_id=x'));
      return connect
        .complete(pageAt('login', begun?.cookie), begun?.ticket ?? '', { id: 'u', email: 'e' })
        .catch((error: Error) => error.message);
    };
    expect(await complete(() => new Response('', { status: 404 }))).toContain('(workos_connect_malformed)');
    expect(await complete(() => Response.json({}))).toContain('(workos_connect_malformed)');
    expect(await complete(() => new Response('', { status: 500 }))).toContain('(workos_connect_status_500)');
    expect(() => workosConnect({ apiKey: '' })).toThrow(/^workosConnect: `apiKey` is missing/);
    expect(() => workosConnect({ apiKey: 'x', key: 'y' } as never)).toThrow(/^workosConnect: `key` is not an option/);
  });
});
