/** The longest and worst texts for every reader of input: none may take its time (SEC-173, SEC-175). In workerd the clock stands still while code runs, so there only the test's own time limit counts. */
import { describe, expect, it } from 'vitest';
import { parseBasic } from '../../src/clients/confidential.ts';
import { parseMetadata } from '../../src/clients/metadata.ts';
import { guard } from '../../src/guard/guard.ts';
import { fromBase64url } from '../../src/lib/bytes.ts';
import { networkOf, parseFields, quoted, readCookie } from '../../src/lib/http.ts';
import { parseJson } from '../../src/lib/json.ts';
import { parseLoopback } from '../../src/lib/url.ts';
import { checkChallenge, checkVerifier } from '../../src/model/pkce.ts';
import { checkRedirectUri } from '../../src/model/redirect.ts';
import { canonicalResource } from '../../src/model/resource.ts';
import { parseScope } from '../../src/model/scope.ts';
import { kindOf } from '../../src/model/token.ts';
import { makeApp } from '../support/app.ts';

const LENGTH = 100_000;
const fill = (text: string): string => text.repeat(Math.ceil(LENGTH / text.length));
const WORST = [
  'a',
  ' ',
  '"',
  '\\"',
  '"\\',
  '=',
  '; ',
  ';a=',
  ':',
  '/',
  '//',
  '@',
  'http://',
  '#',
  '%41',
  '%',
  '+',
  '&a',
  '[',
  '{"a":',
  '.',
  '-',
  '::',
  ', ',
  'é',
  '\0',
].map(fill);
const SHAPES = [
  (text: string) => text,
  (text: string) => `https://${text}`,
  (text: string) => `http://localhost:1/${text}!`,
  (text: string) => `Basic ${text}`,
  (text: string) => `{"redirect_uris":["${text}`,
];

const check = guard({ resource: 'https://mcp.example/mcp', authorizationServers: ['https://mcp.example'], verify: () => null });
const READERS: { readonly [name: string]: (text: string) => unknown } = {
  parseBasic, fromBase64url, parseFields, quoted, networkOf, parseLoopback, checkVerifier, checkRedirectUri, canonicalResource, parseScope, kindOf,
  checkChallenge: (text) => checkChallenge(text, text),
  readCookie: (text) => readCookie(text, '__Host-portcullis-session'),
  parseJson: (text) => parseJson(text, 16),
  'parseJson, one text': (text) => parseJson(JSON.stringify(text), 16),
  parseMetadata: (text) => parseMetadata(text, ['authorization_code']),
  'parseMetadata, name': (text) => parseMetadata(JSON.stringify({ redirect_uris: ['https://a.example/cb'], client_name: text, client_uri: text }), ['authorization_code']),
}; // prettier-ignore

/** Milliseconds, for a slow machine: what grows with the square of the length takes longer on a fast one. */
const ENOUGH = 5000;

/** The machine may be busy with something else once, and not every time. */
function quickest(run: () => void): number {
  let least = Infinity;
  for (let turn = 0; turn < 3 && least >= ENOUGH; turn++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

describe('hostile lengths', () => {
  it('SEC-119 SEC-175 take the token endpoint no time, in a header before the credentials', async () => {
    const app = await makeApp('memory');
    for (const worst of WORST.filter((text) => /^[\x20-\x7e]+$/.test(text))) {
      const start = performance.now();
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      for (const authorization of [`Bearer${worst}x y`, `Bearer t${worst}x y`, `DPoP ${worst}, Basic ${worst}x`])
        expect((await app.ask('POST', '/token', 'grant_type=refresh_token&client_id=x', { ...form, authorization })).status).toBeLessThan(
          402,
        );
      expect([worst.slice(0, 8), performance.now() - start < ENOUGH]).toEqual([worst.slice(0, 8), true]);
    }
  });

  it.each(Object.keys(READERS))('SEC-175 take %s no time', (name) => {
    for (const worst of WORST) {
      for (const shape of SHAPES) {
        const text = shape(worst);
        const took = quickest(() => {
          try {
            READERS[name]?.(text);
          } catch (error) {
            expect(error).toHaveProperty('code'); // a refusal in our own words, not an accident
          }
        });
        expect([worst.slice(0, 8), took < ENOUGH]).toEqual([worst.slice(0, 8), true]);
      }
    }
  });

  it('SEC-119 SEC-175 take the guard no time', async () => {
    for (const worst of WORST.filter((text) => /^[\x20-\x7e]+$/.test(text))) {
      const start = performance.now();
      const verdict = await check(new Request('https://mcp.example/mcp', { headers: { authorization: `Bearer ${worst}x` } }));
      expect([(verdict as Response).status, performance.now() - start < ENOUGH]).toEqual([401, true]);
    }
  });
});
