/** What stands outside: a site whose tokens the tools use, and the host of a client's document. Both have bad days. */
import type { FakeUpstream } from '../../src/testing/fake-upstream.ts';
import type { World } from './network.ts';

/** The fake site behind a network, with outages and odd answers. */
export function oddSite(world: World, site: FakeUpstream): typeof fetch {
  const { time, until } = world;
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
    const response = await site.fetch(input, init);
    const isOdd = world.has('site-odd') && time.now() < world.calmFrom && time.percent(30);
    const url = input instanceof Request ? input.url : String(input);
    if (!isOdd || !url.endsWith('/token') || response.status !== 200) return response;
    const body = (await response.json()) as Record<string, unknown>;
    const change = time.chance.pick<Record<string, unknown>>([
      { token_type: undefined },
      { expires_in: null },
      { expires_in: '' },
      { expires_in: '3600' },
      { expires_in: -5 },
      { token_type: 'bearer', scope: null },
      { unheard_of: { deep: [1] } },
    ]);
    return Response.json({ ...body, ...change });
  };
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
