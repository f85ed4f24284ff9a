/** `portcullis doctor` against small servers with one fault each: it finds the fault, where it is, and how to fix it, and nothing else. */
import { describe, expect, it } from 'vitest';
import type { CheckId } from '../../../src/cli/doctor/findings.ts';
import type { DoctorOptions } from '../../../src/cli/doctor/run.ts';
import type { Limits } from '../../../src/cli/doctor/ask.ts';
import { type Answer, type Asked, examineWith, type Fault, TOKEN } from './small-server.ts';

/** A fault, and what the doctor has to say of it. */
interface Case {
  readonly fault: string;
  readonly put: Fault;
  readonly check: CheckId;
  readonly level?: 'problem' | 'warning' | 'outage';
  /** The end of the URL, and the header or field if there is one. */
  readonly where: string;
  readonly found: RegExp;
  readonly fix: RegExp;
  readonly with?: Partial<DoctorOptions> & { readonly path?: string; readonly limits?: Partial<Limits> };
  /** Other checks that the same fault breaks. */
  readonly also?: readonly CheckId[];
}

const RESOURCE = '/.well-known/oauth-protected-resource';
const SERVER = '/.well-known/oauth-authorization-server';
const on = (path: string | RegExp, change: (answer: Answer, asked: Asked) => Answer | null | number | void): Fault =>
  (asked, answer) => ((typeof path === 'string' ? asked.path === path : path.test(asked.path)) ? change(answer, asked) : undefined); // prettier-ignore
const resource = (members: Record<string, unknown>): Fault =>
  on(/oauth-protected-resource/, ({ body }) => void Object.assign(body, members));
const server = (members: Record<string, unknown>): Fault => on(SERVER, ({ body }) => void Object.assign(body, members));
const challenge = (header: (origin: string) => string | null): Fault =>
  on('/mcp', ({ status, headers }, { origin, headers: { authorization } }) => {
    const value = header(origin);
    if (status !== 401 || authorization !== undefined) return;
    if (value === null) delete headers['www-authenticate'];
    else headers['www-authenticate'] = value;
  });
const first = (change: (answer: Answer) => Answer | null | number | void): Fault =>
  on('/mcp', (answer, { method, headers }) => (method === 'POST' && headers.authorization === undefined ? change(answer) : undefined));
const tools = (...list: Record<string, unknown>[]): Fault =>
  on('/mcp', (answer, { message }) => (message.method === 'tools/list' && answer.status === 200 ? { ...answer, body: { jsonrpc: '2.0', id: 2, result: { tools: list } } } : undefined)); // prettier-ignore
/** Changes the result of a method for callers with the token. */
const called = (method: string, change: (result: Record<string, unknown>) => void): Fault =>
  on('/mcp', ({ body, status }, { message }) => {
    if (message.method === method && status === 200 && typeof body === 'object') change(body['result'] as Record<string, unknown>);
  });
const HTML = '<!doctype html><title>Just a moment</title>';
const tool = { name: 'a', title: 'A', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };

const CASES: readonly Case[] = [
  { fault: '403 instead of 401', put: first((a) => ({ ...a, status: 403 })), check: 'challenge-status', where: '/mcp', found: /HTTP 403/, fix: /Answer 401/ },
  { fault: 'an error inside of HTTP 200', put: first((a) => ({ ...a, status: 200, body: { jsonrpc: '2.0', id: 1, error: { code: -32_001, message: 'Unauthorized' } } })), check: 'challenge-status', where: '/mcp', found: /Unauthorized/, fix: /HTTP 401/ },
  { fault: 'JSON that is no MCP', put: first((a) => ({ ...a, status: 200, body: { ok: true } })), check: 'challenge-status', where: '/mcp', found: /HTTP 200/, fix: /not an MCP endpoint/ },
  { fault: 'a page of a firewall', put: first((a) => ({ ...a, status: 403, body: HTML })), check: 'challenge-status', where: '/mcp', found: /HTML page/, fix: /firewall|bot protection/ },
  { fault: 'a path that is not there', put: first((a) => ({ ...a, status: 404 })), check: 'challenge-status', where: '/mcp', found: /HTTP 404/, fix: /often ends in \/mcp/ },
  { fault: 'a path that takes no POST', put: first((a) => ({ ...a, status: 405 })), check: 'challenge-status', where: '/mcp', found: /HTTP 405/, fix: /does not accept POST/ },
  { fault: 'the message judged before the token', put: first((a) => ({ ...a, status: 400 })), check: 'challenge-status', where: '/mcp', found: /HTTP 400/, fix: /token before the message/ },
  { fault: 'a redirect to a sign-in page', put: first((a) => ({ ...a, status: 302, headers: { location: '/login' } })), check: 'redirect', where: '/mcp, Location', found: /\/login/, fix: /Answer 401 with a challenge/ },
  { fault: 'a redirect to http', put: first((a) => ({ ...a, status: 308, headers: { location: 'http://mcp.example/mcp' } })), check: 'redirect', where: '/mcp, Location', found: /http:\/\/mcp\.example/, fix: /X-Forwarded-Proto/ },
  { fault: 'a redirect to a slash', put: first((a) => ({ ...a, status: 307, headers: { location: '/mcp/' } })), check: 'redirect', where: '/mcp, Location', found: /\/mcp\//, fix: /address that it leads to/ },
  { fault: 'no challenge', put: challenge(() => null), check: 'challenge-header', where: '/mcp, WWW-Authenticate', found: /without the header/, fix: /Bearer resource_metadata="http.*\/oauth-protected-resource\/mcp"/ },
  { fault: 'a challenge of another scheme', put: challenge(() => 'Basic realm="x"'), check: 'challenge-header', where: '/mcp, WWW-Authenticate', found: /Basic/, fix: /scheme Bearer/ },
  { fault: 'a challenge without resource_metadata', put: challenge(() => 'Bearer realm="x"'), check: 'challenge-resource-metadata', level: 'warning', where: '/mcp, WWW-Authenticate', found: /realm/, fix: /resource_metadata=/ },
  { fault: 'a resource_metadata without quotes', put: challenge((o) => `Bearer resource_metadata=${o}${RESOURCE}/mcp`), check: 'challenge-resource-metadata', level: 'warning', where: '/mcp, WWW-Authenticate', found: /resource_metadata=http/, fix: /double quotes/ },
  { fault: 'a resource_metadata that is no URL', put: challenge(() => `Bearer resource_metadata="${RESOURCE}"`), check: 'challenge-resource-metadata', where: '/mcp, WWW-Authenticate', found: /well-known/, fix: /absolute URL/ },
  { fault: 'a resource_metadata that leads nowhere', put: challenge((o) => `Bearer resource_metadata="${o}/gone"`), check: 'challenge-resource-metadata', where: '/mcp, WWW-Authenticate', found: /gone answers HTTP 404/, fix: /name the URL where it is/ },
  { fault: 'a made-up token that is accepted', put: on('/mcp', (a, { headers }) => (headers.authorization?.includes('made-this-up') ? { status: 200, headers: {}, body: {} } : undefined)), check: 'bad-token', where: '/mcp', found: /accepted/, fix: /Verify every token/ },
  { fault: 'a bad token that is not called invalid', put: on('/mcp', ({ headers }, { headers: { authorization }, origin }) => void (authorization && (headers['www-authenticate'] = `Bearer resource_metadata="${origin}${RESOURCE}/mcp"`))), check: 'bad-token', level: 'warning', where: '/mcp, WWW-Authenticate', found: /Bearer resource_metadata/, fix: /error="invalid_token"/ },
  { fault: 'a request of 2026 that is refused before its token is looked at', put: on('/mcp', (a, { headers, message }) => (message.method === 'server/discover' && !headers.authorization ? { ...a, status: 400 } : undefined)), check: 'session-2026', level: 'warning', where: '/mcp', found: /without a token: HTTP 400/, fix: /token before the message/ },
  { fault: '403 for a bad token', put: on('/mcp', (a, { headers }) => (headers.authorization ? { ...a, status: 403 } : undefined)), check: 'bad-token', where: '/mcp', found: /HTTP 403/, fix: /401 with error="invalid_token"/ },
  { fault: 'no resource metadata', put: on(/oauth-protected-resource/, () => ({ status: 404, headers: {}, body: 'no' })), check: 'resource-metadata', where: `${RESOURCE}/mcp`, found: /HTTP 404/, fix: /"resource": "http.*\/mcp"/, also: ['challenge-resource-metadata'] },
  { fault: 'a JSON error instead of the metadata', put: on(/oauth-protected-resource/, () => ({ status: 404, headers: {}, body: { error: 'not_found' } })), check: 'resource-metadata', where: `${RESOURCE}/mcp`, found: /HTTP 404/, fix: /"authorization_servers" there/, also: ['challenge-resource-metadata'] },
  { fault: 'a page instead of the metadata', put: on(/oauth-protected-resource/, () => ({ status: 200, headers: {}, body: HTML })), check: 'resource-metadata', where: `${RESOURCE}/mcp`, found: /HTML page/, fix: /Publish a JSON document/, also: ['challenge-resource-metadata'] },
  { fault: 'metadata at the root only', put: (asked, a) => { challenge((o) => `Bearer resource_metadata="${o}${RESOURCE}"`)(asked, a); return asked.path === `${RESOURCE}/mcp` ? { status: 404, headers: {}, body: 'no' } : undefined; }, check: 'resource-metadata-path', level: 'warning', where: `${RESOURCE}/mcp`, found: /HTTP 404/, fix: /as well/ },
  { fault: 'metadata at the path only', put: on(RESOURCE, () => ({ status: 404, headers: {}, body: 'no' })), check: 'resource-metadata-root', level: 'warning', where: RESOURCE, found: /HTTP 404/, fix: /as well/ },
  { fault: 'another document at the path than the challenge names', put: (asked, a) => { challenge((o) => `Bearer resource_metadata="${o}${RESOURCE}"`)(asked, a); if (asked.path === `${RESOURCE}/mcp`) Object.assign(a.body, { authorization_servers: ['http://127.0.0.1:1'] }); }, check: 'resource-metadata-path', where: `${RESOURCE}/mcp, authorization_servers`, found: /127\.0\.0\.1:1/, fix: /same document/ },
  { fault: 'a directory that cannot see the tools', put: () => undefined, check: 'tools', level: 'warning', where: '/mcp', found: /not checked/, fix: /PORTCULLIS_TOKEN/, with: { directory: 'claude' } },
  { fault: 'a resource of another host', put: resource({ resource: 'http://notes.internal:3000/mcp' }), check: 'resource', where: `${RESOURCE}/mcp, resource`, found: /notes\.internal:3000/, fix: /public URL/ },
  { fault: 'a resource under another name of this machine', put: resource({ resource: 'http://localhost:3000/mcp' }), check: 'resource', where: `${RESOURCE}/mcp, resource`, found: /localhost:3000/, fix: /Connect to http:\/\/localhost:3000\/mcp/ },
  { fault: 'a resource with the wrong scheme', put: on(/oauth-protected-resource/, ({ body }, { origin }) => void Object.assign(body, { resource: `${origin.replace('http:', 'https:')}/mcp` })), check: 'resource', where: `${RESOURCE}/mcp, resource`, found: /https:/, fix: /X-Forwarded-Proto/ },
  { fault: 'a resource of another path', put: on(/oauth-protected-resource/, ({ body }, { origin }) => void Object.assign(body, { resource: `${origin}/other` })), check: 'resource', where: `${RESOURCE}/mcp, resource`, found: /other/, fix: /document of its own/ },
  { fault: 'a resource with a slash too many', put: on(/oauth-protected-resource/, ({ body }, { origin }) => void Object.assign(body, { resource: `${origin}/mcp/` })), check: 'resource', level: 'warning', where: `${RESOURCE}/mcp, resource`, found: /mcp\//, fix: /slash at the end/ },
  { fault: 'no resource', put: resource({ resource: undefined }), check: 'resource', where: `${RESOURCE}/mcp, resource`, found: /nothing/, fix: /Add "resource"/ },
  { fault: 'no authorization server', put: resource({ authorization_servers: [] }), check: 'authorization-servers', where: `${RESOURCE}/mcp, authorization_servers`, found: /\[\]/, fix: /List the issuer/ },
  { fault: 'an authorization server that is no issuer', put: resource({ authorization_servers: ['auth.example'] }), check: 'authorization-servers', where: `${RESOURCE}/mcp, authorization_servers`, found: /^auth\.example$/, fix: /https URL without query/ },
  { fault: 'an authorization server on plain http', put: resource({ authorization_servers: ['http://auth.example'] }), check: 'https', where: `${RESOURCE}/mcp, authorization_servers`, found: /http:\/\/auth/, fix: /https address/, also: ['server-metadata'] },
  { fault: 'no server metadata', put: on(SERVER, () => ({ status: 404, headers: {}, body: 'no' })), check: 'server-metadata', where: SERVER, found: /HTTP 404/, fix: /authorization_servers/ },
  { fault: 'OpenID metadata only', put: (asked, a) => (asked.path === SERVER ? { status: 404, headers: {}, body: 'no' } : asked.path === '/.well-known/openid-configuration' ? { ...a, status: 200, headers: { 'access-control-allow-origin': '*' }, body: metadataOf(asked.origin) } : undefined), check: 'server-metadata-form', level: 'warning', where: SERVER, found: /HTTP 404/, fix: /openid-configuration there as well/ },
  { fault: 'a member that is null', put: server({ jwks_uri: null }), check: 'metadata-members', where: `${SERVER}, jwks_uri`, found: /^null$/, fix: /a string, or leave the member out.*as a whole/ },
  { fault: 'scopes in one text', put: server({ scopes_supported: 'notes admin' }), check: 'metadata-members', where: `${SERVER}, scopes_supported`, found: /^notes admin$/, fix: /a list of strings/ },
  { fault: 'methods in one text', put: server({ token_endpoint_auth_methods_supported: 'none' }), check: 'metadata-members', where: `${SERVER}, token_endpoint_auth_methods_supported`, found: /^none$/, fix: /a list of strings/ },
  { fault: 'a flag that is a text', put: server({ authorization_response_iss_parameter_supported: 'true' }), check: 'metadata-members', where: `${SERVER}, authorization_response_iss_parameter_supported`, found: /^true$/, fix: /true or false/, also: ['iss'] },
  { fault: 'no response types', put: server({ response_types_supported: undefined }), check: 'metadata-members', where: `${SERVER}, response_types_supported`, found: /nothing/, fix: /is required/ },
  { fault: 'OpenID metadata without keys', put: (asked, a) => (asked.path === SERVER ? { status: 404, headers: {}, body: 'no' } : asked.path === '/.well-known/openid-configuration' ? { ...a, status: 200, headers: { 'access-control-allow-origin': '*' }, body: { ...metadataOf(asked.origin), jwks_uri: undefined } } : undefined), check: 'metadata-members', where: '/.well-known/openid-configuration, jwks_uri', found: /nothing/, fix: /is required/, also: ['server-metadata-form'] },
  { fault: 'resource scopes in one text', put: resource({ scopes_supported: 'notes' }), check: 'metadata-members', where: `${RESOURCE}/mcp, scopes_supported`, found: /^notes$/, fix: /a list of strings/ },
  { fault: 'resource metadata that wants a token', put: on(/oauth-protected-resource/, () => ({ status: 401, headers: {}, body: {} })), check: 'resource-metadata', where: `${RESOURCE}/mcp`, found: /HTTP 401/, fix: /without a token/, also: ['challenge-resource-metadata'] },
  { fault: 'server metadata behind a firewall', put: on(/oauth-authorization-server|openid/, () => ({ status: 403, headers: {}, body: HTML })), check: 'server-metadata', where: SERVER, found: /HTTP 403/, fix: /without a token.*firewall/ },
  { fault: 'a challenge with a scope that is not there', put: challenge((o) => `Bearer scope="notes admin", resource_metadata="${o}${RESOURCE}/mcp"`), check: 'scopes', level: 'warning', where: `${SERVER}, scopes_supported`, found: /^without admin$/, fix: /of the challenge/ },
  { fault: 'a page that is let in nowhere', put: on('/mcp', (a, { headers }) => { if (headers.origin === undefined) return; delete a.headers['access-control-allow-origin']; a.status = 403; }), check: 'preflight', where: '/mcp, Access-Control-Allow-Origin', found: /HTTP 403/, fix: /Allow the origin/, with: { origin: 'https://app.example' } },
  { fault: 'a refusal that pages cannot read', put: first((a) => void delete a.headers['access-control-allow-origin']), check: 'cors', where: '/mcp, Access-Control-Allow-Origin', found: /HTTP 401, no header/, fix: /in every answer/, with: { origin: 'https://app.example' } },
  { fault: 'a challenge that pages cannot read', put: first((a) => void delete a.headers['access-control-expose-headers']), check: 'cors', level: 'warning', where: '/mcp, Access-Control-Expose-Headers', found: /no header/, fix: /www-authenticate, mcp-session-id/, with: { origin: 'https://app.example' } },
  { fault: 'a tool without a schema', put: tools({ ...tool, inputSchema: undefined }), check: 'tool-schema', where: '/mcp, tools[a].inputSchema', found: /nothing|undefined/, fix: /"type":"object"/, with: { token: TOKEN } },
  { fault: 'a tool that takes a list', put: tools({ ...tool, inputSchema: { type: 'array' } }), check: 'tool-schema', where: '/mcp, tools[a].inputSchema', found: /array/, fix: /"type":"object"/, with: { token: TOKEN } },
  { fault: 'another issuer', put: server({ issuer: 'https://other.example' }), check: 'issuer', where: `${SERVER}, issuer`, found: /other\.example/, fix: /character for character/ },
  { fault: 'an issuer with a slash', put: on(SERVER, ({ body }, { origin }) => void Object.assign(body, { issuer: `${origin}/` })), check: 'issuer', where: `${SERVER}, issuer`, found: /\/$/, fix: /slash at the end/ },
  { fault: 'no token endpoint', put: server({ token_endpoint: undefined }), check: 'endpoints', where: `${SERVER}, token_endpoint`, found: /nothing/, fix: /absolute https URL/ },
  { fault: 'a relative authorization endpoint', put: server({ authorization_endpoint: '/authorize' }), check: 'endpoints', where: `${SERVER}, authorization_endpoint`, found: /\/authorize/, fix: /absolute https URL/ },
  { fault: 'a token endpoint on plain http', put: server({ token_endpoint: 'http://auth.example/token' }), check: 'https', where: `${SERVER}, token_endpoint`, found: /http:/, fix: /https address/ },
  { fault: 'no PKCE', put: server({ code_challenge_methods_supported: undefined }), check: 'pkce', where: `${SERVER}, code_challenge_methods_supported`, found: /nothing/, fix: /\["S256"\]/ },
  { fault: 'plain PKCE', put: server({ code_challenge_methods_supported: ['plain'] }), check: 'pkce', where: `${SERVER}, code_challenge_methods_supported`, found: /plain/, fix: /\["S256"\]/ },
  { fault: 'no public clients', put: server({ token_endpoint_auth_methods_supported: ['client_secret_basic'] }), check: 'public-clients', where: `${SERVER}, token_endpoint_auth_methods_supported`, found: /basic/, fix: /Add "none"/ },
  { fault: 'no code grant', put: server({ grant_types_supported: ['client_credentials'] }), check: 'grant-types', where: `${SERVER}, grant_types_supported`, found: /client_credentials/, fix: /authorization_code/ },
  { fault: 'no response type for codes', put: server({ response_types_supported: ['token'] }), check: 'grant-types', where: `${SERVER}, response_types_supported`, found: /token/, fix: /Add "code"/ },
  { fault: 'no refresh tokens', put: server({ grant_types_supported: ['authorization_code'] }), check: 'grant-types', level: 'warning', where: `${SERVER}, grant_types_supported`, found: /authorization_code/, fix: /refresh_token/ },
  { fault: 'pushed requests only', put: server({ require_pushed_authorization_requests: true }), check: 'authorization-endpoint', where: `${SERVER}, require_pushed_authorization_requests`, found: /true/, fix: /false/ },
  { fault: 'no way to introduce oneself', put: server({ registration_endpoint: undefined, client_id_metadata_document_supported: undefined }), check: 'client-registration', where: `${SERVER}, client_id_metadata_document_supported`, found: /neither/, fix: /registration_endpoint/ },
  { fault: 'registration only', put: server({ client_id_metadata_document_supported: undefined }), check: 'client-registration', level: 'warning', where: `${SERVER}, client_id_metadata_document_supported`, found: /registration only/, fix: /Client ID Metadata Documents/ },
  { fault: 'documents only', put: server({ registration_endpoint: undefined }), check: 'client-registration', level: 'warning', where: `${SERVER}, registration_endpoint`, found: /documents only/, fix: /Cursor and mcp-remote/ },
  { fault: 'no iss', put: server({ authorization_response_iss_parameter_supported: undefined }), check: 'iss', level: 'warning', where: `${SERVER}, authorization_response_iss_parameter_supported`, found: /nothing/, fix: /iss/ },
  { fault: 'an iss that is promised and not sent', put: on('/authorize', (a, { query }) => (query.get('response_type') === 'code' ? undefined : { ...a, status: 302, headers: { location: `${query.get('redirect_uri')}?error=unsupported_response_type` } })), check: 'iss', where: '/authorize, Location', found: /iss=nothing|iss=null/, fix: /errors too/, with: { registers: true } },
  { fault: 'scopes that the authorization server lacks', put: server({ scopes_supported: ['openid'] }), check: 'scopes', level: 'warning', where: `${SERVER}, scopes_supported`, found: /notes/, fix: /scopes of the resource metadata/ },
  { fault: 'a page instead of an OAuth error', put: on('/token', (a, { method }) => (method === 'POST' ? { ...a, status: 403, body: HTML } : undefined)), check: 'token-endpoint', where: '/token', found: /HTML page/, fix: /invalid_client/ },
  { fault: 'success for a code that does not exist', put: on('/token', (a, { method }) => (method === 'POST' ? { ...a, status: 200, body: { error: 'x' } } : undefined)), check: 'token-endpoint', where: '/token', found: /HTTP 200/, fix: /HTTP 400/ },
  { fault: 'no authorization page', put: on('/authorize', (a) => ({ ...a, status: 404 })), check: 'authorization-endpoint', where: '/authorize', found: /HTTP 404/, fix: /authorization_endpoint/ },
  { fault: 'a redirect for an unknown client', put: on('/authorize', (a) => ({ ...a, status: 302, headers: { location: 'https://portcullis-doctor.invalid/callback?error=unauthorized_client' } })), check: 'unknown-client', where: '/authorize, Location', found: /no client has registered/, fix: /error page/ },
  { fault: 'a failure for an unknown client', put: on('/authorize', (a) => ({ ...a, status: 500 })), check: 'unknown-client', where: '/authorize', found: /HTTP 500/, fix: /400/ },
  { fault: 'a registration that refuses private-use schemes', put: on('/register', (a, { message }) => (JSON.stringify(message).includes('cursor://') ? { ...a, status: 400, body: { error: 'invalid_redirect_uri', error_description: 'https only' } } : undefined)), check: 'register', where: '/register', found: /Cursor: HTTP 400, invalid_redirect_uri: https only/, fix: /cursor:\/\/anysphere/, with: { registers: true } },
  { fault: 'a registration that refuses unknown scopes', put: on('/register', (a, { message }) => (JSON.stringify(message).includes('openid') ? { ...a, status: 400, body: { error: 'invalid_client_metadata', error_description: 'no such scope' } } : undefined)), check: 'register', where: '/register', found: /mcp-remote: HTTP 400/, fix: /leave out scopes/, with: { registers: true } },
  { fault: 'a registration that wants a token', put: on('/register', (a) => ({ ...a, status: 401, body: { error: 'invalid_token' } })), check: 'register', where: '/register', found: /HTTP 401/, fix: /without a token/, with: { registers: true } },
  { fault: 'a sign-in page that refuses who has registered', put: on('/authorize', (a) => ({ ...a, status: 400 })), check: 'sign-in-page', where: '/authorize', found: /HTTP 400/, fix: /just registered/, with: { registers: true } },
  { fault: 'an authorization request refused for its resource', put: on('/authorize', (a, { headers }) => (a.status === 200 && headers ? { ...a, status: 302, headers: { location: 'http://127.0.0.1:1/?error=invalid_target' } } : undefined)), check: 'sign-in-page', where: '/authorize', found: /invalid_target/, fix: /Accept "resource"/, with: { registers: true } },
  { fault: 'metadata without CORS', put: on(RESOURCE + '/mcp', ({ headers }) => void delete headers['access-control-allow-origin']), check: 'cors', level: 'warning', where: `${RESOURCE}/mcp, Access-Control-Allow-Origin`, found: /no header/, fix: /Access-Control-Allow-Origin: \*/ },
  { fault: 'a token endpoint without CORS', put: on('/token', ({ headers }) => void delete headers['access-control-allow-origin']), check: 'cors', level: 'warning', where: '/token, Access-Control-Allow-Origin', found: /no header/, fix: /OPTIONS/ },
  { fault: 'a preflight that needs a token', put: on('/mcp', (a, { method }) => (method === 'OPTIONS' ? { ...a, status: 401 } : undefined)), check: 'preflight', level: 'warning', where: '/mcp', found: /HTTP 401/, fix: /before you look for a token/ },
  { fault: 'a preflight that keeps a page out', put: on('/mcp', ({ headers }, { method }) => void (method === 'OPTIONS' && delete headers['access-control-allow-origin'])), check: 'preflight', where: '/mcp, Access-Control-Allow-Origin', found: /HTTP 204 without the header/, fix: /Allow the origin https:\/\/app\.example/, with: { origin: 'https://app.example' } },
  { fault: 'a preflight that fails', put: on('/mcp', (a, { method }) => (method === 'OPTIONS' ? { ...a, status: 500 } : undefined)), check: 'preflight', level: 'warning', where: '/mcp', found: /HTTP 500/, fix: /204/ },
  { fault: 'a failure for a bad token', put: on('/mcp', (a, { headers }) => (headers.authorization ? { ...a, status: 500 } : undefined)), check: 'bad-token', where: '/mcp', found: /HTTP 500/, fix: /Answer 401/ },
  { fault: 'a failure for an unknown code', put: on('/token', (a, { method }) => (method === 'POST' ? { ...a, status: 500, body: HTML } : undefined)), check: 'token-endpoint', where: '/token', found: /HTTP 500 with an HTML page/, fix: /invalid_client/ },
  { fault: 'a registration that is answered with 200', put: on('/register', (a) => ({ ...a, status: 200 })), check: 'register', level: 'warning', where: '/register', found: /HTTP 200/, fix: /HTTP 201/, with: { registers: true } },
  { fault: 'a registration that fails', put: on('/register', (a) => ({ ...a, status: 500, body: {} })), check: 'register', where: '/register', found: /HTTP 500/, fix: /Accept what/, with: { registers: true } },
  { fault: 'a preflight that allows no authorization', put: on('/mcp', ({ headers }, { method }) => void (method === 'OPTIONS' && Object.assign(headers, { 'access-control-allow-headers': '*' }))), check: 'preflight', where: '/mcp, Access-Control-Allow-Headers', found: /\*/, fix: /authorization/, with: { origin: 'https://app.example' } },
  { fault: 'HEAD that is not there', put: on(/oauth-protected-resource/, (a, { method }) => (method === 'HEAD' ? { ...a, status: 404 } : undefined)), check: 'head', level: 'warning', where: `${RESOURCE}/mcp`, found: /HTTP 404/, fix: /HEAD as GET/ },
  { fault: 'JSON in Latin 1', put: on(SERVER, ({ headers }) => void (headers['content-type'] = 'application/json; charset=iso-8859-1')), check: 'charset', where: `${SERVER}, Content-Type`, found: /iso-8859-1/, fix: /UTF-8/ },
  { fault: 'resource metadata called text', put: on(`${RESOURCE}/mcp`, ({ headers }) => void (headers['content-type'] = 'text/plain')), check: 'charset', level: 'warning', where: `${RESOURCE}/mcp, Content-Type`, found: /text\/plain/, fix: /application\/json/ },
  { fault: 'JSON called text', put: on(SERVER, ({ headers }) => void (headers['content-type'] = 'text/plain')), check: 'charset', level: 'warning', where: `${SERVER}, Content-Type`, found: /text\/plain/, fix: /application\/json/ },
  { fault: 'a byte order mark', put: on(SERVER, (a) => ({ ...a, headers: { ...a.headers, 'content-type': 'application/json' }, body: `\ufeff${JSON.stringify(a.body)}` })), check: 'charset', where: SERVER, found: /byte order mark/, fix: /without a byte order mark/ },
  { fault: 'metadata behind a redirect', put: (asked, a) => (asked.path === RESOURCE ? { status: 301, headers: { location: `${RESOURCE}/mcp`, 'access-control-allow-origin': '*' }, body: '' } : void a), check: 'redirect', level: 'warning', where: `${RESOURCE}, Location`, found: /mcp/, fix: /Answer at this URL/ },
  { fault: 'a slow first byte', put: on(SERVER, () => 300), check: 'slow', level: 'warning', where: SERVER, found: /\d\.\d s/, fix: /warm/, with: { limits: { slowSeconds: 0.25 } } },
  { fault: 'a body without an end', put: on(/oauth-protected-resource/, (a) => ({ ...a, body: 'x'.repeat(300_000) })), check: 'resource-metadata', where: `${RESOURCE}/mcp`, found: /too long/, fix: /Publish a JSON document/, also: ['challenge-resource-metadata'] },
  { fault: 'a content type with a charset that is refused', put: on('/mcp', (a, { headers }) => (headers['content-type']?.includes('charset') ? { ...a, status: 415 } : undefined)), check: 'charset', where: '/mcp, Content-Type', found: /HTTP 415/, fix: /parameters/, with: { token: TOKEN } },
  { fault: 'a handshake that fails', put: on('/mcp', (a, { message, headers }) => (message.method === 'initialize' && headers.authorization === `Bearer ${TOKEN}` ? { ...a, body: { jsonrpc: '2.0', id: 1, error: { code: -32_603, message: 'boom' } } } : undefined)), check: 'session-2025', where: '/mcp', found: /boom/, fix: /Answer `initialize`/, with: { token: TOKEN } },
  { fault: 'a version that is none', put: called('initialize', (result) => void (result['protocolVersion'] = 'latest')), check: 'session-2025', where: '/mcp, protocolVersion', found: /latest/, fix: /version of the protocol/, with: { token: TOKEN } },
  { fault: 'an answer to initialize in Latin 1', put: on('/mcp', ({ headers, status }, { message }) => void (message.method === 'initialize' && status === 200 && (headers['content-type'] = 'application/json; charset=latin1'))), check: 'charset', where: '/mcp, Content-Type', found: /latin1/, fix: /UTF-8/, with: { token: TOKEN } },
  { fault: 'a notification that is refused', put: on('/mcp', (a, { message }) => (message.method === 'notifications/initialized' && a.status === 202 ? { ...a, status: 400 } : undefined)), check: 'session-2025', where: '/mcp', found: /notifications\/initialized: HTTP 400/, fix: /HTTP 202/, with: { token: TOKEN } },
  { fault: 'a server of 2026 that discovers and does not list', put: on('/mcp', (a, { message, headers }) => (message.method === 'server/discover' && headers.authorization === `Bearer ${TOKEN}` ? { ...a, status: 200, body: { jsonrpc: '2.0', id: 1, result: { supportedVersions: ['2026-07-28'] } } } : undefined)), check: 'session-2026', level: 'warning', where: '/mcp', found: /tools\/list is not/, fix: /every method/, with: { token: TOKEN } },
  { fault: 'a token that is refused', put: () => undefined, check: 'session-2025', where: '/mcp', found: /HTTP 401 for the token of PORTCULLIS_TOKEN/, fix: /has not expired/, with: { token: 'an-old-token' } },
  { fault: 'a version of 2026 that is answered with a page', put: on('/mcp', (a, { headers }) => (headers['mcp-protocol-version'] === '2026-07-28' && headers.authorization ? { ...a, status: 200, body: HTML } : undefined)), check: 'session-2026', level: 'warning', where: '/mcp', found: /HTML page/, fix: /fall back/, with: { token: TOKEN } },
  { fault: 'an older client that is refused', put: on('/mcp', (a, { message, headers }) => (headers.authorization === `Bearer ${TOKEN}` && message.params?.['protocolVersion'] === '2025-03-26' ? { ...a, status: 400, body: { jsonrpc: '2.0', id: 1, error: { code: -32_000, message: 'too old' } } } : undefined)), check: 'session-older', level: 'warning', where: '/mcp, protocolVersion', found: /2025-03-26: HTTP 400, .*too old/, fix: /version that you speak/, with: { token: TOKEN } },
  { fault: 'a directory without registration', put: server({ registration_endpoint: undefined }), check: 'client-registration', where: `${SERVER}, registration_endpoint`, found: /documents only/, fix: /RFC 7591/, with: { token: TOKEN, directory: 'claude' } },
  { fault: 'a directory without documents', put: server({ client_id_metadata_document_supported: undefined }), check: 'client-registration', where: `${SERVER}, client_id_metadata_document_supported`, found: /registration only/, fix: /Documents/, with: { token: TOKEN, directory: 'chatgpt' } },
  { fault: 'a directory without a list of methods', put: server({ token_endpoint_auth_methods_supported: undefined }), check: 'public-clients', where: `${SERVER}, token_endpoint_auth_methods_supported`, found: /client_secret_basic/, fix: /Add "none"/, with: { token: TOKEN, directory: 'chatgpt' } },
  { fault: 'a directory without metadata at the root', put: on(RESOURCE, () => ({ status: 404, headers: {}, body: 'no' })), check: 'resource-metadata-root', where: RESOURCE, found: /HTTP 404/, fix: /as well/, with: { token: TOKEN, directory: 'claude' } },
  { fault: 'a directory with nothing but a static token', put: on(/oauth-protected-resource/, () => ({ status: 404, headers: {}, body: 'no' })), check: 'static-bearer', where: '/mcp', found: /without a way to sign in/, fix: /sign users in with OAuth/, with: { token: TOKEN, directory: 'claude' }, also: ['resource-metadata', 'challenge-resource-metadata'] },
  { fault: 'an unknown session that gets 400', put: on('/mcp', (a, { headers }) => (String(headers['mcp-session-id']).endsWith('none') ? { ...a, status: 400 } : undefined)), check: 'unknown-session', level: 'warning', where: '/mcp, Mcp-Session-Id', found: /HTTP 400/, fix: /Answer 404/, with: { token: TOKEN } },
  { fault: 'tools that cannot be listed', put: on('/mcp', (a, { message }) => (message.method === 'tools/list' && a.status === 200 ? { ...a, body: { jsonrpc: '2.0', id: 2, result: {} } } : undefined)), check: 'tools', where: '/mcp', found: /tools\/list/, fix: /list of tools/, with: { token: TOKEN } },
  { fault: 'a name that is too long', put: tools({ ...tool, name: 'a'.repeat(65) }), check: 'tool-name', where: `/mcp, tools[${'a'.repeat(65)}]`, found: /65 characters/, fix: /64/, with: { token: TOKEN, directory: 'claude' } },
  { fault: 'a name with a space', put: tools({ ...tool, name: 'a b' }), check: 'tool-name', where: '/mcp, tools[a b]', found: /^a b$/, fix: /letters, digits/, with: { token: TOKEN, directory: 'claude' } },
  { fault: 'a name twice', put: tools(tool, tool), check: 'tool-name', where: '/mcp, tools[a]', found: /twice/, fix: /a unique name/, with: { token: TOKEN } },
  { fault: 'a tool without a title', put: tools({ ...tool, title: undefined }), check: 'tool-title', where: '/mcp, tools[a].title', found: /no title/, fix: /Add a title/, with: { token: TOKEN, directory: 'claude' } },
  { fault: 'a tool without hints', put: tools({ ...tool, annotations: {} }), check: 'tool-hints', where: '/mcp, tools[a].annotations', found: /\{\}/, fix: /readOnlyHint/, with: { token: TOKEN, directory: 'chatgpt' } },
  { fault: 'hints that contradict', put: tools({ ...tool, annotations: { readOnlyHint: true, destructiveHint: true } }), check: 'tool-hints', where: '/mcp, tools[a].annotations', found: /read-only and destructive/, fix: /wrong hint/, with: { token: TOKEN, directory: 'chatgpt' } },
  { fault: 'a read-only tool with a scope that writes', put: tools({ ...tool, _meta: { securitySchemes: [{ type: 'oauth2', scopes: ['notes:write'] }] } }), check: 'tool-scopes', where: '/mcp, tools[a].annotations', found: /notes:write/, fix: /only reads/, with: { token: TOKEN, directory: 'chatgpt' } },
  { fault: 'a key in the URL', put: () => undefined, check: 'static-bearer', where: '/mcp?…', found: /api_key/, fix: /sign in/, with: { path: '/mcp?api_key=hunter2', directory: 'claude' }, also: ['resource', 'tools'] },
  { fault: 'tokens in the query', put: resource({ bearer_methods_supported: ['query'] }), check: 'static-bearer', where: `${RESOURCE}/mcp, bearer_methods_supported`, found: /query/, fix: /Authorization header/ },
]; // prettier-ignore

const OUTAGES: readonly Case[] = [
  { fault: 'a server that cuts connections', put: () => null, check: 'reachable', where: '/mcp', found: /UND_ERR_SOCKET|ECONNRESET/, fix: /run this again/ },
  { fault: 'a gateway without a server behind it', put: on('/mcp', (a) => ({ ...a, status: 502 })), check: 'reachable', where: '/mcp', found: /HTTP 502/, fix: /log says why/ },
  { fault: 'a gateway that does not reach the token endpoint', put: on('/token', (a, { method }) => (method === 'POST' ? { ...a, status: 504 } : undefined)), check: 'token-endpoint', where: '/token', found: /HTTP 504/, fix: /log says why/ },
  { fault: 'a server that counts requests', put: on('/mcp', (a) => ({ ...a, status: 429 })), check: 'reachable', where: '/mcp', found: /HTTP 429/, fix: /Wait a minute/ },
  { fault: 'a proxy that waited too long', put: on('/mcp', (a) => ({ ...a, status: 408 })), check: 'reachable', where: '/mcp', found: /HTTP 408/, fix: /log says why/ },
  { fault: 'a server that never answers', put: on('/mcp', () => 600_000), check: 'reachable', where: '/mcp', found: /TimeoutError/, fix: /in time/, with: { limits: { requestSeconds: 5 } } },
  { fault: 'an authorization server that is down', put: on(/oauth-authorization-server|openid/, (a) => ({ ...a, status: 503 })), check: 'server-metadata', where: SERVER, found: /HTTP 503/, fix: /log says why/ },
]; // prettier-ignore

function metadataOf(origin: string): Record<string, unknown> {
  return {
    issuer: origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, registration_endpoint: `${origin}/register`,
    client_id_metadata_document_supported: true, authorization_response_iss_parameter_supported: true, code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'], response_types_supported: ['code'], jwks_uri: `${origin}/jwks`,
    subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'],
  }; // prettier-ignore
}

describe('cli/doctor', () => {
  it('finds nothing wrong with a small server that is right', async () => {
    const { report, asked } = await examineWith(() => undefined, { token: TOKEN, directory: 'claude', registers: true });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ outcome: 'fine', tools: 2 });
    expect(report.passed.length).toBeGreaterThan(40);
    expect(report.clients.filter(({ verdict }) => verdict === 'stopped')).toEqual([]);
    expect(asked.filter((one) => one === 'POST /register')).toHaveLength(6);
  });

  it.each(CASES)('finds $fault, where it is and how to fix it', async ({ put, level = 'problem', also = [], ...expected }) => {
    const { report, origin } = await examineWith(put, expected.with);
    const found = report.findings.filter(({ check }) => check === expected.check);
    const places = found.map(({ where: { url, header, field } }) => [url.replace(origin, ''), header ?? field].filter((part) => part !== undefined).join(', '));
    expect(places).toContain(expected.where);
    const finding = found[places.indexOf(expected.where)];
    expect(finding).toMatchObject({ level, found: expect.stringMatching(expected.found), fix: expect.stringMatching(expected.fix) });
    const others = report.findings.filter(({ check }) => check !== expected.check && !also.includes(check));
    expect(others).toEqual([]);
    expect(report.outcome).toBe(report.findings.some((one) => one.level === 'problem') ? 'problems' : 'fine');
  }); // prettier-ignore

  it('says by which way each client becomes known', async () => {
    const ways = async (members: Record<string, unknown>) => {
      const { report } = await examineWith(server(members));
      return Object.fromEntries(report.clients.map(({ client, knownBy }) => [client, knownBy]));
    };
    const documents = { claude: 'document', chatgpt: 'document', vscode: 'document', cursor: 'registration', codex: 'document', 'mcp-remote': 'registration' };
    expect(await ways({})).toEqual(documents);
    expect(await ways({ authorization_response_iss_parameter_supported: undefined })).toEqual({ ...documents, chatgpt: 'registration' });
    const withKeys = { ...documents, claude: 'registration', vscode: 'registration', codex: 'registration' };
    expect(await ways({ token_endpoint_auth_methods_supported: ['private_key_jwt'] })).toEqual(withKeys);
    expect((await ways({ registration_endpoint: undefined }))['cursor']).toBe(null);
    const { report } = await examineWith(server({ registration_endpoint: undefined }));
    expect(report.clients.filter(({ verdict }) => verdict === 'stopped').map(({ client, stoppedBy }) => [client, stoppedBy])).toEqual([['cursor', ['client-registration']], ['mcp-remote', ['client-registration']]]);
  }); // prettier-ignore

  it.each(OUTAGES)('tells $fault from a wrong configuration', async ({ put, ...expected }) => {
    const { report, origin } = await examineWith(put, expected.with);
    const finding = report.findings.find(({ check }) => check === expected.check);
    expect(finding).toMatchObject({ level: 'outage', found: expect.stringMatching(expected.found), fix: expect.stringMatching(expected.fix) });
    expect(finding?.where.url).toBe(origin + expected.where);
    expect(report.outcome).toBe('outage');
    expect(report.clients.map(({ verdict }) => verdict)).not.toContain('connects');
  }); // prettier-ignore
});
