/** Two demo accounts: made once for a data folder, with random passwords, in a file that only its owner can read. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OAuthHelpers } from '../../index.ts';
import { CliError } from '../terminal.ts';

/** A demo account. */
export interface DemoAccount {
  readonly username: string;
  readonly name: string;
  readonly password: string;
  readonly permissions: readonly string[];
}

/** The demo accounts of a data folder, created if they are missing. */
export async function demoAccounts(folder: string, accounts: OAuthHelpers['accounts']): Promise<readonly DemoAccount[]> {
  const demo = keptIn(join(folder, 'demo-accounts.json'));
  for (const account of demo) {
    if (await accounts.findByUsername(account.username)) continue;
    await accounts.create(account);
  }
  return demo;
}

function keptIn(file: string): readonly DemoAccount[] {
  const password = (): string => randomBytes(9).toString('base64url');
  const fresh: readonly DemoAccount[] = [
    { username: 'demo-admin', name: 'Ada Admin', password: password(), permissions: ['admin'] },
    { username: 'demo-user', name: 'Uma User', password: password(), permissions: [] },
  ];
  try {
    writeFileSync(file, JSON.stringify(fresh, null, 2), { flag: 'wx', mode: 0o600 });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as readonly DemoAccount[];
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${(error as Error).message}. Remove it, and new demo accounts are made.`, 1, {
      cause: error,
    });
  }
}
