/**
 * A running server as what a command works on. The command line is one more browser of the administrator: it sends the cookie of its session to
 * the administration API, as a page of the server would. `portcullis login` and `logout` begin and end that session.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isLoopbackHost } from '../../lib/url.ts';
import { compareCode } from '../../model/pkce.ts';
import { listenForCallback } from '../callback.ts';
import { parseFlags, usage } from '../flags.ts';
import { CliError, printable, type Terminal } from '../terminal.ts';
import type { Input, Target } from './target.ts';

/** How long a person has to sign in. */
const PATIENCE = 300;
/** How often a request is sent again that the server had no time for. */
const MAX_TRIES = 10;

/** A server, and how it is asked. */
interface Server extends Target {
  readonly issuer: string;
  /** Signs in anew, by the browser. @throws {CliError} */
  readonly signIn: () => Promise<SignIn>;
  /** Ends a sign-in at the server. @throws {CliError} where the server does not confirm it. */
  readonly signOut: (known: SignIn) => Promise<void>;
}

/** Finds a server by its address. @throws {CliError} where there is none of ours. */
export async function openRemote(address: string, terminal: Terminal, opensBrowser: boolean): Promise<Server> {
  const { issuer, admin } = await discovered(address);
  const { origin } = new URL(admin);
  const post = (path: string, body: object, cookie?: string): Promise<Response> =>
    send(`${admin}/api/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...headersOf(origin, cookie), 'content-type': 'application/json' },
    });

  const signIn = async (): Promise<SignIn> => {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const callback = await listenForCallback(0, terminal, '');
    try {
      const page = `${admin}/cli?${new URLSearchParams({ port: String(callback.port), challenge }).toString()}`;
      if ((await send(page, {})).status === 404) throw new CliError(noAdmin(issuer)); // before a person looks at an empty page
      const answered = callback.answer(challenge, PATIENCE);
      terminal.err(`${opensBrowser ? 'Sign in on the page that opens now, or open it yourself' : 'Open this page to sign in'}:\n  ${page}`);
      terminal.err(`Allow it only if the page shows this code: ${compareCode(challenge)}`);
      if (opensBrowser) terminal.open(page);
      const code = (await answered).get('code');
      if (code === null) throw new CliError('The sign-in was not allowed.');
      const known = await read(await post('cli/token', { code, verifier }), issuer);
      const made = { ...(known as Omit<SignIn, 'issuer'>), issuer }; // a server has no say in the sign-in at another
      keepSignIn(made);
      terminal.err(
        `Signed in at ${printable(issuer)} as ${printable(made.name)} for an hour. Changes need a sign-in of the last ten minutes.`,
      );
      return made;
    } finally {
      callback.stop();
    }
  };

  /** A session, by the browser where a person can use one. */
  const session = async (why: string): Promise<SignIn> => {
    if (!terminal.ask) throw new CliError(`${why} Run this first, where a person can answer: portcullis login --server ${issuer}`);
    terminal.err(why);
    return signIn();
  };

  return {
    issuer,
    signIn,
    async signOut(known) {
      await read(await post('cli/end', {}, cookieOf(known)), issuer);
    },
    async close() {},
    async ask(method, act, input) {
      let known = readSignIn(issuer) ?? (await session(`Not signed in at ${issuer}.`));
      let isFresh = false;
      for (let left = MAX_TRIES; ; left--) {
        const answer = await (method === 'POST' ? post(act, input, cookieOf(known)) : send(urlOf(`${admin}/api/${act}`, input), { headers: headersOf(origin, cookieOf(known)) })); // prettier-ignore
        if (answer.status === 401 && !isFresh) {
          isFresh = true;
          known = await session('This needs a new sign-in.');
        } else if (answer.status === 429 && left > 1) {
          await new Promise<void>((done) => terminal.after(Number(answer.headers.get('retry-after')) || 1, done));
        } else return read(answer, issuer);
      }
    },
  };
}

/** What our own page would send: the server takes nothing that may come from another site. */
function headersOf(origin: string, cookie: string | undefined): Record<string, string> {
  return { origin, 'sec-fetch-site': 'same-origin', 'user-agent': 'portcullis-cli', ...(cookie === undefined ? {} : { cookie }) };
}

function cookieOf({ cookie, session }: SignIn): string {
  return `${cookie}=${session}`;
}

function urlOf(url: string, input: Input): string {
  const query = new URLSearchParams(Object.entries(input).map(([name, value]) => [name, String(value)] as [string, string]));
  return query.size === 0 ? url : `${url}?${query.toString()}`;
}

/** Never follows a redirect: the cookie is for this server. */
async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'manual' });
  } catch (error) {
    const why = (error as { cause?: { message?: string } }).cause?.message ?? (error as Error).message;
    throw new CliError(`${new URL(url).origin} does not answer: ${why}`, 1, { cause: error });
  }
}

/** The answer, as JSON. @throws {CliError} in the words of the server. */
async function read(answer: Response, issuer: string): Promise<unknown> {
  if (answer.ok && answer.headers.get('content-type')?.startsWith('application/x-ndjson')) return answer.text();
  const body = (await answer.json().catch(() => null)) as { error?: string; error_description?: string } | null;
  if (answer.ok && body !== null) return body;
  if (body?.error !== undefined) throw new CliError(printable(body.error_description ?? body.error));
  if (answer.status === 404) throw new CliError(noAdmin(issuer));
  throw new CliError(`${issuer} answers ${answer.status}, and not as Portcullis does.`);
}

function noAdmin(issuer: string): string {
  return `${issuer} has no administration for the command line. Give OAuthProvider the option \`admin\`: adminApi({ permission: 'admin' })`;
}

/** The issuer that an address names. @throws {CliError} */
function issuerOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new CliError(`--server takes an address such as https://mcp.example; it is ${JSON.stringify(address)}.`, 2);
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    throw new CliError(`${url.origin} is plain http, and anyone on the way could read the session. Use https.`, 2);
  return url.origin + (url.pathname === '/' ? '' : url.pathname.replace(/\/$/, ''));
}

/** The issuer and the place of its administration, beside the authorize endpoint that the metadata names (RFC 8414). */
async function discovered(address: string): Promise<{ readonly issuer: string; readonly admin: string }> {
  const issuer = issuerOf(address);
  const { origin } = new URL(issuer);
  const answer = await send(`${origin}/.well-known/oauth-authorization-server${issuer.slice(origin.length)}`, {});
  const { issuer: named, authorization_endpoint: authorize } = ((await answer.json().catch(() => null)) ?? {}) as {
    issuer?: unknown;
    authorization_endpoint?: unknown;
  };
  if (named !== issuer || typeof authorize !== 'string' || !authorize.startsWith(`${origin}/`))
    throw new CliError(`There is no authorization server at ${issuer}. Name its issuer, without the path of the MCP endpoint.`);
  return { issuer, admin: new URL('admin', authorize).href };
}

/** A sign-in at a server: a file for each, in a folder of the user, for the owner's eyes only. */
interface SignIn {
  /** The server as it names itself. */
  readonly issuer: string;
  /** Name and value of the cookie that carries the session. */
  readonly cookie: string;
  readonly session: string;
  readonly expiresAt: number;
  /** The administrator, for people. */
  readonly name: string;
}

/** The live sign-in at a server, or null. A file that is not ours reads as none. */
function readSignIn(issuer: string, now: number = Date.now() / 1000): SignIn | null {
  try {
    const known = JSON.parse(readFileSync(fileOf(issuer), 'utf8')) as Partial<SignIn> | null;
    const isWhole = [known?.cookie, known?.session, known?.name].every((text) => typeof text === 'string');
    return isWhole && known?.issuer === issuer && Number(known.expiresAt) > now ? (known as SignIn) : null;
  } catch {
    return null;
  }
}

/** Keeps a sign-in. Readers see the old or the new one complete. @throws {CliError} */
function keepSignIn(signIn: SignIn): void {
  const file = fileOf(signIn.issuer);
  const fresh = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(folderOf(), { recursive: true, mode: 0o700 });
    chmodSync(folderOf(), 0o700); // it may have been there
    writeFileSync(fresh, `${JSON.stringify(signIn, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new CliError(`Cannot write ${file}: ${(error as Error).message}.`, 1, { cause: error });
  }
}

/** Forgets the sign-in at a server. */
function forgetSignIn(issuer: string): void {
  rmSync(fileOf(issuer), { force: true });
}

function fileOf(issuer: string): string {
  return join(folderOf(), `${encodeURIComponent(issuer)}.json`);
}

/** Where programs keep what they know of a user: XDG Base Directory, or the folder of Windows. */
function folderOf({ XDG_STATE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv = process.env): string {
  return join(XDG_STATE_HOME || LOCALAPPDATA || join(homedir(), '.local', 'state'), 'portcullis');
}

/** The usage text. */
export const LOGIN_USAGE = `Usage: portcullis login --server URL [--no-open]   signs in with the browser, for an hour
       portcullis logout --server URL              ends that, here and at the server

URL is the issuer of a server with the option \`admin\`; for a tenant, with its path. Commands with --server sign in by themselves when they need it.
The session gives access to the administration API alone. It is kept in a file that only you can read, and ends with the browser session that allowed it.

Examples:
  portcullis login --server https://mcp.example
  portcullis user list --server https://mcp.example
  portcullis logout --server https://mcp.example`;

/** Runs `login` or `logout`. @throws {CliError} */
export async function runLogin(name: 'login' | 'logout', argv: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parseFlags(argv, { server: { type: 'string' }, 'no-open': { type: 'boolean' } }, `${name} --help`);
  if (values.server === undefined || positionals.length > 0) throw usage(`Write: portcullis ${name} --server URL`, `${name} --help`);
  if (name === 'logout') return signOut(values.server, terminal);
  await (await openRemote(values.server, terminal, values['no-open'] !== true)).signIn();
}

/** Forgets the sign-in here, whatever the server says, and ends it there. @throws {CliError} where the server does not confirm it. */
async function signOut(address: string, terminal: Terminal): Promise<void> {
  const issuer = issuerOf(address);
  const known = readSignIn(issuer);
  forgetSignIn(issuer);
  if (!known) return terminal.err(`Not signed in at ${issuer}.`);
  try {
    await (await openRemote(issuer, terminal, false)).signOut(known);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const what = `Signed out on this computer, but ${issuer} did not confirm that the session ended there; it ends within the hour.`;
    throw new CliError(`${what} ${error.message}`, 1, { cause: error });
  }
  terminal.err(`Signed out at ${issuer}.`);
}
