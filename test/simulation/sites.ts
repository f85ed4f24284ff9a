/** What stands outside: a site whose tokens the tools use, and the host of a client's document. Both have bad days. */
import type { FakeUpstream } from '../../src/testing/fake-upstream.ts';
import type { World } from './network.ts';

/** The fake site behind a network, with outages and odd answers. @param undated gets the tokens of which it did not say how long they live. */
export function oddSite(world: World, site: FakeUpstream, undated: Set<string>): typeof fetch {
  const { time, until } = world;
  const { name: _name, ...nameless } = site.user;
  return async (input, init) => {
    await time.sleep(20 + time.chance.below(200));
    const isDown = until.siteOutage > time.now();
    if (isDown) {
      const kind = time.chance.below(4);
      if (kind === 0) throw new TypeError('fetch failed');
      if (kind === 1)
        return new Response('<!doctype html><title>Blocked</title>', { status: 403, headers: { 'content-type': 'text/html' } });
      if (kind === 2) return new Response(null, { status: 400 });
      return Response.json({ error: 'server_error' }, { status: 503 });
    }
    const isCalm = time.now() > world.calmFrom;
    if (isCalm) [site.thin, site.user] = [false, nameless]; // the ID token has the address: no one needs what userinfo says
    const isOdd = world.has('site-odd') && time.percent(30);
    const url = input instanceof Request ? input.url : String(input);
    if (url.endsWith('/userinfo') && isOdd)
      return time.percent(50)
        ? new Response('<!doctype html><title>Moved</title>', { headers: { 'content-type': 'text/html' } })
        : Response.json({ error: 'forbidden' }, { status: 403 });
    const headers = new Headers(init?.headers);
    const [, access] = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '') ?? [];
    if (access !== undefined) headers.set('authorization', `Bearer ${tokenIn(access)}`);
    if (url.endsWith('/token')) world.siteRefreshedAt = time.now();
    const response = await site.fetch(input, access === undefined ? init : { ...init, headers });
    if (!isOdd || isCalm || !url.endsWith('/token') || response.status !== 200) return response;
    const body = (await response.json()) as Record<string, unknown>;
    const change = time.chance.pick<Record<string, unknown>>([
      { token_type: undefined },
      { expires_in: null },
      { expires_in: '' },
      { expires_in: '3600' },
      { expires_in: -5 },
      { expires_in: undefined, access_token: jwtOf(String(body['access_token']), Math.floor(time.now() / 1000) + 3600) },
      { token_type: 'bearer', scope: null },
      { unheard_of: { deep: [1] } },
      { expires_in: undefined, access_token: jwtOf(String(body['access_token']), Math.floor(time.now() / 1000) + 3600) }, // once more: it is found late
    ]);
    if ('expires_in' in change && change['expires_in'] !== '3600' && !('access_token' in change)) undated.add(String(body['access_token']));
    return Response.json({ ...body, ...change });
  };
}

/** An access token as a JWT, which says when it ends. */
const jwtOf = (token: string, exp: number): string =>
  [JSON.stringify({ alg: 'none' }), JSON.stringify({ exp, token }), 's'].map((part) => Buffer.from(part).toString('base64url')).join('.');

/** The site's own token in one that looks otherwise. */
export function tokenIn(token: string): string {
  const [, payload, more] = token.split('.');
  return payload === undefined || more === undefined
    ? token
    : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { token: string }).token;
}

/** The host of client documents and keys. */
export interface DocumentHost {
  readonly files: Map<string, unknown>;
  readonly fetch: (url: string) => Promise<Response>;
}

/** Makes one; with `document-outage` it is down now and then. */
export function documentHost(world: World): DocumentHost {
  const files = new Map<string, unknown>();
  return {
    files,
    async fetch(url) {
      const { time, until } = world;
      await time.sleep(10 + time.chance.below(100));
      if (until.documentOutage > time.now()) {
        const kind = time.chance.below(3);
        if (kind === 0) throw new TypeError('fetch failed');
        return new Response('down', { status: kind === 1 ? 502 : 403 });
      }
      const file = files.get(url);
      return file === undefined ? new Response('not found', { status: 404 }) : Response.json(file);
    },
  };
}
