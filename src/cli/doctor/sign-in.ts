/** The authorization endpoint, as each client opens it: a page, and error responses with `iss` (RFC 9207). */
import { createHash, randomBytes } from 'node:crypto';
import type { ClientProfile } from './clients.ts';
import { quoted } from './findings.ts';
import { common } from './messages.ts';
import type { Resource } from './resource-metadata.ts';
import type { Run } from './run.ts';
import type { Server } from './server-metadata.ts';

/** Opens the sign-in page as a client would. A page or a redirect to one passes; an error fails. */
export async function checkSignIn(run: Run, server: Server, client: ClientProfile, clientId: string, resource: Resource): Promise<void> {
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
export function authorizationUrl(
  endpoint: string,
  clientId: string,
  redirectUri: string,
  more: { readonly [name: string]: string },
): string {
  const url = new URL(endpoint);
  const challenge = createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url');
  const query = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state: 'portcullis-doctor', code_challenge: challenge, code_challenge_method: 'S256' }; // prettier-ignore
  for (const [name, value] of Object.entries({ ...query, ...more })) url.searchParams.set(name, value);
  return url.href;
}

/** Headers of a browser that wants a page. */
export function browser(url: string): { readonly [name: string]: string } {
  return { ...common({ url }), accept: 'text/html' };
}
