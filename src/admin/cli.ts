/**
 * Signs in a command line for an administrator (docs/decisions/0031):
 *
 *   page in the browser → "allow" → one-time code to 127.0.0.1 → exchanged with its PKCE verifier for a session that opens the API alone
 */
import type { KnownSession } from '../core/users/sessions.ts';
import { type Call, readForm } from '../endpoints/endpoint.ts';
import { cookieName, isSameOrigin, redirectTo } from '../endpoints/sign-in/browser-context.ts';
import { sessionOf, signInAgain, signInUrl } from '../endpoints/sign-in/session.ts';
import { base64url, equalTexts, utf8 } from '../lib/bytes.ts';
import { html } from '../lib/html.ts';
import { checkChallenge, checkVerifier, compareCode } from '../model/pkce.ts';
import { OAuthError } from '../model/error.ts';
import type { Seconds } from '../model/store.ts';
import { nameOf } from '../endpoints/sign-in/sign-in.ts';
import { page } from '../pages/layout.ts';
import { audited, type Input } from './act.ts';
import { type PageOptions, textsFor } from './page/pages.ts';
import { enter } from './run.ts';
import { type AdminLanguages, fill } from './words/en.ts';

/** The public text for every wrong code. */
const OVER = { hint: 'This sign-in is over. Start it again.' };
/** Kind of the one-time codes among the links. */
const CODE = 'cli';
const CODE_TTL: Seconds = 60;
/** How long the command line stays signed in. Changes end with the sign-in's own ten minutes, as in the browser. */
const SESSION_TTL: Seconds = 3600;

type Allowed = { readonly challenge: string; readonly parent: string };

/** GET asks the administrator; POST sends the code, or the refusal, to the command line. */
export async function cliPage(call: Call, { permission, languages }: PageOptions): Promise<Response> {
  const { as, request, url } = call;
  const form = request.method === 'POST' ? await readForm(request) : null;
  const given = (name: string): string | undefined => (form ? form.optional(name) : (url.searchParams.get(name) ?? undefined));
  const challenge = checkChallenge(given('challenge'), 'S256');
  const port = portOf(given('port'));
  const path = `${as.settings.paths.admin}/cli?${new URLSearchParams({ port, challenge })}`;
  let session: KnownSession;
  try {
    // A terminal opens the page, and that shows nothing and changes nothing; the answer to it is a change.
    ({ session } = await enter(call, permission, true, form ? isSameOrigin(call, true) : true));
  } catch (error) {
    if (!(error instanceof OAuthError) || error.status !== 401) throw error;
    return error.reason === 'admin_session_missing' ? redirectTo(signInUrl(as, path)) : signInAgain(as, path);
  }
  if (!form) return askPage(call, session, { path, port, challenge, languages });
  const back = (answer: Record<string, string>): Response =>
    redirectTo(`http://127.0.0.1:${port}/callback?${new URLSearchParams({ ...answer, state: challenge })}`);
  if (form.optional('decision') !== 'allow') return back({ error: 'access_denied' });
  const allowed: Allowed = { challenge, parent: session.hash };
  return back({ code: await as.links.make(CODE, allowed, CODE_TTL) });
}

/** A port that a program of a user can listen on: the code goes to this computer and nowhere else. */
function portOf(text: string | undefined): string {
  if (text !== undefined && /^[1-9]\d{3,4}$/.test(text) && Number(text) >= 1024 && Number(text) <= 65_535) return text;
  throw new OAuthError('invalid_request', 'cli_port', { hint: 'port must be from 1024 to 65535.' });
}

interface Asked {
  readonly path: string;
  readonly port: string;
  readonly challenge: string;
  readonly languages: AdminLanguages;
}

function askPage(call: Call, session: KnownSession, { path, port, challenge, languages }: Asked): Response {
  const [say, words] = textsFor(call, languages);
  const { brand, name } = call.as.settings;
  const body = html`<h1>${say.cliTitle}</h1>
    <p class="lead long">${fill(say.cliLead, isolated(name), isolated(nameOf(session.claims, words)))}</p>
    <div class="panel">
      <h2>${say.cliCode}</h2>
      <p class="lead"><strong>${compareCode(challenge)}</strong></p>
      <p>${say.cliCheck}</p>
      <p class="hint">${fill(say.cliAnswer, isolated(`127.0.0.1:${port}`))}</p>
    </div>
    <form method="post" action="${path}">
      <input type="hidden" name="port" value="${port}" />
      <input type="hidden" name="challenge" value="${challenge}" />
      <div class="actions">
        <button class="main" name="decision" value="allow">${words.approve.allow}</button>
        <button name="decision" value="deny">${words.approve.deny}</button>
      </div>
    </form>`;
  return page({ words, title: say.cliTitle, body, formAction: 'leaves', brand, mark: 'alert' });
}

/** A name in a text that may run in the other direction. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

/** Exchanges a code for the session. A refusal uses nothing up. @throws {OAuthError} `invalid_grant`, with one text for every reason. */
export async function exchangeCliCode(call: Call, input: Input): Promise<object> {
  const { as } = call;
  requireOwn(call);
  const code = input.text('code');
  const challenge = base64url(await as.runtime.digest(utf8(checkVerifier(input.text('verifier')))));
  const allowed = (await as.links.find(CODE, code)) as Allowed | null;
  if (!allowed) throw new OAuthError('invalid_grant', 'cli_code_unknown', OVER);
  if (!equalTexts(challenge, allowed.challenge)) throw new OAuthError('invalid_grant', 'cli_verifier_wrong', OVER);
  const parent = await as.records.findSession(allowed.parent);
  if (!parent) throw new OAuthError('invalid_grant', 'cli_browser_signed_out', OVER);
  if (!(await as.links.take(CODE, code))) throw new OAuthError('invalid_grant', 'cli_code_replayed', OVER);
  const { userId, claims, permissions, organizations, provenAt, agent } = parent;
  const token = as.secrets.secret(as.place);
  const now = as.now();
  const expiresAt = Math.min(parent.expiresAt, now + SESSION_TTL);
  await audited(as, { act: 'cli/sign-in', by: userId }, async () =>
    as.records.openSession(await as.secrets.recordId(token), {
      v: 1,
      userId,
      claims,
      ...(permissions ? { permissions } : {}),
      ...(organizations ? { organizations } : {}),
      ...(provenAt === undefined ? {} : { provenAt }),
      createdAt: now,
      expiresAt,
      seenAt: now,
      agent: { browser: 'Portcullis CLI', ...(agent?.system === undefined ? {} : { system: agent.system }) },
      ...(parent.network === undefined ? {} : { network: parent.network }),
      cliOf: allowed.parent,
    }),
  );
  return { cookie: cookieName(as, 'session'), session: token, expiresAt, userId, name: nameOf(claims, call.words) };
}

/** Ends the session of the command line that calls. */
export async function endCliSession(call: Call): Promise<object> {
  requireOwn(call);
  const session = await sessionOf(call);
  if (session?.cliOf !== undefined) await call.as.records.endSession(session.hash);
  return {};
}

function requireOwn(call: Call): void {
  if (!isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
}
