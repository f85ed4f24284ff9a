/** `portcullis connect` against servers, sites and neighbours that mean no good. */
import { createServer } from 'node:http';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listenForCallback } from '../../src/cli/callback.ts';
import { runCommand } from '../../src/cli/commands.ts';
import { printable, printableLines, type Terminal } from '../../src/cli/terminal.ts';
import { makeReach } from '../../src/cli/reach.ts';
import { makeSteps } from '../../src/cli/steps.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { ALICE, startServer } from './served.ts';

/** What a server answers to one line of a request. */
const raw = (port: number, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(`${line} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`));
    socket.on('data', (chunk) => (text += chunk.toString())).on('end', () => resolve(text.split('\r\n', 1)[0] ?? '')).on('error', reject);
  }); // prettier-ignore

describe('cli/callback', () => {
  it.each([
    'GET //',
    'GET ///callback',
    'GET //[',
    'GET http://[',
    'GET \\\\',
    'GET *',
    'GET http://evil.example/callback?state=s',
    'OPTIONS *',
  ])('answers %s, and still waits for the browser (F-58)', async (line) => {
    const callback = await listenForCallback(0, { after: () => () => undefined });
    const answer = callback.answer('s', 60);
    expect(await raw(callback.port, line)).toMatch(/^HTTP\/1\.1 4/);
    await (await fetch(`${callback.redirectUri}?state=s&code=c`)).text();
    expect((await answer).get('code')).toBe('c');
    callback.stop();
  });
});

describe('cli/connect, the refresh token', () => {
  const signIn = async (url: string): Promise<void> => {
    const browser = makeBrowser((request) => fetch(request));
    const back = await browser.submit(await browser.get(url), { ...ALICE, decision: 'approve' });
    await browser.get(back.location ?? '');
  };
  it('goes back to the host that gave it, and to no other; the sign-in names the authorization server (F-58)', async () => {
    const received: string[] = [];
    const elsewhere = createServer((request, response) => {
      received.push(request.url ?? '');
      response.end('{}');
    });
    await new Promise<void>((next) => elsewhere.listen(0, '127.0.0.1', next));
    const evil = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/revoke`;
    let endpoint: string | null = evil;
    const served = await startServer({}, async (path, response) => {
      if (endpoint === null || !path.includes('oauth-authorization-server')) return response;
      return Response.json({ ...((await response.json()) as object), revocation_endpoint: endpoint });
    });
    const run = async (): Promise<string> => {
      const [lines, signed]: [string[], Promise<void>[]] = [[], []];
      const terminal: Terminal = { out: () => undefined, err: (line) => void lines.push(line), open: (url) => void signed.push(signIn(url)), after: () => () => undefined };
      expect(await runCommand(['connect', `${served.url}/mcp`, '--verbose'], terminal)).toBe(0);
      await Promise.all(signed);
      return lines.join('\n');
    };
    const told = await run();
    expect(told).toContain(`The sign-in for ${served.url}/mcp is at ${served.url}.`);
    expect([received, told.includes('stays valid until it expires')]).toEqual([[], true]);
    endpoint = null;
    expect(await run()).toContain('gave the token back');
    expect(served.asked.filter((one) => one === 'POST /revoke')).toHaveLength(1);
    await served.stop();
    elsewhere.close();
  }); // prettier-ignore
});

describe('cli/reach', () => {
  const NAMES: { readonly [host: string]: string } = {
    'mcp.example': '93.184.216.34',
    'as.example': '2606:2800:220:1::1',
    'inside.example': '10.0.0.7',
    'nas.local': '192.168.1.9',
  };
  const lookup = async (host: string) => (NAMES[host] === undefined ? Promise.reject(new Error('ENOTFOUND')) : [{ address: NAMES[host] }]);
  it.each(['http://127.0.0.1:8080/', 'http://[::1]/', 'https://inside.example/', 'http://169.254.169.254/latest', 'https://nas.local/', 'http://0x7f.1/', 'http://[::ffff:10.0.0.1]/'])(
    'does not follow a public server to %s (F-58)',
    async (url) => {
      await expect(makeReach(new URL('https://mcp.example/mcp'), lookup)(new URL(url))).rejects.toThrow('is an address of a private network');
    },
  ); // prettier-ignore

  it('follows a public server to public hosts, and a server of the own network wherever it leads (F-58)', async () => {
    const outside = makeReach(new URL('https://mcp.example/mcp'), lookup);
    await expect(outside(new URL('https://as.example/token'))).resolves.toBeUndefined();
    await expect(outside(new URL('https://mcp.example/other'))).resolves.toBeUndefined();
    await expect(makeReach(new URL('http://nas.local/mcp'), lookup)(new URL('https://inside.example/'))).resolves.toBeUndefined();
  });

  it('looks at each hop of a redirect, and takes no token and no body to another origin (F-58)', async () => {
    const hits: string[] = [];
    const target = createServer((request, response) => {
      hits.push(request.url ?? '');
      response.end('reached');
    });
    await new Promise<void>((next) => target.listen(0, '127.0.0.1', next));
    const to = `http://127.0.0.1:${(target.address() as AddressInfo).port}/there`;
    const source = createServer((_request, response) => response.writeHead(307, { location: to }).end());
    await new Promise<void>((next) => source.listen(0, '127.0.0.1', next));
    const from = `http://127.0.0.1:${(source.address() as AddressInfo).port}/here`;
    const refusing = makeSteps(null, async (url) => (url.href === to ? Promise.reject(new Error('not there')) : undefined));
    await expect(refusing.fetch(from)).rejects.toThrow('not there');
    const open = makeSteps(null, async () => undefined);
    expect((await open.fetch(from, { headers: { authorization: 'Bearer secret' } })).status).toBe(307);
    expect((await open.fetch(from, { method: 'POST', body: 'refresh_token=secret' })).status).toBe(307);
    expect(hits).toEqual([]);
    expect(await (await open.fetch(from)).text()).toBe('reached');
    source.close();
    target.close();
  });
});

describe('cli/terminal, printable texts', () => {
  it.each([
    ['an Arabic letter mark', '\u061c', '\\u061c'],
    ['a space of no width', '\u200b', '\\u200b'],
    ['a joiner', '\u200d', '\\u200d'],
    ['a word joiner', '\u2060', '\\u2060'],
    ['a soft hyphen', '\u00ad', '\\u00ad'],
    ['a tag', '\u{e0041}', '\\u{e0041}'],
    ['a filler', '\u3164', '\\u3164'],
    ['half a sign', '\ud800', '\\ud800'],
    ['a sign of private use', '\ue000', '\\ue000'],
    ['an escape', '\u001b', '\\u001b'],
  ])('shows %s as its code (F-58)', (_, sign, shown) => {
    expect(printable(`a${sign}b`)).toBe(`a${shown}b`);
    expect(printableLines(`a${sign}\nb`)).toBe(`a${shown}\nb`);
  });

  it('leaves letters of every script and emoji as they are (F-58)', () => {
    expect(printable('Grüße, こんにちは, سلام, ❤️ 🎉')).toBe('Grüße, こんにちは, سلام, ❤️ 🎉');
  });
});
