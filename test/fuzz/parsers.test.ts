/**
 * Fuzzing of everything that reads what strangers send: from the corpus and mutations of it, for a bounded time. A parser may refuse in
 * the one way it says it does; it never throws anything else, never takes long, and what it takes has the form it promises.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBasic } from '../../src/clients/confidential.ts';
import { parseMetadata } from '../../src/clients/metadata.ts';
import { clientOf } from '../../src/clients/metadata-document.ts';
import { guard } from '../../src/guard/guard.ts';
import { parseFields, readCookie } from '../../src/lib/http.ts';
import { parseJson } from '../../src/lib/json.ts';
import { ownPath } from '../../src/lib/url.ts';
import { parseAssertion } from '../../src/model/assertion.ts';
import { OAuthError } from '../../src/model/error.ts';
import { paramsOf } from '../../src/model/params.ts';
import { checkChallenge, checkVerifier } from '../../src/model/pkce.ts';
import { answerTo, checkRedirectUri, findRedirect } from '../../src/model/redirect.ts';
import { canonicalResource } from '../../src/model/resource.ts';
import { parseScope } from '../../src/model/scope.ts';
import { grantIdOf, kindOf } from '../../src/model/token.ts';
import { CORPUS } from './corpus.ts';

const RULES = { canFetch: true, isLoopback: false, grantTypes: ['authorization_code'] };
/** For each parser; runs beyond it are left out, and what was run has passed. */
const MILLISECONDS = 1500;
/** What a text may take on a slow machine (SEC-173, SEC-175): what grows with the square of its length takes longer on a fast one. */
const SLOWEST = 5000;

/** A text of the corpus, a piece of one, two of them together, one that is long, or anything. */
const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...CORPUS),
  fc.tuple(fc.constantFrom(...CORPUS), fc.nat(80), fc.string({ unit: 'binary', maxLength: 8 }), fc.nat(80)).map(([text, at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut)),
  fc.tuple(fc.constantFrom(...CORPUS), fc.constantFrom('', ' ', '&', ',', '\n', '%'), fc.constantFrom(...CORPUS)).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom(...CORPUS), fc.integer({ min: 1, max: 3000 })).map(([text, times]) => text.repeat(times).slice(0, 100_000)),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.json(),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
); // prettier-ignore

async function fuzz(check: (text: string) => unknown, inputs: fc.Arbitrary<string> = hostile): Promise<void> {
  let slowest = 0;
  const timed = async (text: string): Promise<void> => {
    let quickest = Infinity; // what was slow is tried again: the machine may have been busy with other things
    for (let tries = 0; tries < 3 && quickest > SLOWEST; tries++) {
      const began = performance.now();
      await check(text);
      quickest = Math.min(quickest, performance.now() - began);
    }
    slowest = Math.max(slowest, quickest);
  };
  for (const text of CORPUS) await timed(text);
  const examples = CORPUS.map((text): [string] => [text]);
  await fc.assert(fc.asyncProperty(inputs, timed), { numRuns: 3000, interruptAfterTimeLimit: MILLISECONDS, examples });
  expect(slowest).toBeLessThan(SLOWEST);
}

/** The result; null for the refusal that a parser is allowed. */
function orRefused<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof OAuthError && error.status < 500) return null;
    throw error;
  }
}

describe('fuzz', () => {
  it('forms: every field is text without NUL, and nothing of it is a property of an object (SEC-169)', () =>
    fuzz((text) => {
      const fields = parseFields(text);
      if (fields === null) return;
      expect([...fields.values()].flat().some((value) => value.includes('\0'))).toBe(false);
      const params = paramsOf(fields);
      for (const name of [...[...fields.keys()].slice(0, 20), '__proto__', 'toString']) {
        const value = orRefused(() => params.optional(name));
        expect(value === undefined || value === null || (typeof value === 'string' && value !== '')).toBe(true);
      }
      expect(Object.prototype).not.toHaveProperty('a');
    }));

  it('JSON: no deeper than allowed, no name twice, no prototype touched', () =>
    fuzz((text) => {
      const value = parseJson(text, 4);
      if (value === undefined) return;
      expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
      expect(depthOf(value)).toBeLessThanOrEqual(4);
      expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    }));

  it('Basic credentials: an id and a secret, or nothing', () =>
    fuzz((text) => {
      for (const header of [text, `Basic ${text}`, `Basic ${btoa(unescape(encodeURIComponent(text.toWellFormed())).slice(0, 3000))}`]) {
        const shown = parseBasic(header);
        expect(shown === null || (shown.id.length > 0 && shown.secret.length > 0)).toBe(true);
      }
    }));

  it('Bearer tokens: passed to the verifier unchanged and in visible ASCII only, or refused with 401', async () => {
    const asked: string[] = [];
    const check = guard({
      resource: 'https://mcp.example/mcp',
      authorizationServers: ['https://mcp.example'],
      verify: (token) => (asked.push(token), null),
    });
    await fuzz(async (text) => {
      const value = text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
      for (const authorization of [value, `Bearer ${value}`]) {
        const verdict = await check(new Request('https://mcp.example/mcp', { headers: { authorization } }));
        expect((verdict as Response).status).toBe(401);
      }
    });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((token) => !/^[\x21-\x7e]+$/.test(token))).toEqual([]);
  });

  it('redirect URIs: what passes leads to the host it names, over https or to this computer, and the answer stays on it (SEC-001)', () =>
    fuzz((text) => {
      const kind = orRefused(() => checkRedirectUri(text));
      if (kind === null) return;
      expect(text).toMatch(/^[\x21-\x7e]+$/);
      expect(text).not.toMatch(/[#\\<>"]/);
      if (kind === 'private-use') return;
      const redirect = orRefused(() => findRedirect({ redirectUris: [text], applicationType: 'native' }, text));
      expect(redirect).toBe(text);
      if (redirect === null) return;
      const [before, after] = [new URL(text), new URL(answerTo(redirect, { code: 'c&d', state: text, iss: 'https://mcp.example' }))];
      expect([after.origin, after.pathname, after.username]).toEqual([before.origin, before.pathname, '']);
      expect([after.searchParams.getAll('code'), after.searchParams.getAll('state')]).toEqual([['c&d'], [text]]);
      expect(kind === 'https' ? before.protocol === 'https:' : ['localhost', '127.0.0.1', '[::1]'].includes(before.hostname)).toBe(true);
      expect(orRefused(() => findRedirect({ redirectUris: [text], applicationType: 'native' }, `${text}x`))).toBeNull();
    }));

  it('scopes: plain tokens, each once, few (SEC-173)', () =>
    fuzz((text) => {
      const scope = orRefused(() => parseScope(text)) ?? [];
      expect(new Set(scope).size).toBe(scope.length);
      expect(scope.length).toBeLessThanOrEqual(256);
      for (const token of scope) expect(token).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
    }));

  it('PKCE: 43 characters of S256, a verifier of 43 to 128', () =>
    fuzz((text) => {
      expect(orRefused(() => checkChallenge(text, 'S256')) ?? 'x'.repeat(43)).toMatch(/^[\w-]{43}$/);
      expect(orRefused(() => checkChallenge(text, text))).toBeNull();
      expect(orRefused(() => checkVerifier(text)) ?? 'x'.repeat(43)).toMatch(/^[\w.~-]{43,128}$/);
    }));

  it('registrations and client documents: bounded, typed, inert', () =>
    fuzz(
      (text) => {
        const registered = orRefused(() => parseMetadata(text, ['authorization_code']));
        const known = orRefused(() => clientOf('https://app.example/client.json', text, 0, RULES));
        for (const made of [registered, known])
          for (const uri of made?.redirectUris ?? []) expect(orRefused(() => checkRedirectUri(uri))).not.toBeNull();
        expect(known === null || known.id === 'https://app.example/client.json').toBe(true);
      },
      fc.oneof(hostile, documents()),
    ));

  it('tokens, assertions, resources, cookies and paths: their own form, or nothing', () =>
    fuzz((text) => {
      const kind = kindOf(text);
      expect(kind === null).toBe(['code', 'access', 'refresh'].every((one) => grantIdOf(one as 'code', text) === null));
      const assertion = parseAssertion(text);
      expect(assertion === null || typeof assertion === 'object').toBe(true);
      const resource = canonicalResource(text);
      if (resource !== null) expect(canonicalResource(resource)).toBe(resource);
      const cookie = readCookie(text, 'portcullis-session');
      expect(cookie === undefined || !/[;]/.test(cookie)).toBe(true);
      const path = ownPath(text, 'https://mcp.example');
      if (path !== null) expect(new URL(path, 'https://mcp.example').origin).toBe('https://mcp.example');
    }));
});

/** Documents whose members are of the right name and any kind. */
function documents(): fc.Arbitrary<string> {
  const any = fc.oneof(hostile, fc.jsonValue(), fc.array(hostile, { maxLength: 3 }));
  const names = ['redirect_uris', 'client_name', 'client_uri', 'logo_uri', 'scope', 'grant_types', 'response_types', 'token_endpoint_auth_method',
    'jwks', 'jwks_uri', 'application_type', 'client_id', '__proto__']; // prettier-ignore
  return fc.dictionary(fc.constantFrom(...names), any, { noNullPrototype: true }).map((members) =>
    JSON.stringify({
      client_id: 'https://app.example/client.json',
      redirect_uris: ['https://app.example/cb'],
      client_name: 'App',
      ...members,
    }),
  );
}

function depthOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
}
