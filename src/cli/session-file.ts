/**
 * The file of `--save FILE`: the registration and the tokens for one server, readable by the file's owner only.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { StoredOAuthClientInformation, StoredOAuthTokens } from '@modelcontextprotocol/client';
import { CliError } from './terminal.ts';

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
