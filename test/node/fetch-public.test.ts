/** Real sockets on this computer: what counts as special is replaced where a connection shall succeed. */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { makeSafeFetch, type SafeAnswer } from '../../src/lib/safe-fetch.ts';
import { type Address, isSpecialUse, makeFetchPublic, type PublicFetchParts } from '../../src/node/fetch-public.ts';
import { CERT, KEY } from '../support/certificate.ts';

const LIMITS = { bytes: 5120, milliseconds: 60_000 };
const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.close().closeAllConnections();
});

interface Site {
  readonly port: number;
  /** Paths that were asked, with the name that was. */
  readonly asked: string[];
}

/** A server for `client.example` on one of this computer's addresses. */
async function siteOn(address: string, port = 0, answer: (request: IncomingMessage, to: ServerResponse) => void = ok): Promise<Site> {
  const asked: string[] = [];
  const server = createServer({ cert: CERT, key: KEY }, (request, to) => {
    asked.push(`${request.headers.host?.split(':')[0]} ${request.url}`);
    answer(request, to);
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return { asked, port: (server.address() as AddressInfo).port };
}

function ok(_request: IncomingMessage, to: ServerResponse): void {
  to.setHeader('content-type', 'application/json').end('{"ok":true}');
}

const v4 = (...addresses: string[]): Address[] => addresses.map((address) => ({ address, family: 4 }));
const read = (url: string, parts: Partial<PublicFetchParts>): Promise<SafeAnswer> =>
  makeSafeFetch(makeFetchPublic({ ca: CERT, isSpecial: () => false, ...parts }))(url, LIMITS);
const textOf = (answer: SafeAnswer): string => ('text' in answer ? answer.text : answer.problem);

describe('node/fetch-public: which addresses are special', () => {
  it.each([
    '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255',
    '192.0.0.1', '192.0.0.170', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.9', '224.0.0.1', '239.255.255.255',
    '240.0.0.1', '255.255.255.255', '::', '::1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:93.184.216.34', '::ffff:0:1.2.3.4', '64:ff9b::a00:1', '64:ff9b::5db8:d822', '64:ff9b:1::1', '100::1',
    '2001::1', '2001:2::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:a00:1::1', '3fff::1', '5f00::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0',
    'fec0::1', 'ff02::1', '4000::1', 'localhost', '', '127.1', '0x7f.0.0.1', '1.2.3', '1.2.3.4.5',
  ])('SEC-088 takes %j for special (S-088)', (address) => expect(isSpecialUse(address)).toBe(true)); // prettier-ignore

  it.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.1', '198.17.255.255', '198.20.0.0', '223.255.255.255', '2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450::1'])(
    'takes %s for public',
    (address) => expect(isSpecialUse(address)).toBe(false),
  ); // prettier-ignore
});

describe('node/fetch-public: where it connects to', () => {
  it.each([
    [['10.0.0.1']], [['127.0.0.1', '10.0.0.1']], [['10.0.0.1', '127.0.0.1']], [[]],
  ])('SEC-088 does not connect where one of the addresses is special, though another is not: %j (S-088)', async (addresses) => {
    const site = await siteOn('127.0.0.1');
    const url = `https://client.example:${site.port}/a`;
    const isSpecial = (address: string): boolean => address !== '127.0.0.1'; // our own server plays the public one
    expect(textOf(await read(url, { lookup: async () => v4(...addresses), isSpecial }))).toBe('unreachable');
    expect(site.asked).toEqual([]);
  }); // prettier-ignore

  it.each(['127.0.0.1', '[::1]', '[::ffff:7f00:1]', 'localhost'])('SEC-088 does not connect to %s itself, and asks no server for its name (S-088)', async (host) => {
    const site = await siteOn('127.0.0.1');
    expect(textOf(await makeSafeFetch(makeFetchPublic({ ca: CERT }))(`https://${host}:${site.port}/a`, LIMITS))).toBe('unreachable');
    expect(site.asked).toEqual([]);
  }); // prettier-ignore

  it('SEC-088 looks a name up once and connects to that address: a name that means another one a moment later changes nothing (S-088)', async () => {
    const first = await siteOn('127.0.0.1');
    const rebound = await siteOn('127.0.0.2', first.port);
    const looked: string[] = [];
    const lookup = async (hostname: string): Promise<Address[]> => v4(looked.push(hostname) === 1 ? '127.0.0.1' : '127.0.0.2');
    const isSpecial = (address: string): boolean => address === '127.0.0.2';
    const url = `https://client.example:${first.port}/app.json?v=1`;
    expect(textOf(await read(url, { lookup, isSpecial }))).toBe('{"ok":true}');
    expect({ looked, first: first.asked, rebound: rebound.asked }).toEqual({
      looked: ['client.example'],
      first: ['client.example /app.json?v=1'],
      rebound: [],
    });
    expect(textOf(await read(url, { lookup, isSpecial }))).toBe('unreachable');
    expect(rebound.asked).toEqual([]);
  });

  it('tries the other checked addresses where one does not answer', async () => {
    const site = await siteOn('127.0.0.2');
    const lookup = async (): Promise<Address[]> => v4('127.0.0.3', '127.0.0.2');
    expect(textOf(await read(`https://client.example:${site.port}/a`, { lookup }))).toBe('{"ok":true}');
  });

  it('checks the certificate against the name, in any environment (S-088)', async () => {
    const site = await siteOn('127.0.0.1');
    const lookup = async (): Promise<Address[]> => v4('127.0.0.1');
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(textOf(await read(`https://other.example:${site.port}/a`, { lookup }))).toBe('unreachable');
      const url = `https://client.example:${site.port}/a`;
      expect(textOf(await makeSafeFetch(makeFetchPublic({ lookup, isSpecial: () => false }))(url, LIMITS))).toBe('unreachable');
      expect(site.asked).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  it('fetches https only', async () => {
    await expect(makeFetchPublic()('http://client.example/a', { signal: AbortSignal.timeout(1000), headers: {} })).rejects.toThrow('https');
  });
});

describe('node/fetch-public: what it reads', () => {
  const lookup = async (): Promise<Address[]> => v4('127.0.0.1');
  const readFrom = async (answer: (request: IncomingMessage, to: ServerResponse) => void, limits = LIMITS): Promise<SafeAnswer> => {
    const site = await siteOn('127.0.0.1', 0, answer);
    return makeSafeFetch(makeFetchPublic({ ca: CERT, isSpecial: () => false, lookup }))(`https://client.example:${site.port}/a`, limits);
  };

  it.each([201, 204, 301, 304, 404, 500, 999])(
    'SEC-090 SEC-091 gives the status %s without following or reading (S-083)',
    async (status) => {
      const answer = await readFrom(
        (_request, to) => void to.writeHead(status, { location: '/b', 'content-type': 'application/json' }).end(),
      );
      expect(textOf(answer)).toBe('status');
    },
  );

  it('SEC-092 stops at the cap of a body without an end, and has nothing to unfold (S-089)', async () => {
    let closed: (() => void) | undefined;
    const hungUp = new Promise<void>((resolve) => (closed = resolve));
    const endless = await readFrom((request, to) => {
      to.setHeader('content-type', 'application/json');
      const more = (): void => void (to.writable && to.write('x'.repeat(1024), more));
      more();
      request.socket.once('close', () => closed?.());
    });
    expect(textOf(endless)).toBe('too-large');
    await hungUp;
    const packed = await readFrom((request, to) => {
      to.setHeader('content-encoding', 'gzip').setHeader('content-type', 'application/json').end(request.headers['accept-encoding']);
    });
    expect(textOf(packed)).toBe('status');
  });

  it('gives up at the deadline, before the headers and within the body (S-089)', async () => {
    const limits = { bytes: 5120, milliseconds: 300 };
    expect(textOf(await readFrom(() => {}, limits))).toBe('late');
    const stuck = await readFrom((_request, to) => void to.setHeader('content-type', 'application/json').write('{'), limits);
    expect(textOf(stuck)).toBe('late');
  });

  it('SEC-104 reveals nothing about a broken connection, and keeps running', async () => {
    expect(textOf(await readFrom((request) => request.socket.destroy()))).toBe('unreachable');
    const broken = await readFrom((request, to) => {
      to.setHeader('content-type', 'application/json').write('{');
      setImmediate(() => request.socket.destroy());
    });
    expect(textOf(broken)).toBe('unreachable');
  });

  it('sends no cookie, no credential, and asks for no coding', async () => {
    const answer = await readFrom(
      (request, to) => void to.setHeader('content-type', 'application/json').end(JSON.stringify(request.headers)),
    );
    const { host: _, ...headers } = JSON.parse(textOf(answer)) as Record<string, string>;
    expect(headers).toEqual({ accept: 'application/json', 'accept-encoding': 'identity', connection: 'close' });
  });
});
