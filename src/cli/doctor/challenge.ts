/**
 * The first request of every client: a message without a token. It should get 401 and a challenge that names the metadata
 * (RFC 9728 §5.1). Each other response has a fix of its own.
 */
import { isLoopbackHost, parseUrl } from '../../lib/url.ts';
import { common, type Exchange, initialize, modern } from './ask.ts';
import { quoted } from './findings.ts';
import { isFault, isHtml, isTrouble, type Run } from './run.ts';

/** The result of the first request. */
export interface Challenge {
  /** `guarded`: 401. `open`: answered without a token. `elsewhere`: not an MCP endpoint. `down`: no response. */
  readonly kind: 'guarded' | 'open' | 'elsewhere' | 'down';
  /** The metadata URL of the challenge. */
  readonly metadataUrl: string | null;
  /** The scopes of the challenge. */
  readonly scopes: readonly string[];
}

/** Sends the first request and checks its response. */
export async function checkChallenge(run: Run): Promise<Challenge> {
  const { url, ask, findings } = run;
  findings.made('reachable');
  if (url.startsWith('https:')) findings.made('tls');
  const first = await ask(initialize({ url }));
  if (isTrouble(first, 'reachable', findings)) return { kind: 'down', metadataUrl: null, scopes: [] };
  if (first.status === 200 && first.json?.['result'] !== undefined) return { kind: 'open', metadataUrl: null, scopes: [] };
  findings.made('challenge-status');
  if (first.status !== 401) {
    wrongStatus(run, first);
    return { kind: 'elsewhere', metadataUrl: null, scopes: [] };
  }
  const metadataUrl = checkHeader(run, first);
  await checkGet(run);
  await checkBadToken(run);
  await checkModern(run);
  const scope = /\bscope\s*=\s*"([^"]*)"/i.exec(first.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  return { kind: 'guarded', metadataUrl, scopes: scope.split(' ').filter(Boolean) };
}

function wrongStatus({ url, findings }: Run, answer: Exchange): void {
  const { status, redirects, json } = answer;
  const target = redirects[0];
  if (target !== undefined) {
    const insecure = target.startsWith('http:') && (url.startsWith('https:') || !isLoopbackHost(parseUrl(target)?.hostname ?? ''));
    const found = `HTTP ${status} to ${quoted(target)}`;
    const same = parseUrl(target)?.host === parseUrl(url)?.host;
    const fix = insecure
      ? 'It leads from https to http, which sends tokens in the clear. Behind a proxy that ends TLS, have the server trust X-Forwarded-Proto.'
      : same && !/log-?in|sign-?in|auth/i.test(target)
        ? 'Give clients the address that it leads to, or answer at this one. Many clients do not follow a redirected POST, and drop the token.'
        : 'Answer 401 with a challenge. A redirect to a sign-in page is for browsers; an MCP client cannot use it.';
    return findings.add('redirect', 'problem', { url, header: 'Location' }, found, fix);
  }
  const html = isHtml(answer);
  const fixes: { readonly [status: number]: string } = {
    200:
      json?.['error'] !== undefined
        ? 'Answer with HTTP 401. An error inside a response with HTTP 200 starts no sign-in.'
        : 'This is not an MCP endpoint, or another page answers in its place. Check the path: it often ends in /mcp.',
    400: 'Check the token before the message: answer 401 to everything that comes without one.',
    403: html
      ? 'A firewall or bot protection refuses the request. Let requests to this path and to /.well-known/ through without a challenge of its own.'
      : 'Answer 401 where no token was sent. 403 is for a token that allows too little; clients do not start a sign-in for it.',
    404: 'Check the path: it often ends in /mcp.',
    405: 'This path does not accept POST. Check it: it often ends in /mcp. A path such as /sse is the transport of 2024, which few clients still speak.',
    406: 'Check the token before the Accept header: answer 401 to everything that comes without one.',
    415: 'Check the token before the content type: answer 401 to everything that comes without one.',
  };
  const fix = fixes[status] ?? 'Answer 401 with a challenge to every request that comes without a token.';
  findings.add(
    'challenge-status',
    'problem',
    { url },
    `HTTP ${status}${html ? ' with an HTML page' : json?.['error'] === undefined ? '' : `, ${quoted(json['error'])}`}`,
    fix,
  );
}

function checkHeader({ url, findings }: Run, { headers }: Exchange): string | null {
  const header = 'WWW-Authenticate';
  const where = { url, header };
  const value = headers.get(header);
  findings.made('challenge-header');
  const example = `${header}: Bearer resource_metadata="${metadataUrlsOf(url).path}"`;
  if (value === null) {
    findings.add('challenge-header', 'problem', where, 'a 401 without the header', `Send ${example}. If a proxy removes the header, let it pass.`); // prettier-ignore
    return null;
  }
  if (!/(^|,)\s*Bearer\b/i.test(value)) {
    findings.add('challenge-header', 'problem', where, quoted(value), `Send ${example}. Clients sign in for the scheme Bearer only.`);
    return null;
  }
  findings.made('challenge-resource-metadata');
  const named = /resource_metadata\s*=\s*(?:"([^"]*)"|([^\s,"]+))/i.exec(value);
  if (named === null) {
    findings.add('challenge-resource-metadata', 'warning', where, quoted(value), `Send ${example}. Without it clients have to guess the address.`); // prettier-ignore
    return null;
  }
  if (named[1] === undefined) {
    findings.add('challenge-resource-metadata', 'warning', where, quoted(value), `Put the URL in double quotes: ${example}.`);
  }
  const metadataUrl = named[1] ?? named[2] ?? '';
  if (!/^https?:$/.test(parseUrl(metadataUrl)?.protocol ?? '')) {
    findings.add('challenge-resource-metadata', 'problem', where, quoted(metadataUrl), `Name an absolute URL: ${example}.`);
    return null;
  }
  return metadataUrl;
}

async function checkGet({ url, ask, findings }: Run): Promise<void> {
  const { status } = await ask({ url, headers: { ...common({ url }), accept: 'text/event-stream' } });
  findings.made('challenge-get');
  if (status === 401 || status === 405) return;
  const found = status === 0 ? 'no answer' : `HTTP ${status}`;
  findings.add(
    'challenge-get',
    'warning',
    { url },
    `GET: ${found}`,
    'Answer a GET without a token with 401 and the same challenge, or with 405.',
  );
}

async function checkBadToken({ url, ask, findings }: Run): Promise<void> {
  const made = 'portcullis-doctor-made-this-up';
  const answer = await ask(initialize({ url, token: made }));
  const where = { url, header: 'WWW-Authenticate' };
  findings.made('bad-token');
  if (!isFault(answer) && isTrouble(answer, 'bad-token', findings)) return;
  const { status, headers } = answer;
  if (status >= 200 && status < 300) {
    return findings.add('bad-token', 'problem', { url }, 'a made-up token is accepted', 'Verify every token: signature or lookup, issuer, audience and expiry.'); // prettier-ignore
  }
  if (status !== 401) {
    return findings.add('bad-token', 'problem', { url }, `HTTP ${status}`, 'Answer 401 with error="invalid_token" to a token that is not valid. With another status clients neither refresh nor sign in again.'); // prettier-ignore
  }
  if (!/error="?invalid_token/.test(headers.get('www-authenticate') ?? '')) {
    findings.add('bad-token', 'warning', where, quoted(headers.get('www-authenticate') ?? 'no header'), 'Add error="invalid_token" to the challenge for a token that is not valid.'); // prettier-ignore
  }
}

/** The first message of clients of 2026-07-28; it must get the same response as `initialize`. */
async function checkModern({ url, ask, findings }: Run): Promise<void> {
  const answer = await ask(modern({ url }, 'server/discover'));
  findings.made('session-2026');
  if (answer.status === 401 || isTrouble(answer, 'session-2026', findings)) return;
  findings.add('session-2026', 'warning', { url }, `server/discover without a token: HTTP ${answer.status}`, 'Check the token before the message: clients of 2026-07-28 begin with this request, and sign in after a 401.'); // prettier-ignore
}

/** Both well-known URLs of a resource (RFC 9728 §3.1): with its path inserted, and at the root. */
export function metadataUrlsOf(url: string): { readonly path: string; readonly root: string } {
  const { origin, pathname } = new URL(url);
  const root = `${origin}/.well-known/oauth-protected-resource`;
  return { path: pathname === '/' ? root : `${root}${pathname.replace(/\/$/, '')}`, root };
}
