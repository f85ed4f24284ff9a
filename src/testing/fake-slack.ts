/**
 * A fake Slack in the test's process, for "Sign in with Slack", with Slack's peculiarities: every response has status 200, errors have
 * `ok: false` and Slack's own codes; a used code is reported as such; requests must be forms; user ids belong to a workspace.
 */
import { fromUtf8 } from '../lib/bytes.ts';
import type { Seconds } from '../model/store.ts';
import {
  type FakeTokens,
  type Fault,
  faulty,
  type Forge,
  makeCodes,
  makeSigner,
  makeTokens,
  type Registered,
  type TokenWays,
} from './fake-parts.ts';
import type { Decision } from './fake-upstream.ts';

/** A fake Slack. */
export interface FakeSlack {
  readonly fetch: typeof fetch;
  /** Requested paths, in order. */
  readonly calls: string[];
  /** Faults by path. */
  readonly faults: Map<string, Fault>;
  /** The signed-in user. */
  user: { readonly sub: string; readonly team: string; readonly name: string; readonly email: string; readonly emailVerified: boolean };
  forge: Forge | null;
  /** Tokens do not expire unless the app turned on token rotation: then set `lifetime` to 43,200. */
  readonly ways: TokenWays;
  readonly tokens: FakeTokens;
  visit(location: string, decision?: Decision): Promise<string>;
}

const ISSUER = 'https://slack.com';

/**
 * A fake Slack for tests: authorization, tokens and user info, without a network.
 *
 * @param now the clock in seconds.
 * @example
 * const slackApp = { clientId: 'abc', clientSecret: 'secret', redirectUri: 'https://mcp.example/authorize/callback/slack' };
 * const fake = await makeFakeSlack({ ...slackApp, now: () => Date.now() / 1000 });
 * fake.user = { ...fake.user, email: 'ada@acme.example' };
 */
export async function makeFakeSlack({ now, ...app }: Registered & { readonly now: () => Seconds }): Promise<FakeSlack> {
  const codes = makeCodes(app);
  const spent = new Set<string>();
  const ways: TokenWays = { prefix: 'xoxp-', lifetime: null, rotates: true };
  const tokens = makeTokens(ways);
  const { jwk, sign } = await makeSigner('RS256');
  const claimsOf = ({ sub, team, name, email, emailVerified }: FakeSlack['user']): Record<string, unknown> => ({
    sub, name, email, email_verified: emailVerified, locale: 'en-US', picture: 'https://secure.gravatar.com/avatar/1',
    'https://slack.com/user_id': sub, 'https://slack.com/team_id': team, 'https://slack.com/team_domain': 'corp',
  }); // prettier-ignore
  const token = async (request: Request): Promise<Record<string, unknown>> => {
    const sent = new URLSearchParams(fromUtf8(new Uint8Array(await request.clone().arrayBuffer())));
    const form = await codes.read(request);
    if ('error' in form) return no(sent.get('client_id') === app.clientId ? 'bad_client_secret' : 'invalid_client_id');
    if (form.get('grant_type') === 'refresh_token') {
      const given = tokens.refresh(form.get('refresh_token') ?? '', now());
      return given ? { ok: true, token_type: 'Bearer', ...given } : no('invalid_refresh_token');
    }
    const code = form.get('code') ?? '';
    if (spent.has(code)) return no('code_already_used');
    if (form.get('redirect_uri') !== app.redirectUri) return no('bad_redirect_uri');
    const asked = await codes.redeem(form);
    if ('error' in asked) return no('invalid_code');
    spent.add(code);
    const times = { iat: now(), exp: now() + 300, auth_time: now() };
    const nonce = asked.nonce === null ? {} : { nonce: asked.nonce };
    const id_token = await sign({ iss: ISSUER, aud: app.clientId, ...times, ...nonce, ...claimsOf(fake.user) }, fake.forge);
    return { ok: true, token_type: 'Bearer', id_token, ...tokens.open(now()) };
  };
  /** Installation of an app: the user's token is in its own member, next to the bot's. */
  const access = async (request: Request): Promise<Record<string, unknown>> => {
    const form = await codes.read(request);
    if ('error' in form) return no('bad_client_secret');
    if (form.get('grant_type') === 'refresh_token') {
      const given = tokens.refresh(form.get('refresh_token') ?? '', now());
      return given ? { ok: true, token_type: 'user', ...given } : no('invalid_refresh_token');
    }
    const asked = await codes.redeem(form);
    if ('error' in asked) return no('invalid_code');
    const scope = asked.parameters.get('user_scope')?.split(' ').join(',');
    const authed_user = { id: fake.user.sub, scope, token_type: 'user', ...tokens.open(now()) };
    const bot = { access_token: 'xoxb-of-the-bot', token_type: 'bot', scope: 'commands', bot_user_id: 'U0KRQLJ9H' };
    return { ok: true, app_id: 'A0KRD7HC3', ...bot, team: { id: fake.user.team, name: 'Corp' }, enterprise: null, authed_user };
  };
  const bearerOf = (request: Request): string => request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
  const routes: { readonly [path: string]: (request: Request) => unknown } = {
    '/.well-known/openid-configuration': () => DOCUMENT,
    '/openid/connect/keys': () => ({ keys: [jwk] }),
    '/api/openid.connect.token': (request) => (isForm(request) ? token(request) : no('invalid_post_type')),
    '/api/openid.connect.userInfo': (request) =>
      tokens.isGood(bearerOf(request), now()) ? { ok: true, ...claimsOf(fake.user) } : no('invalid_auth'),
    '/api/oauth.v2.access': (request) => (isForm(request) ? access(request) : no('invalid_post_type')),
    '/api/auth.test': (request) =>
      tokens.isGood(bearerOf(request), now())
        ? { ok: true, url: 'https://corp.slack.com/', team: 'Corp', user: fake.user.name, team_id: fake.user.team, user_id: fake.user.sub }
        : no('invalid_auth'),
    '/api/auth.revoke': (request) => {
      if (!isForm(request)) return no('invalid_post_type');
      if (!tokens.isGood(bearerOf(request), now())) return no('token_revoked');
      return { ok: true, revoked: tokens.revoke(bearerOf(request)) };
    },
  };
  const fake: FakeSlack = {
    calls: [],
    faults: new Map(),
    user: { sub: 'U0R7JM', team: 'T0R7GR', name: 'Sila Slack', email: 'sila@corp.example', emailVerified: true },
    forge: null,
    ways,
    tokens,
    fetch: async (input, init) => {
      const request = new Request(input instanceof URL ? input.href : input, init);
      const { origin, pathname } = new URL(request.url);
      const handle = origin === ISSUER ? routes[pathname] : undefined;
      fake.calls.push(pathname);
      const fault = fake.faults.get(pathname);
      if (fault !== undefined) return faulty(fault, init?.signal);
      return handle ? Response.json(await handle(request)) : Response.json(no('unknown_method'));
    },
    async visit(location, { error, parameters = {} } = {}) {
      if (location.startsWith(`${ISSUER}/oauth/v2/authorize?`)) return codes.sendBack(codes.ask(location), error, parameters);
      if (!location.startsWith(`${ISSUER}/openid/connect/authorize?`)) throw new Error(`This is not a URL of Slack: ${location}`);
      const asked = codes.ask(location);
      if (!asked.scope.includes('openid')) throw new Error('Slack: invalid_scope. Sign in with Slack supports openid, email and profile.');
      return codes.sendBack(asked, error, parameters);
    },
  };
  return fake;
}

const DOCUMENT = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/openid/connect/authorize`,
  token_endpoint: `${ISSUER}/api/openid.connect.token`,
  userinfo_endpoint: `${ISSUER}/api/openid.connect.userInfo`,
  jwks_uri: `${ISSUER}/openid/connect/keys`,
  scopes_supported: ['openid', 'profile', 'email'],
  response_types_supported: ['code'],
  response_modes_supported: ['form_post'],
  grant_types_supported: ['authorization_code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
};

function no(error: string): Record<string, unknown> {
  return { ok: false, error };
}

function isForm(request: Request): boolean {
  return request.method === 'POST' && request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
}
