/**
 * An option that is undefined is an option that is not given, for the compiler (with `exactOptionalPropertyTypes`, under which this file is
 * checked) and at run time: `issuer: process.env['ISSUER']`.
 */
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { memoryStore, OAuthProvider, upstream } from '../../src/index.ts';
import { emailCode } from '../../src/logins/email-code.ts';
import { policy } from '../../src/mcp/policy/policy.ts';
import { discord } from '../../src/upstreams/oauth2.ts';
import { github } from '../../src/upstreams/github.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';

const ABSENT = undefined as string | undefined;
const LIST = undefined as readonly string[] | undefined;
const NUMBER = undefined as number | undefined;
const FLAG = undefined as boolean | undefined;
const APP = { clientId: 'a', clientSecret: 'b' };

describe('options/undefined', () => {
  it('makes no difference to the provider', async () => {
    const sendEmail = async (): Promise<void> => {};
    const apiHandler = (): Response => new Response();
    const given = new OAuthProvider({
      apiRoute: '/mcp',
      apiHandler,
      issuer: ABSENT,
      name: ABSENT,
      secret: ABSENT,
      accessTokenTTL: NUMBER,
      scopesSupported: LIST,
      requiredScopes: LIST,
      clientRegistrationEndpoint: ABSENT,
      clientRegistration: { most: NUMBER, policy: undefined },
      monitoring: { scrapeToken: ABSENT },
      pages: { languages: undefined },
      logins: [emailCode({ sendEmail, signUp: undefined })],
    });
    const left = new OAuthProvider({ apiRoute: '/mcp', apiHandler, monitoring: {}, logins: [emailCode({ sendEmail })] });
    const metadata = async (app: typeof given): Promise<unknown> => {
      const request = new Request('http://localhost:8787/.well-known/oauth-authorization-server');
      return (await app.fetch(request, { PORTCULLIS: memoryStore() })).json();
    };
    expect(await metadata(given)).toEqual(await metadata(left));
  });

  it('makes no difference to a site, a guard, a verifier or a policy', () => {
    const of = ({ id, label }: { readonly id: string; readonly label: string }): readonly string[] => [id, label];
    const absent = { ...APP, id: ABSENT, label: ABSENT, scope: LIST, timeout: NUMBER };
    expect(of(discord(absent))).toEqual(of(discord(APP)));
    expect(of(github({ ...absent, organizations: LIST, teams: LIST }))).toEqual(of(github(APP)));
    const login = upstream(github(APP), {
      emails: LIST,
      emailDomains: LIST,
      organizations: LIST,
      keepTokens: FLAG,
    });
    expect(login.id).toBe('github');
    const issuer = 'https://as.example';
    const check = guard({
      resource: 'https://mcp.example/mcp',
      ...verifyJwt({ issuer, audience: ABSENT, types: LIST }),
      requiredScopes: LIST,
    });
    expect(check.metadata.path).toBe('/.well-known/oauth-protected-resource/mcp');
    expect(() => policy({ tools: { a: { scopes: LIST, permissions: LIST, hidden: FLAG } }, strict: FLAG })).not.toThrow();
  });
});
