/**
 * Browser pages as clients: what they may read (CORS), whether their preflight succeeds, and whether a server on this computer rejects
 * pages of other origins (DNS rebinding; MCP Streamable HTTP, security warning).
 */
import { isLoopbackHost } from '../../lib/url.ts';
import type { Challenge } from './challenge.ts';
import { quoted } from './findings.ts';
import { common, initialize } from './ask.ts';
import type { Resource } from './resource-metadata.ts';
import { isFault, isTrouble, type Run } from './run.ts';
import type { Server } from './server-metadata.ts';

/** An origin that no server knows. */
const STRANGER = 'https://portcullis-doctor.invalid';

/** The headers of a client in a page that a preflight asks about. */
const SENT = 'authorization, content-type, mcp-protocol-version';

/** Sends the requests of browser pages. */
export async function checkBrowser(run: Run, challenge: Challenge, resource: Resource, servers: readonly Server[]): Promise<void> {
  const { options, findings, ask } = run;
  const documents = [resource.at, ...servers.map(({ at }) => at)].filter((url) => url !== null);
  for (const url of documents) await checkReadable(run, url);
  for (const { tokenEndpoint: url } of servers) {
    if (url === null) continue;
    const answer = await preflight(run, url, options.origin ?? STRANGER, 'content-type');
    if (!isFault(answer) && isTrouble(answer, 'cors', findings)) continue;
    if (allows(answer.headers, options.origin ?? STRANGER)) continue;
    findings.add('cors', options.origin === null ? 'warning' : 'problem', { url, header: 'Access-Control-Allow-Origin' }, quoted(answer.headers.get('access-control-allow-origin') ?? 'no header'), 'Answer OPTIONS with Access-Control-Allow-Origin: * here: clients in a browser, such as MCP Inspector, get tokens at this endpoint.'); // prettier-ignore
  }
  await checkPreflight(run);
  if (options.origin !== null && allows((await preflight(run, run.url, options.origin, SENT)).headers, options.origin))
    await checkAnswer(run, options.origin); // else one fault would be told twice
  const forged = await ask(initialize({ url: run.url, headers: { origin: STRANGER } }));
  findings.made('origin');
  if (challenge.kind === 'open' && forged.status === 200) {
    const level = isLoopbackHost(new URL(run.url).hostname) ? 'problem' : 'warning';
    findings.add('origin', level, { url: run.url, header: 'Origin' }, `${STRANGER} is allowed in`, 'Answer 403 to an Origin that is not yours. Without that any web page can call a server on this computer (DNS rebinding).'); // prettier-ignore
  }
}

async function checkReadable({ ask, findings, options }: Run, url: string): Promise<void> {
  const origin = options.origin ?? STRANGER;
  const answer = await ask({ url, headers: { ...common({ url }), accept: 'application/json', origin }, follows: true });
  findings.made('cors');
  if (isTrouble(answer, 'cors', findings) || allows(answer.headers, origin)) return;
  findings.add('cors', options.origin === null ? 'warning' : 'problem', { url, header: 'Access-Control-Allow-Origin' }, quoted(answer.headers.get('access-control-allow-origin') ?? 'no header'), 'Send Access-Control-Allow-Origin: * with this public document, so that clients in a browser can read it.'); // prettier-ignore
}

/** The answer itself, which a page must be allowed to read as well: else it sees a network error, and never the challenge. */
async function checkAnswer({ ask, findings, url }: Run, origin: string): Promise<void> {
  const answer = await ask(initialize({ url, headers: { origin } }));
  if (isTrouble(answer, 'cors', findings)) return;
  const { headers, status } = answer;
  if (!allows(headers, origin))
    return findings.add('cors', 'problem', { url, header: 'Access-Control-Allow-Origin' }, `HTTP ${status}, ${quoted(headers.get('access-control-allow-origin') ?? 'no header')}`, `Allow the origin ${origin} in every answer, errors too, and not only in the one to OPTIONS.`); // prettier-ignore
  const exposed = (headers.get('access-control-expose-headers') ?? '').toLowerCase();
  const hidden = ['www-authenticate', 'mcp-session-id'].filter((name) => !exposed.split(/\s*,\s*/).includes(name));
  if (hidden.length > 0 && exposed !== '*')
    findings.add('cors', 'warning', { url, header: 'Access-Control-Expose-Headers' }, quoted(exposed || 'no header'), `Expose the headers ${hidden.join(', ')}: without that a page cannot read where to sign in, or which session it has.`); // prettier-ignore
}

async function checkPreflight(run: Run): Promise<void> {
  const { url, findings, options } = run;
  const answer = await preflight(run, url, options.origin ?? STRANGER, SENT);
  findings.made('preflight');
  if (!isFault(answer) && isTrouble(answer, 'preflight', findings)) return;
  const { status, headers } = answer;
  const where = { url };
  if (isFault(answer))
    return findings.add(
      'preflight',
      'warning',
      where,
      `OPTIONS: HTTP ${status}`,
      'Answer OPTIONS with 204, or with 403 to pages that you do not allow.',
    );
  if (status === 401)
    return findings.add('preflight', options.origin === null ? 'warning' : 'problem', where, 'OPTIONS: HTTP 401', 'Answer OPTIONS before you look for a token: a browser sends none with a preflight, and then never sends the request.'); // prettier-ignore
  if (options.origin === null) return; // the server decides which origins it accepts
  if (!allows(headers, options.origin))
    return findings.add('preflight', 'problem', { ...where, header: 'Access-Control-Allow-Origin' }, quoted(headers.get('access-control-allow-origin') ?? `HTTP ${status} without the header`), `Allow the origin ${options.origin} for this path.`); // prettier-ignore
  const allowed = (headers.get('access-control-allow-headers') ?? '').toLowerCase();
  const missing = ['authorization', 'content-type', 'mcp-protocol-version'].filter((name) => !allowed.split(/\s*,\s*/).includes(name));
  if (missing.length > 0 && (allowed !== '*' || missing.includes('authorization')))
    findings.add('preflight', 'problem', { ...where, header: 'Access-Control-Allow-Headers' }, quoted(allowed || 'no header'), `Allow the headers ${missing.join(', ')} (the * does not cover authorization).`); // prettier-ignore
}

function preflight({ ask }: Run, url: string, origin: string, wanted: string): ReturnType<Run['ask']> {
  const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': wanted };
  return ask({ url, method: 'OPTIONS', headers });
}

function allows(headers: Headers, origin: string): boolean {
  const allowed = headers.get('access-control-allow-origin');
  return allowed === '*' || allowed === origin;
}
