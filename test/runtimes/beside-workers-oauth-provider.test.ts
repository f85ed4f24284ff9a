/**
 * Beside workers-oauth-provider 1.2.3: the inputs that real clients send, to both servers. Whatever it lets in and we refuse stands in
 * docs/reference/beside-workers-oauth-provider.md with the security reason, and nothing else stands there.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize, CALLBACK, called, CHALLENGE, register, RESOURCE, SECRET, type Side, signIn, startOurs, startTheirs, token, VERIFIER } from '../support/beside.ts'; // prettier-ignore

const page = readFileSync(new URL('../../docs/reference/beside-workers-oauth-provider.md', import.meta.url), 'utf8');
/** What the page names, by row and input. */
const written = new Set([...page.matchAll(/^\| (R-\d\d) \| ([^|]+) \|/gm)].map(([, row, input]) => `${row}: ${input?.trim()}`));

/** Whether an input is let in. */
type Try = (side: Side) => Promise<boolean>;

const refreshed =
  (scope: string, asked = scope): Try =>
  async (side) => {
    const came = await signIn(side, { asked: { scope: asked } });
    const again = came && (await token(side, { grant_type: 'refresh_token', client_id: came.id, refresh_token: came.tokens['refresh_token'] ?? '', scope })); // prettier-ignore
    return called(side, again);
  };
const asking =
  (asked: Record<string, string | string[]>, redeemed: Record<string, string | string[]> = {}): Try =>
  async (side) =>
    called(side, (await signIn(side, { asked, redeemed }))?.tokens ?? null);
const withBody =
  (contentType: string): Try =>
  async (side) =>
    called(side, (await signIn(side, { headers: { 'content-type': contentType } }))?.tokens ?? null);
const registered =
  (metadata: object): Try =>
  async (side) =>
    (await register(side, metadata)) !== null;
const preflight =
  (path: string, header: string): Try =>
  async ({ send }) => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': header };
    const answer = await send(path, { method: 'OPTIONS', headers });
    const allowed = (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/\s*,\s*/);
    return answer.ok && (allowed.includes('*') || allowed.includes(header));
  };
/** The client that the operator made, with its secret in one way or the other. */
const bySecret =
  (fields: Record<string, string>, basic: string | null): Try =>
  async (side) => {
    const made = await side.send('/made', { method: 'POST', body: JSON.stringify({ secret: SECRET, redirectUris: [CALLBACK] }) });
    const { client_id: id } = (await made.json()) as { client_id: string };
    const code = (await authorize(side, id, { resource: RESOURCE }))?.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: CALLBACK };
    if (basic === null) return called(side, await token(side, { ...form, client_id: id, ...fields }));
    return called(side, await token(side, form, { authorization: `Basic ${btoa(`${id}:${basic}`)}` }));
  };
const withOrigin =
  (origin: string): Try =>
  async (side) =>
    called(side, (await signIn(side))?.tokens ?? null, '/mcp', { origin });
const PRIVATE = 'cursor://anysphere.cursor-mcp/oauth/callback';

const INPUTS: Readonly<Record<string, Try>> = {
  'R-04: refresh with a scope other than the required one': refreshed('write'),
  'R-05: refresh with the scope of the request, unknown names in it': refreshed('read offline_access demo:use'),
  'R-06: offline_access beside another scope': async (side) => Boolean((await signIn(side, { asked: { scope: 'read offline_access' } }))?.tokens['refresh_token']),
  'R-07: a private-use redirect URI beside others': registered({ redirect_uris: [PRIVATE, 'https://app.example/cb', CALLBACK] }),
  'R-07: a sign-in that ends at a private-use redirect URI': async (side) => called(side, (await signIn(side, { asked: { redirect_uri: PRIVATE }, metadata: { redirect_uris: [PRIVATE, CALLBACK] } }))?.tokens ?? null),
  'R-08: the same resource twice at authorize': asking({ resource: [RESOURCE, RESOURCE] }),
  'R-08: the same resource twice at the token endpoint': asking({}, { resource: [RESOURCE, RESOURCE] }),
  'R-09: a client without a chosen method, secret in the body': bySecret({ client_secret: SECRET }, null),
  'R-10: Basic without form-encoding': bySecret({}, SECRET),
  'R-10: Basic with form-encoding': bySecret({}, new URLSearchParams({ x: SECRET }).toString().slice(2)),
  'R-11: the resource with a slash at its end': asking({ resource: `${RESOURCE}/` }),
  'R-11: a call at the path with a slash': async (side) => called(side, (await signIn(side))?.tokens ?? null, '/mcp/'),
  'R-12: no resource at all': asking({}),
  'R-13: only unknown scopes': asking({ scope: 'demo:use other' }),
  'R-14: a call from a page of another site': withOrigin('https://app.example'),
  'R-14: a call from a desktop app': withOrigin('tauri://localhost'),
  'R-14: a call with Origin null': withOrigin('null'),
  'R-18: charset=utf8': withBody('application/x-www-form-urlencoded; charset=utf8'),
  'R-18: charset=us-ascii': withBody('application/x-www-form-urlencoded; charset=us-ascii'),
  'R-18: charset=ISO-8859-1': withBody('application/x-www-form-urlencoded; charset=ISO-8859-1'),
  'R-19: a state of 4,000 characters': asking({ state: 's'.repeat(4000) }),
  'R-19: a state of 4,097 characters': asking({ state: 's'.repeat(4097) }),
  'R-19: HEAD of the authorization endpoint': async (side) => {
    const id = (await register(side)) ?? '';
    const query = new URLSearchParams({ response_type: 'code', client_id: id, redirect_uri: CALLBACK, code_challenge: CHALLENGE, code_challenge_method: 'S256', state: 'x' });
    return (await side.send(`/authorize?${query}`, { method: 'HEAD' })).status < 400;
  },
  'R-20: a link into the local network that is only shown': registered({ client_uri: 'http://192.168.1.2/app' }),
  'R-20: a logo that is a data URL': registered({ logo_uri: 'data:image/png;base64,AAAA' }),
  'R-20: a scope that is a list': registered({ scope: ['a'] }),
  'R-20: members that are null': registered({ client_uri: null, logo_uri: null, contacts: null, scope: null }),
  'R-21: a preflight with traceparent at metadata': preflight('/.well-known/oauth-authorization-server', 'traceparent'),
  'R-21: a preflight with traceparent at the token endpoint': preflight('/token', 'traceparent'),
  'R-21: a preflight with ngrok-skip-browser-warning at registration': preflight('/register', 'ngrok-skip-browser-warning'),
  'R-22: after the same code came twice, the tokens go on': async (side) => {
    const id = (await register(side)) ?? '';
    const code = (await authorize(side, id))?.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id: id, code, code_verifier: VERIFIER, redirect_uri: CALLBACK };
    const first = await token(side, form);
    await token(side, form);
    return called(side, first);
  },
  // Last, since it uses up the attempts of this address.
  'R-15: 150 registrations from one address': async (side) => {
    for (let n = 0; n < 150; n++) if ((await register(side)) === null) return false;
    return true;
  },
}; // prettier-ignore

describe('beside workers-oauth-provider 1.2.3', () => {
  let [ours, theirs]: [Side | null, Side | null] = [null, null];
  const letInThere: string[] = [];
  beforeAll(async () => void ([ours, theirs] = await Promise.all([startOurs(), startTheirs()])));
  afterAll(async () => theirs?.stop());

  it.each(Object.entries(INPUTS))('%s: is accepted here if it is there, or refused for a documented reason', async (name, letsIn) => {
    if (!ours || !theirs) throw new Error('The servers did not start.');
    const [there, here] = [await letsIn(theirs), await letsIn(ours)];
    if (there) letInThere.push(name);
    expect({ name, written: written.has(name), differs: there && !here }).toEqual({
      name,
      written: there && !here,
      differs: there && !here,
    });
  });

  it('documents no other difference than these', () => {
    expect([...written].filter((name) => !Object.hasOwn(INPUTS, name))).toEqual([]);
    expect(letInThere.length, 'the other server is really asked').toBeGreaterThan(15);
    for (const [line] of page.matchAll(/^\| R-.*$/gm)) expect(line).toMatch(/\| (?:SEC|S)-\d{3} \|$/);
  });
});
