/** Sign-ins of the command line at servers: a file for each, in a folder of the user, for the owner's eyes only. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../terminal.ts';

/** A sign-in at a server. */
export interface SignIn {
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
export function readSignIn(issuer: string, now: number = Date.now() / 1000): SignIn | null {
  try {
    const known = JSON.parse(readFileSync(fileOf(issuer), 'utf8')) as Partial<SignIn> | null;
    const isWhole = [known?.cookie, known?.session, known?.name].every((text) => typeof text === 'string');
    return isWhole && known?.issuer === issuer && Number(known.expiresAt) > now ? (known as SignIn) : null;
  } catch {
    return null;
  }
}

/** Keeps a sign-in. Readers see the old or the new one complete. @throws {CliError} */
export function keepSignIn(signIn: SignIn): void {
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
export function forgetSignIn(issuer: string): void {
  rmSync(fileOf(issuer), { force: true });
}

function fileOf(issuer: string): string {
  return join(folderOf(), `${encodeURIComponent(issuer)}.json`);
}

/** Where programs keep what they know of a user: XDG Base Directory, or the folder of Windows. */
function folderOf({ XDG_STATE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv = process.env): string {
  return join(XDG_STATE_HOME || LOCALAPPDATA || join(homedir(), '.local', 'state'), 'portcullis');
}
