/**
 * Other people's sites, for a real browser: one TLS server on loopback that Chromium takes for all of them (`rules` of `launch`), and
 * behind it a function for each host: a real OpenID provider in a vendor's shape, or a fake with a page to press on.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { html } from '../../src/lib/html.ts';
import type { Decision } from '../../src/testing/fake-upstream.ts';
import { CERT, KEY } from '../support/certificate.ts';
import type { RealIdp } from '../support/real-idp.ts';

/** Answers what a browser asks of a host. */
export type Site = (request: Request) => Promise<Response>;

/** They are there until `stop`. */
export interface Sites {
  /** For `launch`: where the hosts are. */
  readonly rules: readonly string[];
  /** By host; may be added to. */
  readonly hosts: Map<string, Site>;
  stop(): void;
}

/** Opens the server. @param names of all hosts that will ever be asked. */
export async function startSites(names: readonly string[]): Promise<Sites> {
  const hosts = new Map<string, Site>();
  const server = createServer({ cert: CERT, key: KEY }, (message, response) => {
    const host = message.headers.host ?? '';
    const isBare = message.method === 'GET' || message.method === 'HEAD';
    const headers = new Headers();
    for (const [name, value] of Object.entries(message.headers)) if (typeof value === 'string') headers.set(name, value);
    const request = new Request(`https://${host}${message.url}`, {
      method: message.method ?? 'GET',
      headers,
      ...(isBare ? {} : { body: Readable.toWeb(message) as ReadableStream, duplex: 'half' }),
    } as RequestInit);
    const site = hosts.get(host);
    void (site ? site(request) : Promise.resolve(new Response(`Nobody is ${host}.`, { status: 404 }))).then(
      async (answer) => {
        const fields = Object.fromEntries([...answer.headers].filter(([name]) => !/^(set-cookie|content-encoding|content-length|transfer-encoding)$/.test(name))); // prettier-ignore
        response.writeHead(answer.status, { ...fields, 'set-cookie': answer.headers.getSetCookie() });
        response.end(Buffer.from(await answer.arrayBuffer()));
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    hosts,
    rules: names.map((name) => `MAP ${name} 127.0.0.1:${port}`),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A real provider in a vendor's shape. @param namesItself whether `iss` stands in its callback. */
export function shapedSite(idp: RealIdp, namesItself: boolean): Site {
  return async (request) => {
    const answer = await idp.fetch(request);
    const location = answer.headers.get('location');
    if (namesItself || location === null || !location.includes('code=')) return answer;
    const back = new URL(location);
    back.searchParams.delete('iss');
    const headers = new Headers(answer.headers);
    headers.set('location', back.href);
    return new Response(null, { status: answer.status, headers });
  };
}

/** A fake, with the page on which its person says yes or no. */
export function pressedSite(name: string, visit: (location: string, decision?: Decision) => Promise<string>): Site {
  return async (request) => {
    if (request.method === 'GET') {
      const page = html`<!doctype html>
        <html lang="en">
          <title>${name}</title>
          <h1>${name}</h1>
          <form method="post">
            <button name="decision" value="yes">Authorize</button>
            <button name="decision" value="no">Cancel</button>
          </form>
        </html>`;
      return new Response(page.toString(), { headers: { 'content-type': 'text/html' } });
    }
    const said = new URLSearchParams(await request.text()).get('decision');
    const location = await visit(request.url, said === 'yes' ? {} : { error: 'access_denied' });
    return new Response(null, { status: 303, headers: { location } });
  };
}
