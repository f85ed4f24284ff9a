/**
 * Parts of a fake provider: its authorization code flow, its tokens, its signing key, and its faults. Like a real one it refuses an
 * unregistered redirect URI, a code that was used or belongs to another client, a wrong verifier or secret, a revoked refresh token, and a
 * used one with rotation (which ends everything that came from it).
 */
import { base64url, fromUtf8, utf8 } from '../lib/bytes.ts';
import type { Seconds } from '../model/store.ts';

/** The client registered at the provider. */
export interface Registered {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** An authorization request. */
export interface Asked {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string | null;
  readonly challenge: string | null;
  readonly scope: readonly string[];
  readonly parameters: URLSearchParams;
}

/** The codes of one provider. */
export interface FakeCodes {
  /** Parses an authorization request. @throws {Error} where a real provider shows an error page instead of redirecting. */
  ask(location: string): Asked;
  /** The redirect back, with a code or an error; a null parameter is omitted. */
  sendBack(request: Asked, error: string | undefined, parameters: { readonly [name: string]: string | null }): string;
  /** The form of a token request, or an error if the client does not authenticate. */
  read(request: Request): Promise<URLSearchParams | { readonly error: string }>;
  /** The request of a code, or an error of RFC 6749 §5.2. */
  redeem(form: URLSearchParams): Promise<Asked | { readonly error: string }>;
}

/** Makes the codes of one provider. */
export function makeCodes(app: Registered): FakeCodes {
  const codes = new Map<string, Asked>();
  let issued = 0;
  const issueCode = (request: Asked): string => {
    const code = `upstream-code-${++issued}-${base64url(crypto.getRandomValues(new Uint8Array(9)))}`;
    codes.set(code, request);
    return code;
  };
  return {
    ask(location) {
      const { searchParams: parameters } = new URL(location);
      const redirectUri = parameters.get('redirect_uri') ?? '';
      if (parameters.get('client_id') !== app.clientId) throw new Error('The client is not registered at the provider.');
      if (redirectUri !== app.redirectUri) throw new Error(`The redirect URI ${redirectUri} is not registered at the provider.`);
      if (parameters.get('response_type') !== 'code') throw new Error('The provider only supports codes.');
      if (parameters.has('resource')) throw new Error('AADSTS901002: the parameter "resource" is not supported.');
      const scope = (parameters.get('scope') ?? '').split(' ').filter(Boolean);
      const [state, nonce, challenge] = [parameters.get('state') ?? '', parameters.get('nonce'), parameters.get('code_challenge')];
      return { redirectUri, state, nonce, challenge, scope, parameters };
    },
    sendBack(request, error, parameters) {
      const back = new URL(request.redirectUri);
      const all = { ...(error === undefined ? { code: issueCode(request) } : { error }), state: request.state, ...parameters };
      for (const [name, value] of Object.entries(all)) if (value !== null) back.searchParams.set(name, value);
      return back.href;
    },
    async read(request) {
      const form = new URLSearchParams(fromUtf8(new Uint8Array(await request.arrayBuffer())));
      const basic = `Basic ${btoa(`${encodeURIComponent(app.clientId)}:${encodeURIComponent(app.clientSecret)}`)}`;
      const isPost = form.get('client_id') === app.clientId && form.get('client_secret') === app.clientSecret;
      if (!isPost && request.headers.get('authorization') !== basic) return { error: 'invalid_client' };
      return form;
    },
    async redeem(form) {
      const request = codes.get(form.get('code') ?? '');
      if (form.get('grant_type') !== 'authorization_code' || !request || form.get('redirect_uri') !== request.redirectUri)
        return { error: 'invalid_grant' };
      codes.delete(form.get('code') ?? '');
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(form.get('code_verifier') ?? '')));
      return request.challenge === base64url(digest) ? request : { error: 'invalid_grant' };
    },
  };
}

/** What is wrong with an endpoint: down, no response, a truncated response, an HTML page, too much data, or any given response. */
export type Fault =
  | 'down'
  | 'hangs'
  | 'cut'
  | 'html'
  | 'huge'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown };

/** Responds with a fault. */
export async function faulty(fault: Fault, signal: AbortSignal | null | undefined): Promise<Response> {
  const json = { 'content-type': 'application/json' };
  switch (fault) {
    case 'down':
      throw new TypeError('fetch failed');
    case 'hangs':
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))));
    case 'cut':
      return new Response(cutStream(), { headers: json });
    case 'html':
      return new Response('<!doctype html><title>Oops</title>', { headers: { 'content-type': 'text/html' } });
    case 'huge':
      return new Response(`{"pad":"${'x'.repeat(10_000_000)}"}`, { headers: json });
    default:
      return new Response(JSON.stringify(fault.body ?? {}), { status: fault.status, headers: { ...json, ...fault.headers } });
  }
}

function cutStream(): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(new TypeError('terminated'));
      sent = true;
      controller.enqueue(new TextEncoder().encode('{"access_to'));
    },
  });
}

/** Modifies an ID token before it is signed, or replaces its signature. */
export type Forge = (token: { header: Record<string, unknown>; claims: Record<string, unknown> }) => void | { readonly signature: string };

/** A signer with one key. */
export interface FakeSigner {
  /** Its key, as in a key set. */
  readonly jwk: Record<string, unknown>;
  readonly sign: (claims: Record<string, unknown>, forge?: Forge | null) => Promise<string>;
}

/** Algorithms of fake providers. */
export type FakeAlgorithm = 'ES256' | 'RS256';

const KEYS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
} as const;

/** Makes a signer. */
export async function makeSigner(alg: FakeAlgorithm): Promise<FakeSigner> {
  const pair = (await crypto.subtle.generateKey(KEYS[alg], true, ['sign', 'verify'])) as CryptoKeyPair;
  const { key_ops: _ops, ext: _ext, ...publicKey } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return {
    jwk: { ...publicKey, kid: 'k1', use: 'sig', alg },
    async sign(claims, forge) {
      const token = { header: { alg, typ: 'JWT', kid: 'k1' } as Record<string, unknown>, claims };
      const forged = forge?.(token);
      const text = [token.header, token.claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
      const signature = await crypto.subtle.sign({ ...KEYS[alg], hash: 'SHA-256' }, pair.privateKey, utf8(text));
      return `${text}.${forged ? forged.signature : base64url(new Uint8Array(signature))}`;
    },
  };
}

/** Behaviour of a provider's tokens. */
export interface TokenWays {
  /** Prefix of its access tokens. */
  readonly prefix: string;
  /** Lifetime of access tokens in seconds; null for tokens that do not expire, without refresh tokens. */
  lifetime: Seconds | null;
  /** Whether refresh tokens rotate, or stay valid until they are revoked. */
  rotates: boolean;
}

/** Tokens in a token response. */
export type Given = { readonly access_token: string; readonly refresh_token?: string; readonly expires_in?: Seconds };

/** The tokens of one provider. */
export interface FakeTokens {
  /** Tokens for a new sign-in. */
  open(now: Seconds): Given;
  /** Refreshed tokens; null if the refresh token is not valid. */
  refresh(token: string, now: Seconds): Given | null;
  isGood(token: string | undefined, now: Seconds): boolean;
  /** Revokes a token and all related ones; false if it was never issued. */
  revoke(token: string): boolean;
  /** Revokes all tokens. */
  revokeAll(): void;
  /** Number of refresh requests, and of refused ones. */
  readonly refreshes: { asked: number; refused: number };
}

interface Family {
  isOver: boolean;
  refresh: string | null;
}

/** Makes the tokens of one provider. */
export function makeTokens(ways: TokenWays): FakeTokens {
  const families = new Map<string, Family>();
  const ends = new Map<string, Seconds | null>();
  const refreshes = { asked: 0, refused: 0 };
  const random = (): string => base64url(crypto.getRandomValues(new Uint8Array(18)));
  const issue = (family: Family, now: Seconds, keep: string | null): Given => {
    const access = `${ways.prefix}access-token-${random()}`;
    families.set(access, family);
    if (ways.lifetime === null) {
      ends.set(access, null);
      return { access_token: access };
    }
    ends.set(access, now + ways.lifetime);
    const refresh = keep ?? `${ways.prefix}refresh-token-${random()}`;
    family.refresh = refresh;
    families.set(refresh, family);
    const given = { access_token: access, expires_in: ways.lifetime };
    return keep === null ? { ...given, refresh_token: refresh } : given; // without rotation it is issued once
  };
  return {
    refreshes,
    open: (now) => issue({ isOver: false, refresh: null }, now, null),
    refresh(token, now) {
      refreshes.asked += 1;
      const family = families.get(token);
      if (family && !family.isOver && family.refresh === token) return issue(family, now, ways.rotates ? null : token);
      refreshes.refused += 1;
      if (family) family.isOver = true; // a used one was presented: theft, or two clients that share it
      return null;
    },
    isGood(token = '', now) {
      const end = ends.get(token);
      return end !== undefined && families.get(token)?.isOver === false && (end === null || end > now);
    },
    revoke(token) {
      const family = families.get(token);
      if (family) family.isOver = true;
      return family !== undefined;
    },
    revokeAll() {
      for (const family of families.values()) family.isOver = true;
    },
  };
}
