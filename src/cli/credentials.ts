/**
 * OAuth client provider for the MCP SDK: client metadata, tokens, and the redirect to the sign-in page.
 * The state lives in the given session, and outlives the run only if `kept` writes it to the file of `--save FILE`.
 */
import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Callback } from './callback.ts';
import { CliError, printable, type Terminal } from './terminal.ts';

/** The input of the OAuth client provider. */
export interface CredentialParts {
  readonly session: Session;
  /** Called when the session has changed, if it is saved. */
  readonly kept: (() => void) | null;
  readonly callback: Callback;
  readonly terminal: Terminal;
  /** The scopes of the first sign-in, instead of those that the server proposes. */
  readonly scope: string | undefined;
  /** Seconds that a sign-in may take. */
  readonly timeout: number;
  readonly opensBrowser: boolean;
}

/** The OAuth client provider of one run. */
export interface Credentials {
  readonly provider: OAuthClientProvider;
  /** The response of the sign-in that was begun last; null if none is open. Can be read once. */
  takeAnswer(): Promise<URLSearchParams> | null;
  /** The server's endpoints, from its metadata. */
  discovered(): OAuthDiscoveryState | undefined;
}

/** Makes the OAuth client provider of one run. */
export function makeCredentials({ session, kept, callback, terminal, scope, timeout, opensBrowser }: CredentialParts): Credentials {
  let discovery: OAuthDiscoveryState | undefined;
  let verifier = '';
  let state = '';
  let answer: Promise<URLSearchParams> | null = null;
  const provider: OAuthClientProvider = {
    redirectUrl: callback.redirectUri,
    clientMetadata: {
      client_name: 'Portcullis connect',
      redirect_uris: [callback.redirectUri],
      grant_types: kept ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => (state = randomBytes(24).toString('base64url')),
    clientInformation: () => session.client,
    saveClientInformation(client) {
      session.client = client;
      session.port = callback.port;
      kept?.();
    },
    tokens: () => session.tokens,
    saveTokens(tokens) {
      session.tokens = tokens;
      kept?.();
    },
    saveCodeVerifier(fresh) {
      verifier = fresh;
    },
    codeVerifier: () => verifier,
    saveDiscoveryState(found) {
      if (!found.authorizationServerMetadata) throw new CliError(withoutMetadata(session.url, found));
      discovery = found;
    },
    discoveryState: () => discovery,
    invalidateCredentials(what) {
      if (what === 'all' || what === 'client') session.client = undefined;
      if (what === 'all' || what === 'tokens') session.tokens = undefined;
      if (what === 'all' || what === 'discovery') discovery = undefined;
    },
    redirectToAuthorization(url) {
      if (url.protocol !== 'https:' && url.protocol !== 'http:') {
        throw new CliError(`The server names a sign-in page that is not a web page (${url.protocol}). Tell its operator.`);
      }
      // A sign-in for further scopes (step-up) requests the scopes that the server has named.
      if (scope !== undefined && !session.tokens) url.searchParams.set('scope', scope);
      answer = callback.answer(state, timeout);
      answer.catch(() => undefined); // handled by the caller that awaits it
      const server = discovery?.authorizationServerMetadata?.issuer ?? url.origin;
      terminal.err(`The sign-in for ${printable(session.url)} is at ${printable(server)}.`);
      terminal.err(
        `${opensBrowser ? 'Sign in on the page that opens now, or open it yourself' : 'Open this page to sign in'}:\n  ${url.href}`,
      );
      if (opensBrowser) terminal.open(url.href);
    },
  };
  return {
    provider,
    discovered: () => discovery,
    takeAnswer() {
      const taken = answer;
      answer = null;
      return taken;
    },
  };
}

function withoutMetadata(url: string, { resourceMetadata, authorizationServerUrl }: OAuthDiscoveryState): string {
  if (!resourceMetadata) {
    return `${url} refuses without saying where to sign in: it publishes no protected-resource metadata (RFC 9728). Check the address; if it is right, tell the operator of the server.`;
  }
  return `${authorizationServerUrl} publishes no authorization server metadata (RFC 8414), so no one can sign in there. Tell the operator of ${url}.`;
}

/** A client and its tokens at one server. */
export interface Session {
  readonly url: string;
  /** The port of the registered loopback redirect URI; 0 before the registration. */
  port: number;
  client?: StoredOAuthClientInformation | undefined;
  tokens?: StoredOAuthTokens | undefined;
}

/** Reads the session of a server, or begins one if the file does not exist. @throws {CliError} for any other file. */
export function readSession(file: string, url: string): Session {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { url, port: 0 };
    throw new CliError(`Cannot read ${file}: ${message}. Name another file after --save.`, 1, { cause: error });
  }
  const session = parse(text);
  if (!session) throw new CliError(`${file} is not a file that --save has written. Name another one, or delete it.`);
  if (session.url !== url) throw new CliError(`${file} belongs to ${session.url}. Name another file after --save.`);
  return session;
}

/** Writes a session to a temporary file and renames it, so that readers see the old or the new one complete. */
export function writeSession(file: string, session: Session): void {
  const fresh = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(fresh, `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new CliError(`Cannot write ${file}: ${(error as Error).message}. Name another file after --save.`, 1, { cause: error });
  }
}

function parse(text: string): Session | null {
  try {
    const value = JSON.parse(text) as Partial<Session> | null;
    return typeof value?.url === 'string' && typeof value.port === 'number' ? (value as Session) : null;
  } catch {
    return null; // not our file: the caller reports it
  }
}
