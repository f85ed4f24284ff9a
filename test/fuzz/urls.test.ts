/**
 * Comparisons of redirect URIs and resources, beside two others: WHATWG URL, as browsers and clients read it, and plain bytes. What we take
 * for the same must be the same place to a browser; what is the same to the byte must be the same to us. Mutations begin with URLs that
 * have led parsers apart before.
 */
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { OAuthError } from '../../src/model/error.ts';
import { answerTo, checkRedirectUri, findRedirect } from '../../src/model/redirect.ts';
import { canonicalResource, findResource, type Resource } from '../../src/model/resource.ts';

const MILLISECONDS = inject('full') ? 60_000 : 1500;

/** Where clients live, and what has been mistaken for it. */
const SEEDS = [
  'https://client.example/cb', 'https://client.example/cb?a=1', 'https://client.example:443/cb', 'https://client.example./cb',
  'https://CLIENT.example/cb', 'https://client.example/cb/', 'https://client.example/%63b', 'https://client.example/./cb',
  'https://client.example/x/../cb', 'https://client.example//cb', 'https://client.example\\@evil.example/cb',
  'https://client.example@evil.example/cb', 'https://evil.example#https://client.example/cb', 'https://client.example%2eevil.example/cb',
  'https://client.example%00.evil.example/cb', 'https://ⅽlient.example/cb', 'https://xn--client.example/cb', 'https:client.example/cb',
  'https:/client.example/cb', 'https:\\\\client.example\\cb', 'https://client.example/cb\t', ' https://client.example/cb',
  'http://localhost:1234/cb', 'http://localhost/cb', 'http://127.0.0.1:1/cb', 'http://[::1]:9/cb', 'http://127.1/cb', 'http://0x7f.0.0.1/cb',
  'http://2130706433/cb', 'http://localhost.evil.example/cb', 'http://localhost:80@evil.example/cb', 'http://localhost:99999/cb',
  'http://LOCALHOST/cb', 'http://localhost:/cb', 'http://[::ffff:127.0.0.1]/cb', 'http://127.0.0.1:08/cb', 'cursor://host/cb', 'com.app:/cb',
  'https://mcp.example/mcp', 'https://mcp.example/mcp/', 'https://mcp.example', 'https://mcp.example/', 'https://MCP.example/mcp',
  'https://mcp.example:443/mcp', 'https://mcp.example/%6dcp', 'https://mcp.example/mcp?x=1', 'https://mcp.example/mcp#f', 'https://mcp.example/mcp/..',
] as const; // prettier-ignore

const url: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...SEEDS),
  fc
    .tuple(fc.constantFrom(...SEEDS), fc.nat(40), fc.constantFrom('', '/', '.', '..', '%2f', '%2e', '\\', '@', '#', '?', ':', '\t', '\n', '%00', 'é', '。', '／', ';'), fc.nat(4))
    .map(([text, at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut)),
  fc.webUrl({ validSchemes: ['https', 'http'], withQueryParameters: true, withFragments: true }),
); // prettier-ignore

function orNull<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof OAuthError) return null;
    throw error;
  }
}

/** Where a browser goes, apart from the port. */
const placeOf = (text: string): readonly string[] => {
  const { protocol, hostname, pathname, search } = new URL(text);
  return [protocol, hostname, pathname, search];
};
const isLoopback = (text: string): boolean => /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/?]/.test(text);

describe('comparisons of URLs beside those of others', () => {
  it('take a redirect URI only where a browser goes to the registered place (SEC-010, SEC-011)', () => {
    fc.assert(
      fc.property(url, url, fc.constantFrom('native', 'web'), (registered, wanted, applicationType) => {
        if (orNull(() => checkRedirectUri(registered)) === null) return;
        const found = orNull(() => findRedirect({ redirectUris: [registered], applicationType }, wanted));
        if (found === null) return;
        expect(placeOf(found)).toEqual(placeOf(registered));
        const samePort = new URL(found).port === new URL(registered).port;
        expect(samePort || (applicationType === 'native' && isLoopback(found))).toBe(true);
        const answer = answerTo(found, { code: 'c', state: 's&s', iss: 'https://mcp.example' });
        expect(placeOf(answer).slice(0, 3)).toEqual(placeOf(registered).slice(0, 3));
        expect(new URL(answer).searchParams.getAll('state')).toEqual(['s&s']);
      }),
      { numRuns: 100_000, interruptAfterTimeLimit: MILLISECONDS },
    );
  });

  it('take a registered redirect URI that comes back to the byte, and no other spelling of an https one', () => {
    fc.assert(
      fc.property(url, url, (registered, wanted) => {
        const kind = orNull(() => checkRedirectUri(registered));
        if (kind !== 'https') return;
        const find = (text: string): string | null =>
          orNull(() => findRedirect({ redirectUris: [registered], applicationType: 'native' }, text));
        expect(find(registered)).toBe(registered);
        if (wanted !== registered) expect(find(wanted)).toBeNull();
      }),
      { numRuns: 100_000, interruptAfterTimeLimit: MILLISECONDS },
    );
  });

  it('take a resource only where a browser would send the call to it (S-043)', () => {
    const resources: readonly Resource[] = ['https://mcp.example/mcp', 'https://mcp.example'].map((uri) => ({
      uri,
      path: '/mcp',
      metadataPath: '',
      requiredScopes: [],
    }));
    fc.assert(
      fc.property(url, (asked) => {
        const found = orNull(() => findResource([asked], { resources, defaultResource: null }));
        if (found === null) return;
        const [protocol, hostname, pathname] = placeOf(asked);
        const [itsProtocol, itsHost, itsPath = ''] = placeOf(found.uri);
        expect([protocol, hostname]).toEqual([itsProtocol, itsHost]);
        expect([itsPath, `${itsPath}/`]).toContain(pathname);
      }),
      { numRuns: 100_000, interruptAfterTimeLimit: MILLISECONDS },
    );
  });

  it('give one name to two spellings of a resource only where they are one to a browser', () => {
    fc.assert(
      fc.property(url, url, (one, other) => {
        const [a, b] = [canonicalResource(one), canonicalResource(other)];
        if (a === null || a !== b) return;
        expect(new URL(one).href.replace(/\/$/, '')).toBe(new URL(other).href.replace(/\/$/, ''));
      }),
      {
        numRuns: 100_000,
        interruptAfterTimeLimit: MILLISECONDS,
        examples: SEEDS.flatMap((one) => SEEDS.map((other): [string, string] => [one, other])),
      },
    );
  });
});
