/**
 * A GET that can only reach public addresses. The host name is resolved once, all of its addresses must be public, and
 * the connection goes to those addresses, so DNS rebinding has no effect.
 * Special addresses are those of the registries (IANA IPv4 and IPv6 Special-Purpose Address, RFC 6890); they are parsed
 * by `node:net` and nowhere else.
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { FetchPublic } from '../lib/safe-fetch.ts';

/** An address of a name. */
export interface Address {
  readonly address: string;
  readonly family: number;
}

/** What tests replace. */
export interface PublicFetchParts {
  /** Every address of a name. */
  readonly lookup: (hostname: string) => Promise<readonly Address[]>;
  readonly isSpecial: (address: string) => boolean;
  /** A certificate authority beside none: for a server of the test's own. */
  readonly ca?: string;
}

const SPECIAL_V4 = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24',
  '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24',
  '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
]; // prettier-ignore
/** Within what is handed out to the public, 2000::/3; all else is special (RFC 4291 §2.4): ::/8, 64:ff9b::/96, fc00::/7, fe80::/10, ff00::/8 … */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const special = listOf(SPECIAL_V4, 'ipv4');
const specialGlobal = listOf(SPECIAL_V6, 'ipv6');
const global = listOf(['2000::/3'], 'ipv6');

/** Whether an address is anything but an ordinary public one; what is no address is special too. */
export function isSpecialUse(address: string): boolean {
  if (isIP(address) === 4) return special.check(address, 'ipv4');
  return isIP(address) !== 6 || !global.check(address, 'ipv6') || specialGlobal.check(address, 'ipv6');
}

/** Makes the fetch. */
export function makeFetchPublic(parts: Partial<PublicFetchParts> = {}): FetchPublic {
  const { lookup = (hostname) => dnsLookup(hostname, { all: true, order: 'verbatim' }), isSpecial = isSpecialUse, ca } = parts;
  return async (text, { signal, headers }) => {
    const url = new URL(text);
    if (url.protocol !== 'https:') throw new Error('Only https is fetched.');
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const family = isIP(hostname);
    const addresses = family === 0 ? await lookup(hostname) : [{ address: hostname, family }];
    if (addresses.length === 0 || addresses.some(({ address }) => isSpecial(address)))
      throw new Error('The name has an address that is not public.');
    signal.throwIfAborted();
    return get(url, addresses, { signal, headers, ...(ca === undefined ? {} : { ca }) });
  };
}

/** An own connection, straight to one of the addresses, with the certificate checked against the name. */
function get(
  url: URL,
  addresses: readonly Address[],
  options: { readonly signal: AbortSignal; readonly headers: { readonly [name: string]: string }; readonly ca?: string },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      ...options,
      headers: { ...options.headers, 'accept-encoding': 'identity' },
      agent: false, // no pool, and no proxy that would look the name up again
      rejectUnauthorized: true, // whatever the environment says
      lookup: (_hostname, { all }, found) => {
        const [first] = addresses;
        if (all) found(null, [...addresses]);
        else found(null, first?.address ?? '', first?.family ?? 0);
      },
    });
    asked.on('error', reject);
    asked.once('response', (message) => {
      message.on('error', () => asked.destroy()); // the reader of the body gets the error from the stream
      resolve(responseOf(message));
    });
    asked.end();
  });
}

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0, headers } = message;
  if (status !== 200 || (headers['content-encoding'] ?? 'identity') !== 'identity') {
    message.destroy(); // no coding was requested: nothing is decoded, so nothing can expand (zip bomb)
    return new Response(null, { status: status > 200 && status < 600 ? status : 502 });
  }
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, [value ?? ''].flat().join(', ')]);
  return new Response(Readable.toWeb(message) as WebStream<Uint8Array> as ReadableStream<Uint8Array>, { status, headers: fields });
}

function listOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
