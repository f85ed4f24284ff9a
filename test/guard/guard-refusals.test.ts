/** Each refusal of a guard has a reason of its own for the operator, and changes nothing for the next call. */
import { type Context, requestState, withAccess } from '../../src/model/context.ts';
import { describe, expect, it, vi } from 'vitest';
import { guard, type GuardOptions, isGood, isRefusal } from '../../src/guard/guard.ts';
import type { GuardRefusal } from '../../src/guard/refused.ts';
import type { Access, Checked } from '../../src/model/access.ts';
import { access, guardOptions, RESOURCE } from '../support/guarded.ts';

const bound: Checked = { ...access, cnf: { jkt: 'thumbprint' } };

/** One call, with what the operator is told of it. */
async function refusalOf(
  more: Partial<GuardOptions>,
  headers: Record<string, string> = { authorization: 'Bearer t' },
  url = RESOURCE,
): Promise<{ status: number; header: string | null; told: readonly GuardRefusal[] }> {
  const told: GuardRefusal[] = [];
  const check = guard({
    ...guardOptions,
    verify: () => access,
    onRefused: (refusal) => told.push(refusal),
    ...more,
  });
  const verdict = await check(new Request(url, { method: 'POST', headers }));
  const answer = isRefusal(verdict) ? verdict : null;
  return { status: answer?.status ?? 200, header: answer?.headers.get('www-authenticate') ?? null, told };
}

describe('guard/guard, what a refusal says', () => {
  const TOKEN = 'invalid_token';
  const SCOPES: GuardRefusal = { code: 'insufficient_scope', reason: 'scope_missing', detail: 'the token lacks write list' };
  const anotherPlace = { ...access, resource: `${RESOURCE}2` };
  it.each<[string, Partial<GuardOptions>, string, number, GuardRefusal | null]>([
    ['no token', {}, '', 401, null],
    ['a header that is none', {}, 'Bearer', 401, { code: TOKEN, reason: 'authorization_malformed', detail: undefined }],
    ['a verifier that says nothing', { verify: () => null }, 'Bearer t', 401, { code: TOKEN, reason: 'token_not_good', detail: undefined }],
    [
      'a verifier that says why',
      { verify: (_token, _resource, tell) => (tell?.('token_expired', 'at noon'), null) },
      'Bearer t',
      401,
      { code: TOKEN, reason: 'token_expired', detail: 'at noon' },
    ],
    [
      'a token of another resource',
      { verify: () => anotherPlace },
      'Bearer t',
      401,
      { code: TOKEN, reason: 'token_of_another_resource', detail: undefined },
    ],
    [
      'a bound token without its proof',
      { verify: () => bound, checkProof: async () => null },
      'Bearer t',
      401,
      { code: TOKEN, reason: 'bound_token_as_bearer', detail: undefined },
    ],
    [
      'an unbound token with a proof',
      { checkProof: async () => null },
      'DPoP t',
      401,
      { code: TOKEN, reason: 'bearer_token_as_dpop', detail: undefined },
    ],
    [
      'a proof where none are checked',
      { verify: () => bound },
      'DPoP t',
      401,
      { code: TOKEN, reason: 'proofs_not_checked', detail: undefined },
    ],
    [
      'a proof that is not good',
      { verify: () => bound, checkProof: async () => ({ code: 'invalid_dpop_proof', headers: {} }) },
      'DPoP t',
      401,
      { code: 'invalid_dpop_proof', reason: 'proof_not_good' },
    ],
    [
      'a proof that is not good, with its reason',
      { verify: () => bound, checkProof: async () => ({ code: 'use_dpop_nonce', headers: {}, reason: 'nonce_old' }) },
      'DPoP t',
      401,
      { code: 'use_dpop_nonce', reason: 'nonce_old' },
    ],
    ['missing scopes', { requiredScopes: ['read', 'write', 'list'] }, 'Bearer t', 403, SCOPES],
  ])('names the reason of %s', async (_what, more, authorization, status, refusal) => {
    const { told, ...answer } = await refusalOf(more, authorization === '' ? {} : { authorization });
    expect(answer.status).toBe(status);
    expect(told).toEqual(refusal ? [refusal] : []);
    const code = refusal ? `error="${refusal.code}", ` : '';
    expect(answer.header).toMatch(new RegExp(`^${authorization.startsWith('DPoP') ? 'DPoP' : 'Bearer'} ${code}resource_metadata=`));
  });

  it('checks a proof with the URL as it is known outside, the token and its key, once for each request (RFC 9449 §4.3)', async () => {
    const asked: unknown[] = [];
    const check = guard({
      resource: RESOURCE,
      authorizationServers: ['https://as.example'],
      verify: () => bound,
      checkProof: async (_request, what) => {
        asked.push(what);
        return asked.length === 1 ? { code: 'use_dpop_nonce', headers: {} } : null;
      },
    });
    const request = new Request('http://10.0.0.7:8080/mcp/tools?a=b', { headers: { authorization: 'DPoP t' } });
    const statuses: number[] = [];
    for (let at = 0; at < 3; at++) {
      const verdict = await check(request);
      statuses.push(isRefusal(verdict) ? verdict.status : 200);
    }
    expect(statuses).toEqual([401, 200, 200]);
    const what = { url: 'https://mcp.example/mcp/tools', token: 't', jkt: 'thumbprint' };
    expect(asked).toEqual([what, what]);
    await check(new Request(RESOURCE, { headers: { authorization: 'DPoP t' } }));
    expect(asked).toHaveLength(3);
  });

  it('points to the metadata of the resource as the client spelt it', async () => {
    const metadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
    const pointer = async (url: string): Promise<string | null> => (await refusalOf({ requiredScopes: ['read'] }, {}, url)).header;
    const header = (place: string): string => `Bearer resource_metadata="${place}", scope="read"`;
    expect(await pointer(RESOURCE)).toBe(header(metadata));
    expect(await pointer(`${RESOURCE}/`)).toBe(header(`${metadata}/`));
    expect(await pointer(`${RESOURCE}/?a=b`)).toBe(header(`${metadata}/`));
    expect(await pointer(`${RESOURCE}/tools`)).toBe(header(metadata));
    expect(await pointer('https://mcp.example/a?b=/mcp/')).toBe(header(metadata));
    const root = await refusalOf({ resource: 'https://mcp.example/' }, {}, 'https://mcp.example/');
    expect(root.header).toBe('Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource"');
  });

  it('answers 404 where a client looks for metadata below it, and 401 at any other path (RFC 9728 §3.1)', async () => {
    const status = async (rest: string): Promise<number> => (await refusalOf({}, {}, `${RESOURCE}${rest}`)).status;
    expect(await status('/.well-known/oauth-protected-resource')).toBe(404);
    for (const rest of ['?next=/.well-known/x', '/x?/.well-known/x', '/well-known/x', '/.well-knownx'])
      expect(await status(rest)).toBe(401);
  });

  it('covers the scopes of a token that has upstream accounts too', async () => {
    const own = { ...access, upstream: () => ({}), connect: () => ({}) } as unknown as Access;
    const check = guard({
      resource: RESOURCE,
      authorizationServers: ['https://as.example'],
      verify: () => own,
      hierarchy: { read: ['list'] },
      requiredScopes: ['list'],
    });
    const verdict = await check(new Request(RESOURCE, { headers: { authorization: 'Bearer t' } }));
    expect(verdict).toEqual({ ...own, scope: ['read', 'list'] });
  });

  it('takes a token for either spelling of its resource', async () => {
    for (const resource of [RESOURCE, `${RESOURCE}/`])
      expect(await refusalOf({ verify: () => ({ ...access, resource }) })).toEqual({ status: 200, header: null, told: [] });
  });

  it('tells the operator of a page of another origin, and of no other page', async () => {
    const origin = { origin: 'https://evil.example', authorization: 'Bearer t' };
    const { status, told } = await refusalOf({}, origin);
    expect([status, told]).toEqual([
      403,
      [{ code: 'access_denied', reason: 'origin_not_allowed', detail: 'the page is at "https://evil.example"' }],
    ]);
    expect((await refusalOf({}, { ...origin, origin: 'https://mcp.example' })).told).toEqual([]);
    const pasted = await refusalOf({}, { ...origin, origin: `access_${'i'.repeat(22)}.${'s'.repeat(43)}` });
    expect(pasted.told).toMatchObject([{ detail: `the page is at "access_${'i'.repeat(22)}.ssssssss..."` }]);
  });

  it('takes an error of the verifier for an outage, logs it by default, and says when to try again', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const retryAfter = async (error: unknown): Promise<string | null> => {
      const check = guard({
        resource: RESOURCE,
        authorizationServers: ['https://as.example'],
        verify: () => {
          throw error;
        },
      });
      const verdict = await check(new Request(RESOURCE, { headers: { authorization: 'Bearer t' } }));
      return isRefusal(verdict) ? `${verdict.status} ${verdict.headers.get('retry-after')}` : null;
    };
    try {
      const errors = [
        { retryAfter: 7.2 },
        { retryAfter: 0 },
        { retryAfter: -1 },
        { retryAfter: '9' },
        { retryAfter: 0.5 },
        null,
        new Error('x'),
      ];
      const answers = await Promise.all(errors.map(async (error) => retryAfter(error)));
      expect(answers).toEqual(['503 8', '503 2', '503 2', '503 2', '503 1', '503 2', '503 2']);
      expect(log.mock.calls).toEqual(errors.map((error) => ['portcullis: a token could not be checked', error]));
    } finally {
      log.mockRestore();
    }
  });
});

describe('guard/guard, verdicts and contexts', () => {
  const good = access as Access;

  it('tells a good verdict from a refusal, and neither from an outage', () => {
    expect([isGood(good), isGood(null), isGood(new Response(null, { status: 401 }))]).toEqual([true, true, false]);
    expect([isRefusal(good), isRefusal(null), isRefusal(new Response())]).toEqual([false, false, true]);
    expect(() => isGood(new Response(null, { status: 503 }))).toThrow(/cannot be checked right now/);
    expect(isGood({ ...good, status: 503 } as Access)).toBe(true);
  });

  it('keeps one context for one caller', () => {
    const fresh = (): Context => ({ waitUntil() {} });
    const challenge = { metadataUrl: 'https://mcp.example/x', scope: [] };
    const known = withAccess(fresh(), good, challenge);
    expect(known).toMatchObject({ auth: good, props: good.props });
    expect(requestState(known)).toEqual({ isAnonymous: false, challenge, access: good });
    expect(withAccess(known, { ...good, scope: [] }).auth?.scope).toEqual([]); // the same grant once more
    expect(() => withAccess(known, { ...good, grantId: 'another' })).toThrow(/one context for two callers/);
    expect(() => withAccess(known, null)).toThrow(/one context for two callers/);
    const stranger = withAccess(fresh(), null, challenge);
    expect([Object.keys(stranger), requestState(stranger)]).toEqual([['waitUntil'], { isAnonymous: true, challenge }]);
  });

  it('lets code set other props on a context, as often as it likes, until the next check', () => {
    const ctx = withAccess({ waitUntil() {} }, good) as Context & { props?: unknown };
    expect([ctx.props, Object.keys(ctx)]).toEqual([good.props, ['waitUntil', 'auth', 'props']]);
    for (const mine of [{ mine: 1 }, 2]) {
      ctx.props = mine;
      expect([ctx.props, good.props, Object.keys(ctx)]).toEqual([mine, access.props, ['waitUntil', 'auth', 'props']]);
    }
    expect(withAccess(ctx, good).props).toEqual(good.props);
    expect(withAccess(ctx, good).props).toEqual(good.props); // which can be done again
    delete ctx.props;
    expect(ctx).not.toHaveProperty('props');
  });

  it('gives every context the same accessors, which return the props of its own caller', () => {
    const [one, two] = [
      { ...good, props: 1 },
      { ...good, props: 2 },
    ].map((caller) => withAccess({ waitUntil() {} }, caller));
    const accessors = [one, two].map((ctx) => Object.getOwnPropertyDescriptor(ctx, 'props'));
    expect(accessors[0]).toEqual(accessors[1]); // V8 keeps those of each object of its own, and all of its request with them
    expect([one?.props, two?.props, { ...one }.props]).toEqual([1, 2, 1]);
  });

  it('lets a source whose tokens name no resource guard one resource only', () => {
    const make = (resource: string, verify: GuardOptions['verify'], fixedAudience?: readonly string[]): unknown =>
      guard({ resource, authorizationServers: ['https://as.example'], verify, fixedAudience });
    const one = (): Checked => access;
    make(RESOURCE, one, ['project']);
    make(RESOURCE, one, ['project']);
    expect(() => make(`${RESOURCE}2`, one, ['project', 'client'])).toThrow(
      `guards ${RESOURCE} already, and its tokens name no resource (project, client), so one for the first would be good at ${RESOURCE}2.`,
    );
    expect(() => make(`${RESOURCE}2`, one, [])).not.toThrow();
    const two = (): Checked => access;
    make(RESOURCE, two, []);
    expect(() => make(`${RESOURCE}2`, two, ['project'])).not.toThrow();
  });

  it('knows no upstream account and no page to connect one, where another server issues the tokens', async () => {
    const check = guard({ resource: RESOURCE, authorizationServers: ['https://as.example'], verify: () => access });
    const { upstream, connect } = (await check(new Request(RESOURCE, { headers: { authorization: 'Bearer t' } }))) as Access;
    const github = upstream('github');
    const notLinked = { failure: 'not_linked', message: expect.stringContaining('"github"') };
    await expect(github.token()).rejects.toMatchObject(notLinked);
    await expect(github.scopes()).rejects.toMatchObject(notLinked);
    await expect(github.accounts()).rejects.toMatchObject(notLinked);
    await expect(connect('github')).rejects.toMatchObject(notLinked);
    await expect(connect.seal({}, 'call')).rejects.toThrow(/auth.connect needs tokens of OAuthProvider/);
    expect(await connect.open('x', 'call')).toBeNull();
  });
});
