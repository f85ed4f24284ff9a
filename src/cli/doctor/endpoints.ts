/**
 * The endpoints of an authorization server, with requests that change nothing: a code that does not exist, a client that does not exist,
 * and the sign-in page as each client opens it. Clients are registered only with `--register`, because that changes the server.
 */
import { createHash, randomBytes } from 'node:crypto';
import { isLoopbackHost } from '../../lib/url.ts';
import { type ClientProfile, CLIENTS } from './clients.ts';
import { quoted } from './findings.ts';
import { common } from './ask.ts';
import type { Resource } from './resource-metadata.ts';
import { insteadOfJson, isFault, isTrouble, type Run, textOf } from './run.ts';
import type { Server } from './server-metadata.ts';

/** A host that cannot exist (RFC 2606), so that nothing reaches it. */
const NO_CLIENT = 'https://portcullis-doctor.invalid/callback';

/** Checks the endpoints of one server. */
export async function checkEndpoints(run: Run, server: Server, resource: Resource): Promise<void> {
  if (server.tokenEndpoint !== null) await checkToken(run, server.tokenEndpoint);
  const { authorizationEndpoint } = server;
  if (server.document['require_pushed_authorization_requests'] === true) return; // reported with the metadata
  if (authorizationEndpoint === null || !(await checkUnknownClient(run, authorizationEndpoint))) return;
  for (const client of CLIENTS) {
    const id = server.takesDocuments ? client.document : null;
    if (id !== null && (await canBeFetched(run, id))) await checkSignIn(run, server, client, id, resource);
  }
  if (run.options.registers && server.registrationEndpoint !== null)
    for (const client of CLIENTS) await checkRegistration(run, server, server.registrationEndpoint, client, resource);
}

async function checkToken({ ask, findings }: Run, url: string): Promise<void> {
  const form = { grant_type: 'authorization_code', code: 'portcullis-doctor', client_id: 'portcullis-doctor', redirect_uri: NO_CLIENT, code_verifier: 'a'.repeat(43) }; // prettier-ignore
  const headers = { ...common({ url }), accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await ask({ url, method: 'POST', headers, body: new URLSearchParams(form).toString() });
  findings.made('token-endpoint');
  if (!isFault(answer) && isTrouble(answer, 'token-endpoint', findings)) return;
  const { status, json } = answer;
  if (json !== null && typeof json['error'] === 'string' && (status === 400 || status === 401)) return;
  const [found, fix] =
    json === null
      ? [insteadOfJson(answer), 'Answer with JSON such as {"error":"invalid_client"}. If a page of a firewall or framework came, let POST requests to this path through.']
      : status < 300
        ? [`HTTP ${status} for a code that does not exist`, 'Refuse unknown codes and clients with HTTP 400 and {"error":"invalid_grant"}.']
        : [`HTTP ${status} with ${quoted(Object.keys(json).join(', '))}`, 'Answer errors with HTTP 400 or 401 and a member "error", such as {"error":"invalid_client"}.']; // prettier-ignore
  findings.add('token-endpoint', 'problem', { url }, found, fix);
}

async function checkUnknownClient({ ask, findings }: Run, endpoint: string): Promise<boolean> {
  const answer = await ask({ url: authorizationUrl(endpoint, 'portcullis-doctor-unknown', NO_CLIENT, {}), headers: browser(endpoint) });
  findings.made('authorization-endpoint');
  findings.made('unknown-client');
  const { status, redirects } = answer;
  if (isFault(answer)) {
    findings.add(
      'unknown-client',
      'problem',
      { url: endpoint },
      `HTTP ${status} for an unknown client`,
      'Answer 400 with a page that says what is wrong.',
    );
    return true;
  }
  if (isTrouble(answer, 'authorization-endpoint', findings)) return false;
  if (redirects[0]?.startsWith(NO_CLIENT))
    findings.add('unknown-client', 'problem', { url: endpoint, header: 'Location' }, 'a redirect to an address that no client has registered', 'Show an error page instead. A server that redirects anywhere helps phishing (open redirect).'); // prettier-ignore
  if (status !== 404 && status !== 405) return true;
  findings.add('authorization-endpoint', 'problem', { url: endpoint }, `GET: HTTP ${status}`, 'Correct "authorization_endpoint" in the metadata, or serve the page there.'); // prettier-ignore
  return false;
}

/** A server on this computer may have no internet access to fetch documents, which is not a fault; one on the internet has. */
async function canBeFetched({ url, ask }: Run, document: string): Promise<boolean> {
  if (!isLoopbackHost(new URL(url).hostname)) return true;
  const { status } = await ask({ url: document, headers: { ...common({ url: document }), accept: 'application/json' } });
  return status === 200;
}

async function checkRegistration(run: Run, server: Server, url: string, client: ClientProfile, resource: Resource): Promise<void> {
  const { ask, findings } = run;
  const headers = { ...common({ url }), accept: 'application/json', 'content-type': 'application/json' };
  const answer = await ask({ url, method: 'POST', headers, body: JSON.stringify(client.registration) });
  findings.made('register');
  if (!isFault(answer) && isTrouble(answer, 'register', findings)) return;
  const { status, json } = answer;
  const id = json === null ? null : textOf(json, 'client_id');
  if (json === null || id === null || status >= 300) {
    const found =
      json === null
        ? insteadOfJson(answer)
        : `HTTP ${status}, ${quoted(json['error'] ?? 'no client_id')}: ${quoted(json['error_description'] ?? '')}`;
    const about = `${quoted(json?.['error'])} ${quoted(json?.['error_description'])}`;
    return findings.add('register', 'problem', { url }, `${client.name}: ${found}`, registrationFix(client, status, about));
  }
  if (status !== 201)
    findings.add('register', 'warning', { url }, `${client.name}: HTTP ${status}`, 'Answer a registration with HTTP 201.');
  await checkSignIn(run, server, client, id, resource);
  const [manage, token] = [textOf(json, 'registration_client_uri'), textOf(json, 'registration_access_token')];
  // The registration is deleted if the server supports that (RFC 7592 §2.3), at the host that issued it only.
  if (manage !== null && token !== null && URL.canParse(manage) && new URL(manage).origin === new URL(url).origin)
    await ask({ url: manage, method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
}

function registrationFix({ name, registration }: ClientProfile, status: number, about: string): string {
  if (status === 401 || status === 403)
    return 'Let clients register without a token, or accept Client ID Metadata Documents from all of them.';
  if (/scope/.test(about))
    return `Register ${name} anyway, and leave out scopes that the server does not have: ${quoted(registration['scope'])}.`;
  if (/redirect|uri/i.test(about)) return `Accept the redirects of ${name}: ${JSON.stringify(registration['redirect_uris'])}.`;
  return `Accept what ${name} registers, and ignore members that the server does not know: ${JSON.stringify(registration)}.`;
}

/** Opens the sign-in page as a client would. A page or a redirect to one passes; an error fails. */
async function checkSignIn(run: Run, server: Server, client: ClientProfile, clientId: string, resource: Resource): Promise<void> {
  const { ask, findings, url } = run;
  const endpoint = server.authorizationEndpoint;
  if (endpoint === null) return;
  const scope = resource.scopes.length > 0 ? { scope: resource.scopes.join(' ') } : {};
  const asked = authorizationUrl(endpoint, clientId, client.redirectUri, { ...scope, resource: url });
  const answer = await ask({ url: asked, headers: browser(endpoint) });
  findings.made('sign-in-page');
  const where = { url: endpoint };
  const error = answer.redirects.map((to) => (URL.canParse(to) ? new URL(to).searchParams.get('error') : null)).find((one) => one !== null);
  if (error !== undefined) {
    const about = error === 'invalid_target' ? `Accept "resource": "${url}" in the request.` : error === 'invalid_scope' ? 'Grant the scopes that the resource metadata lists.' : `Look up ${quoted(error)} in the log of the server.`; // prettier-ignore
    return findings.add('sign-in-page', 'problem', where, `${client.name}: error=${quoted(error)}`, about);
  }
  if (answer.failure === null && answer.status < 400) return checkIss(run, server, endpoint, client, clientId);
  const found = `${client.name}: ${answer.failure ?? `HTTP ${answer.status}`}`;
  const fix = clientId === client.document
    ? `The server has to fetch ${clientId}: let it call out to that host, past firewalls and proxies, and accept the document.`
    : 'Open the page for a client that has just registered.'; // prettier-ignore
  findings.add('sign-in-page', 'problem', where, found, fix);
}

/** Sends an unknown response type: the error is redirected to the client and, like every response, must have `iss`. */
async function checkIss({ ask, findings }: Run, server: Server, endpoint: string, client: ClientProfile, clientId: string): Promise<void> {
  if (server.document['authorization_response_iss_parameter_supported'] !== true) return; // reported with the metadata
  const asked = authorizationUrl(endpoint, clientId, client.redirectUri, { response_type: 'portcullis-doctor' });
  const [back] = (await ask({ url: asked, headers: browser(endpoint) })).redirects;
  if (back === undefined || !back.startsWith(client.redirectUri)) return; // a page instead, which is allowed
  const iss = new URL(back).searchParams.get('iss');
  if (iss !== server.named)
    findings.add('iss', 'problem', { url: endpoint, header: 'Location' }, `iss=${quoted(iss)}`, `Send iss=${server.named} with every authorization answer, errors too, as the metadata promises. Clients refuse an answer without it.`); // prettier-ignore
}

/** An authorization request of a client, with PKCE. */
function authorizationUrl(endpoint: string, clientId: string, redirectUri: string, more: { readonly [name: string]: string }): string {
  const url = new URL(endpoint);
  const challenge = createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url');
  const query = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state: 'portcullis-doctor', code_challenge: challenge, code_challenge_method: 'S256' }; // prettier-ignore
  for (const [name, value] of Object.entries({ ...query, ...more })) url.searchParams.set(name, value);
  return url.href;
}

/** Headers of a browser that wants a page. */
function browser(url: string): { readonly [name: string]: string } {
  return { ...common({ url }), accept: 'text/html' };
}
