/** Stytch and WorkOS as authorization servers: the examples as they stand, the SDK's client, and vendors of the documented shapes. */
import { afterAll, beforeAll, expect, describe, it, vi } from 'vitest';
import { makeBrowser } from '../../src/testing/browser.ts';
import { makeVendor, type Vendor } from '../support/vendor.ts';
import { connectTo, fetchOn } from './client.ts';

type App = { fetch(request: Request, env: never): Promise<Response> };

const MCP = 'https://mcp.example/mcp';
let [workos, stytch]: [Vendor, Vendor] = [] as never;
let apps: { workos: App; stytch: App };
const asked: { readonly path: string; readonly body: Record<string, unknown> }[] = [];

/** Stytch's API, as far as a consent page of one's own needs it. */
const stytchApi: typeof fetch = async (input) => {
  const request = new Request(input as RequestInfo);
  const body = (await request.json()) as Record<string, unknown>;
  asked.push({ path: new URL(request.url).pathname, body });
  if (request.headers.get('authorization') !== `Basic ${btoa('project-test-11111111-1111-4111-8111-111111111111:s3cret')}`)
    return new Response(null, { status: 401 });
  if (request.url.endsWith('/start')) return Response.json({ client_name: '<b>Example</b>', consent_required: true });
  const query = new URLSearchParams(Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  query.set('resource', MCP);
  const denied = `${query.get('redirect_uri')}?error=access_denied&state=${query.get('state')}`;
  return Response.json({ redirect_uri: body['consent_granted'] === true ? stytch.allow(query) : denied });
};

beforeAll(async () => {
  workos = await makeVendor({ issuer: 'https://acme.authkit.app', jwks: 'https://acme.authkit.app/oauth2/jwks' });
  stytch = await makeVendor({
    issuer: 'https://acme.customers.stytch.dev',
    jwks: 'https://acme.customers.stytch.dev/.well-known/jwks.json',
    authorizationEndpoint: 'https://mcp.example/oauth/authorize',
    audience: () => ['project-test-11111111-1111-4111-8111-111111111111'],
  });
  const network = { 'acme.authkit.app': workos.fetch, 'acme.customers.stytch.dev': stytch.fetch, 'test.stytch.com': stytchApi };
  vi.stubGlobal('fetch', fetchOn(network));
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  const found = await Promise.all([import('../../examples/workos/app.ts'), import('../../examples/stytch/app.ts')]);
  apps = { workos: found[0].app as App, stytch: found[1].app as App };
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('examples/workos', () => {
  it('shows the tools of the role, refreshes tokens of minutes by itself, and takes tools away with the role', async () => {
    const mcp: typeof fetch = (request) => apps.workos.fetch(request as Request, {} as never);
    workos.claims = { sub: 'user_1', org_id: 'org_1', role: 'admin', permissions: ['invoices:read', 'invoices:refund'] };
    const network = fetchOn({ 'mcp.example': mcp, 'acme.authkit.app': workos.fetch });
    const admin = await connectTo(MCP, network, async (url) => (await workos.fetch(url)).headers.get('location') ?? '');
    expect(await admin.tools()).toEqual(['whoami', 'readInvoice', 'refund']);
    expect(await admin.say('refund', { id: 'A7' })).toBe('Invoice A7 paid back by user_1.');

    workos.claims = { sub: 'user_1', org_id: 'org_1', role: 'member', permissions: ['invoices:read'] };
    vi.setSystemTime(Date.now() + 331_000); // the token lived five minutes
    expect(await admin.tools()).toEqual(['whoami', 'readInvoice']);
    expect(workos.grants).toEqual(['authorization_code', 'refresh_token']);
    const refused = await admin.client.callTool({ name: 'refund', arguments: { id: 'A7' } });
    expect([refused.isError, JSON.stringify(refused.content)]).toEqual([true, expect.stringContaining('permission')]);
    expect(await admin.say('whoami')).toBe('user_1, member');
    await admin.client.close();
  });
});

describe('examples/stytch', () => {
  const env = { STYTCH_SECRET: 's3cret' } as never;
  const send = (request: Request): Promise<Response> => apps.stytch.fetch(request, env);
  const network = (): typeof fetch =>
    fetchOn({ 'mcp.example': (request) => send(request as Request), 'acme.customers.stytch.dev': stytch.fetch });
  const withSession = (decision: string) => async (url: string) => {
    const browser = makeBrowser(send);
    browser.cookies.set('stytch_session_jwt', 'session.of.member');
    const page = await browser.get(url);
    expect([page.text.includes('<b>Example'), page.text.includes('<b>localhost</b>')]).toEqual([false, true]);
    return (
      await browser.submit({ ...page, text: page.text.replace('<form', `<form action="${url.replaceAll('&', '&#38;')}"`) }, { decision })
    ).location!;
  };

  it('asks for consent on its own page and lets a role close tickets', async () => {
    const session = { 'https://stytch.com/session': { roles: ['stytch_member', 'stytch_admin'] } };
    stytch.claims = {
      sub: 'member-test-1',
      scope: 'openid tickets',
      'https://stytch.com/organization': { organization_id: 'o1' },
      ...session,
    };
    const admin = await connectTo(MCP, network(), withSession('allow'));
    expect(asked.map(({ path }) => path)).toEqual(['/v1/b2b/idp/oauth/authorize/start', '/v1/b2b/idp/oauth/authorize']);
    expect(asked.at(-1)?.body).toMatchObject({ session_jwt: 'session.of.member', consent_granted: true, client_id: 'client-1' });
    expect(await admin.say('list')).toBe('Tickets of member-test-1: 1, 2');
    expect(await admin.say('closeAll')).toBe('All closed.');

    stytch.claims = { ...stytch.claims, 'https://stytch.com/session': { roles: ['stytch_member'] } };
    vi.setSystemTime(Date.now() + 331_000);
    expect(await admin.say('closeAll')).toBe('Permission denied: requires tickets:close');
    await admin.client.close();
  });

  it('sends a user without a session to the login, and rejects a form of another site', async () => {
    const query = '?client_id=client-1&redirect_uri=http%3A%2F%2Flocalhost%3A3334%2Fcallback';
    const nobody = await send(new Request(`https://mcp.example/oauth/authorize${query}`));
    expect([nobody.status, nobody.headers.get('location')]).toEqual([303, expect.stringContaining('/login?next=')]);
    const headers = { cookie: 'stytch_session_jwt=session.of.member', origin: 'https://evil.example' };
    const forged = await send(
      new Request(`https://mcp.example/oauth/authorize${query}`, { method: 'POST', body: 'decision=allow', headers }),
    );
    expect(forged.status).toBe(403);
  });
});
