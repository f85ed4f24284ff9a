import { describe, expect, it, vi } from 'vitest';
import type { Callback } from '../../src/cli/callback.ts';
import { type CredentialParts, type Credentials, makeCredentials } from '../../src/cli/credentials.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

const URL_OF = 'https://mcp.example/mcp';
const TOKENS = { access_token: 'a', token_type: 'Bearer' };

interface World {
  readonly made: Credentials;
  readonly session: CredentialParts['session'];
  readonly lines: string[];
  readonly opened: string[];
  readonly asked: unknown[];
}

function make(more: Partial<CredentialParts> = {}): World {
  const [lines, opened, asked]: [string[], string[], unknown[]] = [[], [], []];
  const terminal: Terminal = { out: () => undefined, err: (line) => void lines.push(line), open: (url) => void opened.push(url), after: () => () => undefined };
  const answer = (...given: unknown[]): Promise<URLSearchParams> => {
    asked.push(given);
    return Promise.reject(new Error('No answer came.'));
  };
  const callback = { port: 4711, redirectUri: 'http://127.0.0.1:4711/callback', answer } as unknown as Callback;
  const session = { url: URL_OF, port: 0 };
  const made = makeCredentials({ session, kept: null, callback, terminal, scope: undefined, timeout: 9, opensBrowser: true, ...more });
  return { made, session: more.session ?? session, lines, opened, asked };
} // prettier-ignore

/** A document for each step: both, or what is missing. */
const found = (more: object = {}): never =>
  ({ authorizationServerUrl: 'https://as.example', resourceMetadata: {}, authorizationServerMetadata: { issuer: 'https://as.example' }, ...more }) as never; // prettier-ignore

describe('cli/credentials', () => {
  it('registers a public client for a code, and for refresh tokens only where they are kept', () => {
    const metadata = { client_name: 'Portcullis connect', redirect_uris: ['http://127.0.0.1:4711/callback'], response_types: ['code'], token_endpoint_auth_method: 'none' }; // prettier-ignore
    expect(make().made.provider.clientMetadata).toEqual({ ...metadata, grant_types: ['authorization_code'] });
    const grant_types = ['authorization_code', 'refresh_token'];
    expect(make({ kept: () => undefined }).made.provider.clientMetadata).toEqual({ ...metadata, grant_types });
  });

  it('keeps client, port and tokens in the session, and says when it changed', async () => {
    const kept = vi.fn();
    const { made, session } = make({ kept });
    await made.provider.saveClientInformation?.({ client_id: 'c' });
    await made.provider.saveTokens(TOKENS);
    expect([session, kept.mock.calls.length]).toEqual([{ url: URL_OF, port: 4711, client: { client_id: 'c' }, tokens: TOKENS }, 2]);
    expect([await made.provider.clientInformation(), await made.provider.tokens()]).toEqual([{ client_id: 'c' }, TOKENS]);
    expect(await made.provider.codeVerifier()).toBe('');
    await made.provider.saveCodeVerifier('v');
    expect(await made.provider.codeVerifier()).toBe('v');
  });

  it.each([
    ['all', [undefined, undefined, undefined]],
    ['client', [undefined, 'tokens', 'discovery']],
    ['tokens', ['client', undefined, 'discovery']],
    ['discovery', ['client', 'tokens', undefined]],
    ['verifier', ['client', 'tokens', 'discovery']],
  ] as const)('forgets %s, and nothing more', async (what, left) => {
    const { made, session } = make();
    await made.provider.saveClientInformation?.({ client_id: 'c' });
    await made.provider.saveTokens(TOKENS);
    await made.provider.saveDiscoveryState?.(found());
    await made.provider.invalidateCredentials?.(what);
    expect([session.client && 'client', session.tokens && 'tokens', made.discovered() && 'discovery']).toEqual(left);
  });

  it('says where to sign in, opens the page where it may, and waits for the answer with that state', async () => {
    const { made, lines, opened, asked } = make();
    expect(made.takeAnswer()).toBeNull();
    const state = await made.provider.state?.();
    await made.provider.redirectToAuthorization(new URL('https://as.example/authorize?a=1'));
    expect(lines).toEqual([
      `The sign-in for ${URL_OF} is at https://as.example.`,
      'Sign in on the page that opens now, or open it yourself:\n  https://as.example/authorize?a=1',
    ]);
    expect([opened, asked]).toEqual([['https://as.example/authorize?a=1'], [[state, 9]]]);
    await expect(made.takeAnswer()).rejects.toThrow();
    expect(made.takeAnswer()).toBeNull();
    const other = make({ opensBrowser: false });
    await other.made.provider.saveDiscoveryState?.(found({ authorizationServerMetadata: { issuer: 'https://id.example' } }));
    expect(await other.made.provider.discoveryState?.()).toBe(other.made.discovered());
    expect(other.made.discovered()).toMatchObject({ authorizationServerUrl: 'https://as.example' });
    await other.made.provider.redirectToAuthorization(new URL('http://localhost:1/authorize'));
    expect(other.lines).toEqual([`The sign-in for ${URL_OF} is at https://id.example.`, 'Open this page to sign in:\n  http://localhost:1/authorize']);
    expect([other.opened, other.asked]).toEqual([[], [['', 9]]]);
  }); // prettier-ignore

  it('asks for the scopes of the command at the first sign-in alone', async () => {
    for (const [scope, tokens, shown] of [
      ['read', undefined, 'read'],
      ['read', TOKENS, null],
      [undefined, undefined, null],
    ] as const) {
      // prettier-ignore
      const { made } = make({ scope, session: { url: URL_OF, port: 0, tokens } });
      const url = new URL('https://as.example/authorize');
      await made.provider.redirectToAuthorization(url);
      expect(url.searchParams.get('scope')).toBe(shown);
    }
  });

  it('opens nothing that is no web page, and goes no further without metadata', () => {
    const { made, opened } = make();
    expect(() => made.provider.redirectToAuthorization(new URL('file:///etc/passwd'))).toThrow('The server names a sign-in page that is not a web page (file:). Tell its operator.'); // prettier-ignore
    expect(opened).toEqual([]);
    const save = (more: object) => () => made.provider.saveDiscoveryState?.(found({ authorizationServerMetadata: undefined, ...more }));
    expect(save({})).toThrow(`https://as.example publishes no authorization server metadata (RFC 8414), so no one can sign in there. Tell the operator of ${URL_OF}.`); // prettier-ignore
    expect(save({ resourceMetadata: undefined })).toThrow(`${URL_OF} refuses without saying where to sign in`);
    expect(made.discovered()).toBeUndefined();
  });
});
