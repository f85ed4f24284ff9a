/** Helpers for consent pages, and for a sign-in at another site. */
import type { AuthRequest, OAuthHelpers } from '../../../src/workers-oauth-provider/index.ts';
import type { Case } from './case.ts';
import { CALLBACK, CHALLENGE, type Server } from './server.ts';
import { ISSUER, parts, tried, type World } from './world.ts';

const SECRET = 's'.repeat(32);

/** An authorization request of a client that was registered with this metadata. */
async function asked(server: Server, fields: Record<string, string> = {}, metadata: object = {}): Promise<AuthRequest> {
  const { id } = await server.client(metadata);
  const usual = {
    response_type: 'code',
    client_id: id,
    redirect_uri: CALLBACK,
    scope: 'read write',
    state: 's',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  };
  return server.helpers.parseAuthRequest(new Request(`${ISSUER}/authorize?${new URLSearchParams({ ...usual, ...fields })}`));
}

/** What a browser sends after it got these headers. */
function browser(headers: Headers, earlier = ''): string {
  const set = headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  return [earlier, ...set].filter((one) => one !== '').join('; ');
}
function posted(cookie: string, more: Record<string, string> = {}): Request {
  return new Request(`${ISSUER}/authorize`, {
    method: 'POST',
    headers: { cookie, origin: ISSUER, 'sec-fetch-site': 'same-origin', ...more },
  });
}
const without = ({ clientId: _clientId, ...request }: AuthRequest): unknown => request;

/** A consent page, and what its form leads to. */
const answers = (
  what: string,
  answer: (helpers: OAuthHelpers, page: { handle: string; cookie: string; request: AuthRequest }, world: World) => unknown,
  options: object = {},
): Case => ({
  what,
  run: async (world) => {
    const server = world.serve({ scopesSupported: ['read', 'write', 'admin'], ...options });
    const { helpers } = server;
    const request = await asked(server);
    const { handle, headers } = await helpers.beginConsent(request);
    return tried(() => answer(helpers, { handle, cookie: browser(headers), request }, world));
  },
});

/** A consent that was remembered, and another request. */
const remembers = (
  what: string,
  remember: object,
  other: { fields?: Record<string, string>; ask?: object; isNew?: boolean; scope?: string[]; from?: string } = {},
): Case => ({
  what: `remembered: ${what}`,
  run: (world) =>
    tried(async () => {
      const server = world.serve();
      const { helpers } = server;
      const request = await asked(server);
      const { handle, headers } = await helpers.beginConsent(request);
      const approved = await helpers.approveConsent(posted(browser(headers)), handle, {
        remember: remember as never,
        ...(other.scope ? { scope: other.scope } : {}),
      });
      const next = other.isNew
        ? await asked(server, other.fields)
        : { ...request, ...(other.fields?.['scope'] ? { scope: other.fields['scope'].split(' ') } : {}) };
      const cookie = browser(approved.headers, browser(headers));
      return helpers.isConsentRemembered(
        new Request(`${ISSUER}/authorize`, { headers: { cookie, 'sec-fetch-site': other.from ?? 'none' } }),
        next,
        (other.ask ?? remember) as never,
      );
    }),
});

/** A sign-in at another site, after an approval. */
const returns = (
  what: string,
  back: (helpers: OAuthHelpers, trip: { state: string; cookie: string; headers: Headers }, world: World) => unknown,
): Case => ({
  what,
  run: async (world) => {
    const server = world.serve();
    const { helpers } = server;
    const { handle, headers } = await helpers.beginConsent(await asked(server));
    const approved = await helpers.approveConsent(posted(browser(headers)), handle);
    const trip = await helpers.beginUpstream(approved.request, { data: { verifier: 'v', list: [1] }, headers: approved.headers });
    return tried(() => back(helpers, { state: trip.state, cookie: browser(trip.headers, browser(headers)), headers: trip.headers }, world));
  },
});
const callback = (state: string, cookie: string): Request =>
  new Request(`${ISSUER}/callback?${new URLSearchParams({ state, code: 'c' })}`, { headers: { cookie } });

const describes = (what: string, metadata: object, fields: Record<string, string> = {}): Case => ({
  what: `describeConsent of ${what}`,
  run: async (world) => {
    const server = world.serve();
    const request = await asked(server, fields, metadata);
    const { clientId, clientName, ...rest } = await server.helpers.describeConsent(request);
    return { ...rest, clientName: clientName === request.clientId ? 'its id' : clientName, id: clientId === request.clientId };
  },
});

export const consent: readonly Case[] = [
  describes('a client with a name', {}),
  describes('a client without a name', { client_name: undefined }),
  describes('a client with pages', { client_uri: 'https://client.example', logo_uri: 'https://client.example/l.png' }),
  describes('an app on this computer', { redirect_uris: ['http://127.0.0.1:1/cb'] }, { redirect_uri: 'http://127.0.0.1:77/cb' }),
  describes('an app on localhost', { redirect_uris: ['http://localhost/cb'] }, { redirect_uri: 'http://localhost:77/cb' }),
  describes('a client with another host', { redirect_uris: ['https://app.client.example:8443/cb'] }, { redirect_uri: 'https://app.client.example:8443/cb' }),
  {
    what: 'beginConsent protects the page',
    run: async (world) => {
      const server = world.serve();
      const { handle, headers } = await server.helpers.beginConsent(await asked(server));
      const [cookie = ''] = headers.getSetCookie();
      return {
        handle: handle.length >= 32, cookies: headers.getSetCookie().length, host: cookie.startsWith('__Host-'),
        attributes: ['Secure', 'HttpOnly', 'Path=/'].filter((one) => cookie.toLowerCase().includes(one.toLowerCase())), lax: /samesite=(lax|strict)/i.test(cookie),
        frames: headers.get('content-security-policy')?.includes("frame-ancestors 'none'"), frameOptions: headers.get('x-frame-options'), cached: headers.get('cache-control')?.includes('no-store'),
      };
    },
  },
  answers('approveConsent gives the request back', async (helpers, { handle, cookie }) => without((await helpers.approveConsent(posted(cookie), handle)).request)),
  answers('approveConsent clears its cookie', async (helpers, { handle, cookie }) => {
    const { headers } = await helpers.approveConsent(posted(cookie), handle);
    return headers.getSetCookie().some((line) => /max-age=0/i.test(line) && line.startsWith(cookie.split('=')[0] ?? '-'));
  }),
  answers('approveConsent leads to a code', async (helpers, { handle, cookie }) => {
    const { request } = await helpers.approveConsent(posted(cookie), handle);
    return parts((await helpers.completeAuthorization({ request, userId: 'user-1', metadata: {}, scope: request.scope, props: {} })).redirectTo);
  }),
  answers('approveConsent with fewer scopes', async (helpers, { handle, cookie }) => (await helpers.approveConsent(posted(cookie), handle, { scope: ['read'] })).request.scope),
  answers('approveConsent with more scopes that are supported', async (helpers, { handle, cookie }) => (await helpers.approveConsent(posted(cookie), handle, { scope: ['read', 'admin'] })).request.scope),
  answers('approveConsent with a scope that is not supported', async (helpers, { handle, cookie }) => (await helpers.approveConsent(posted(cookie), handle, { scope: ['other'] })).request.scope),
  answers('approveConsent with no scopes', async (helpers, { handle, cookie }) => (await helpers.approveConsent(posted(cookie), handle, { scope: [] })).request.scope),
  answers('approveConsent without its cookie', async (helpers, { handle }) => (await helpers.approveConsent(posted(''), handle)).request.scope),
  answers('approveConsent with the cookie of another page', async (helpers, { handle, request }) => {
    const { headers } = await helpers.beginConsent(request);
    return (await helpers.approveConsent(posted(browser(headers)), handle)).request.scope;
  }),
  answers('approveConsent with an unknown handle', async (helpers, { cookie }) => (await helpers.approveConsent(posted(cookie), 'x'.repeat(43))).request.scope),
  answers('approveConsent with an empty handle', async (helpers, { cookie }) => (await helpers.approveConsent(posted(cookie), '')).request.scope),
  answers('approveConsent twice', async (helpers, { handle, cookie }) => {
    await helpers.approveConsent(posted(cookie), handle);
    return (await helpers.approveConsent(posted(cookie), handle)).request.scope;
  }),
  answers('approveConsent after eleven minutes', async (helpers, { handle, cookie }, world) => {
    world.later(660);
    return (await helpers.approveConsent(posted(cookie), handle)).request.scope;
  }),
  answers('approveConsent of a form on another site', async (helpers, { handle, cookie }) => (await helpers.approveConsent(posted(cookie, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }), handle)).request.scope),
  answers('two pages in one browser', async (helpers, { handle, cookie, request }) => {
    const { handle: second, headers } = await helpers.beginConsent(request);
    const both = browser(headers, cookie);
    return [(await helpers.approveConsent(posted(both), handle)).request.scope, (await helpers.approveConsent(posted(both), second)).request.scope];
  }),
  answers('denyConsent', async (helpers, { handle, cookie }) => {
    const { request, redirectTo, headers } = await helpers.denyConsent(posted(cookie), handle);
    return { request: without(request), to: parts(redirectTo), location: headers.get('location') === redirectTo };
  }),
  answers('denyConsent with a text', async (helpers, { handle, cookie }) => new URL((await helpers.denyConsent(posted(cookie), handle, { description: 'Not now.' })).redirectTo).searchParams.get('error_description')),
  answers('denyConsent without its cookie', async (helpers, { handle }) => (await helpers.denyConsent(posted(''), handle)).redirectTo),
  answers('denyConsent, then approveConsent', async (helpers, { handle, cookie }) => {
    await helpers.denyConsent(posted(cookie), handle);
    return (await helpers.approveConsent(posted(cookie), handle)).request.scope;
  }),
  remembers('the same request of the same user', { secret: SECRET, subject: 'user-1' }),
  remembers('a request that another site began', { secret: SECRET, subject: 'user-1' }, { from: 'cross-site' }),
  remembers('the same request of another user', { secret: SECRET, subject: 'user-1' }, { ask: { secret: SECRET, subject: 'user-2' } }),
  remembers('fewer scopes', { secret: SECRET, subject: 'user-1' }, { fields: { scope: 'read' } }),
  remembers('more scopes', { secret: SECRET, subject: 'user-1' }, { fields: { scope: 'read write admin' } }),
  remembers('more scopes than were approved', { secret: SECRET, subject: 'user-1' }, { scope: ['read'] }),
  remembers('another client', { secret: SECRET, subject: 'user-1' }, { isNew: true }),
  remembers('no subject', { secret: SECRET }),
  remembers('a short secret', { secret: 'short', subject: 'user-1' }),
  remembers('another secret', { secret: SECRET, subject: 'user-1' }, { ask: { secret: 't'.repeat(32), subject: 'user-1' } }),
  {
    what: 'remembered: nothing, before an approval',
    run: async (world) => {
      const server = world.serve();
      return server.helpers.isConsentRemembered(new Request(`${ISSUER}/authorize`), await asked(server), { secret: SECRET, subject: 'user-1' });
    },
  },
  returns('finishUpstream gives request and data back', async (helpers, { state, cookie }) => {
    const { request, data } = await helpers.finishUpstream(callback(state, cookie));
    return { request: without(request), data };
  }),
  returns('finishUpstream leads to a code', async (helpers, { state, cookie }) => {
    const { request } = await helpers.finishUpstream(callback(state, cookie));
    return parts((await helpers.completeAuthorization({ request, userId: 'user-1', metadata: {}, scope: request.scope, props: {} })).redirectTo);
  }),
  returns('finishUpstream without its cookie', async (helpers, { state }) => (await helpers.finishUpstream(callback(state, ''))).data),
  returns('finishUpstream with an unknown state', async (helpers, { cookie }) => (await helpers.finishUpstream(callback('x'.repeat(43), cookie))).data),
  returns('finishUpstream without a state', async (helpers, { cookie }) => (await helpers.finishUpstream(new Request(`${ISSUER}/callback?code=c`, { headers: { cookie } }))).data),
  returns('finishUpstream twice', async (helpers, { state, cookie }) => {
    await helpers.finishUpstream(callback(state, cookie));
    return (await helpers.finishUpstream(callback(state, cookie))).data;
  }),
  returns('finishUpstream after eleven minutes', async (helpers, { state, cookie }, world) => {
    world.later(660);
    return (await helpers.finishUpstream(callback(state, cookie))).data;
  }),
  returns('beginUpstream keeps the headers that it was given', (_helpers, { headers }) => headers.getSetCookie().length > 1),
  {
    what: 'beginUpstream without an approval',
    run: async (world) => {
      const server = world.serve();
      return tried(async () => typeof (await server.helpers.beginUpstream(await asked(server))).state);
    },
  },
]; // prettier-ignore
