/** The KV records of workers-oauth-provider 1.2.3, made by hand; `test/runtimes/former` reads those that the real one writes. */
import { base64url } from '../../src/lib/bytes.ts';
import type { FormerKv } from '../../src/former/workers-oauth-kv.ts';

const { subtle } = crypto;
const HMAC = '227e26868df1e16d8070ea17975b47a68218fa8728aede85b51d4ad996caca43';
const bytesOf = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const base64 = (bytes: ArrayBuffer): string => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''));
export const hexHash = async (text: string): Promise<string> =>
  Array.from(new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text))), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
const secret = (): string => base64url(crypto.getRandomValues(new Uint8Array(24)));

/** A namespace. */
export interface FormerRecords extends FormerKv {
  readonly records: Map<string, string>;
  /** Set to make every read fail. */
  isDown: boolean;
  reads: number;
}

/** As the real one, which miniflare has. */
function checkLength(key: string): void {
  const { length } = new TextEncoder().encode(key);
  if (length > 512) throw new Error(`KV GET failed: 414 UTF-8 encoded length of ${length} exceeds key length limit of 512.`);
}

export function makeFormerKv(): FormerRecords {
  const kv: FormerRecords = {
    records: new Map(),
    isDown: false,
    reads: 0,
    async get(key) {
      kv.reads++;
      checkLength(key);
      if (kv.isDown) throw new Error('KV GET failed: 500 Internal Server Error');
      return kv.records.get(key) ?? null;
    },
    async list({ prefix, cursor = '' }) {
      checkLength(prefix);
      if (kv.isDown) throw new Error('KV LIST failed: 500 Internal Server Error');
      const names = [...kv.records.keys()].filter((name) => name.startsWith(prefix) && name > cursor).toSorted();
      const page = names.slice(0, 2); // as short as none of the real one
      const rest = names.length > 2 ? { list_complete: false, cursor: page[1] ?? '' } : { list_complete: true };
      return { keys: page.map((name) => ({ name })), ...rest };
    },
  };
  return kv;
}

/** A registered client. */
export async function formerClient(kv: FormerRecords, more: Record<string, unknown> = {}): Promise<string> {
  const clientId = secret().slice(0, 16);
  const client = {
    clientId, clientName: 'Former client', redirectUris: ['http://localhost:3334/callback'], grantTypes: ['authorization_code'], responseTypes: ['code'],
    registrationDate: 1_789_000_000, tokenEndpointAuthMethod: 'none', ...more,
  }; // prettier-ignore
  kv.records.set(`client:${clientId}`, JSON.stringify(client));
  return clientId;
}

/** A grant with its current and its previous refresh token. */
export async function formerGrant(
  kv: FormerRecords,
  clientId: string,
  {
    props = { team: 'blue' },
    userId = 'una',
    id = secret().slice(0, 16),
    ...more
  }: Record<string, unknown> & { props?: unknown; userId?: string; id?: string } = {},
): Promise<{ current: string; previous: string; key: string }> {
  const key = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);
  const encryptedProps = base64(
    await subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, new TextEncoder().encode(JSON.stringify(props))),
  );
  const wrap = async (token: string): Promise<string> => {
    const hmac = await subtle.importKey('raw', bytesOf(HMAC), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const wrapping = await subtle.importKey('raw', await subtle.sign('HMAC', hmac, new TextEncoder().encode(token)), 'AES-KW', false, [
      'wrapKey',
    ]);
    return base64(await subtle.wrapKey('raw', key, wrapping, 'AES-KW'));
  };
  const [current, previous] = [`${userId}:${id}:${secret()}`, `${userId}:${id}:${secret()}`];
  const grant = {
    id, clientId, userId, scope: ['read', 'write'], metadata: { label: 'Work laptop' }, encryptedProps, createdAt: 1_789_900_000, expiresAt: 1_792_500_000,
    redirectUri: 'http://localhost:3334/callback',
    refreshTokenId: await hexHash(current), refreshTokenWrappedKey: await wrap(current),
    previousRefreshTokenId: await hexHash(previous), previousRefreshTokenWrappedKey: await wrap(previous), ...more,
  }; // prettier-ignore
  kv.records.set(`grant:${userId}:${id}`, JSON.stringify(grant));
  return { current, previous, key: `grant:${userId}:${id}` };
}
