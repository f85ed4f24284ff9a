/** Slack as the app of a user (`userScopes`), and whom it lets in; the network is a function that answers what it is told. */
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/model/identity.ts';
import type { Fetch, Upstream } from '../../src/upstreams/contract.ts';
import { slack, type SlackOptions } from '../../src/upstreams/work-accounts.ts';
import { APP, arrival, failureIn, locationOf, REDIRECT, STATE } from '../support/provider-trip.ts';

const TOKENS = { ok: true, access_token: 'xoxb-bot', scope: 'bot', token_type: 'bot', refresh_token: 'bot-refresh', expires_in: 7, authed_user: { id: 'U1', access_token: 'xoxp-user', scope: 'search:read', token_type: 'user' } }; // prettier-ignore
const PROFILE = { ok: true, user_id: 'U1', team_id: 'T1', user: 'ada' };

function make(
  more: Partial<SlackOptions> = {},
  answers: { readonly tokens?: object; readonly profile?: unknown; readonly revoked?: object } = {},
) {
  const calls: (readonly [url: string, init: RequestInit | undefined])[] = [];
  const fetcher: Fetch = async (url, init) => {
    calls.push([String(url), init as RequestInit]);
    if (String(url).endsWith('/api/oauth.v2.access')) return Response.json(answers.tokens ?? TOKENS);
    if (String(url).endsWith('/api/auth.test')) return Response.json(answers.profile ?? PROFILE);
    return Response.json(answers.revoked ?? { ok: true });
  };
  const provider = slack({ ...APP, userScopes: ['search:read', 'chat:write'], fetch: fetcher, ...more });
  const signIn = () => arrival(provider, async () => `${REDIRECT}?code=c&state=${STATE}`);
  return { provider, calls, signIn };
}
const person = (organization?: string): Identity => ({
  issuer: 'i',
  subject: 's',
  claims: {},
  ...(organization === undefined ? {} : { organization }),
});

describe('upstreams/work-accounts, slack, tokens of users', () => {
  it('asks for the scopes of the user, and for none of a bot or of OpenID Connect', async () => {
    const { provider } = make({ team: 'T1' });
    const location = await locationOf(provider);
    expect(location.origin + location.pathname).toBe('https://slack.com/oauth/v2/authorize');
    const { searchParams: query } = location;
    expect([query.get('user_scope'), query.get('team'), query.has('scope'), query.has('nonce')]).toEqual(['search:read chat:write', 'T1', false, false]); // prettier-ignore
    expect(provider).toMatchObject({ id: 'slack', label: 'Slack', issuer: 'https://slack.com', scope: ['search:read', 'chat:write'] });
    expect((await locationOf(make().provider)).searchParams.has('team')).toBe(false);
  });

  it('knows the user by workspace and id, and keeps the token of the user alone', async () => {
    const { signIn, calls } = make();
    const { identity, tokens } = await signIn();
    expect(identity).toEqual({ issuer: 'https://slack.com', subject: 'T1:U1', claims: { name: 'ada' }, organization: 'T1' });
    expect(tokens).toEqual({ accessToken: 'xoxp-user', scope: ['search:read'] });
    expect(calls.map(([url]) => url)).toEqual(['https://slack.com/api/oauth.v2.access', 'https://slack.com/api/auth.test']);
    expect(new Headers(calls[1]?.[1]?.headers).get('authorization')).toBe('Bearer xoxp-user');
  });

  it('takes an answer without the user as it is, as that of a refresh', async () => {
    const plain = { ok: true, access_token: 'xoxp-next', refresh_token: 'next', expires_in: 43_200, token_type: 'user' };
    const { tokens } = await make({}, { tokens: plain }).signIn();
    expect(tokens).toMatchObject({ accessToken: 'xoxp-next', refreshToken: 'next' });
  });

  it('lets in members of one workspace alone where one is named', async () => {
    expect((await make({ team: 'T1' }).signIn()).identity.subject).toBe('T1:U1');
    expect(await failureIn(make({ team: 'T2' }).signIn())).toBe('refused team_not_allowed');
  });

  it('says what is wrong with a profile', async () => {
    const failure = (profile: unknown): Promise<string> => failureIn(make({}, { profile }).signIn());
    expect(await failure({ ok: false, error: 'ratelimited' })).toBe('broken profile_limited');
    expect(await failure({ ...PROFILE, ok: 'true' })).toBe('broken profile_refused');
    expect(await failure({ ok: false, error: 'invalid_auth' })).toBe('broken profile_refused');
    expect(await failure({ ...PROFILE, team_id: '' })).toBe('broken team_missing');
    expect(await failure({ ...PROFILE, user_id: undefined })).toBe('broken user_missing');
  });

  it('refuses an empty list of scopes at start-up', () => {
    expect(() => make({ userScopes: [] })).toThrow('Slack: `userScopes` is empty');
    expect(() => slack({ ...APP, teams: 'x' } as never)).toThrow(/^slack: `teams` is not an option/);
  });
});

describe('upstreams/work-accounts, slack, rules', () => {
  it('admits members of the workspace that is named', () => {
    const admits = (team: string | undefined, organization?: string): boolean | undefined => slack({ ...APP, ...(team === undefined ? {} : { team }) }).admits?.(person(organization)); // prettier-ignore
    const withTokens = (team?: string): Upstream => slack({ ...APP, team, userScopes: ['search:read'] });
    expect(['T1', 'T2', undefined].map((of) => withTokens('T1').admits?.(person(of)))).toEqual([true, false, false]);
    expect(['T1', undefined].map((of) => withTokens().admits?.(person(of)))).toEqual([true, true]);
    expect([admits('T1', 'T1'), admits('T1', 'T2'), admits('T1'), admits(undefined, 'T2'), admits(undefined)]).toEqual([true, false, false, true, true]); // prettier-ignore
    expect(slack(APP)).toMatchObject({ id: 'slack', label: 'Slack', issuer: 'https://slack.com' });
  });

  it('revokes with the token itself, and is content where it is gone', async () => {
    const tokens = { accessToken: 'xoxp-user' };
    for (const revoked of [{ ok: true }, { ok: false, error: 'token_revoked' }, { ok: false, error: 'invalid_auth' }]) {
      const { provider, calls } = make({}, { revoked });
      expect(await provider.revoke({ tokens, env: {} })).toBe(true);
      const [[url, init] = ['', undefined]] = calls;
      expect([url, init?.method, init?.body]).toEqual(['https://slack.com/api/auth.revoke', 'POST', '']);
      expect(new Headers(init?.headers).get('authorization')).toBe('Bearer xoxp-user');
    }
    for (const revoked of [{ ok: false, error: 'fatal_error' }, { ok: 'true' }]) expect(await failureIn(make({}, { revoked }).provider.revoke({ tokens, env: {} }))).toBe('broken revoke_refused'); // prettier-ignore
  });
});
