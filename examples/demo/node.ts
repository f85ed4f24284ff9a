/** The demo on Node, with everything kept in one SQLite file. */
import { resolve } from 'node:path';
import { serve } from 'portcullis/node';
import { demoAccounts, welcome } from './accounts.ts';
import { app } from './app.ts';

try {
  const data = resolve(process.env['PORTCULLIS_DATA'] ?? '.portcullis');
  const { url, helpers } = await serve(app, { data, signals: true });
  const accounts = demoAccounts(data);
  for (const account of accounts) {
    if (!(await helpers.accounts.findByUsername(account.username))) await helpers.accounts.create(account);
  }
  console.log(welcome(process.env['PORTCULLIS_ISSUER'] ?? url, accounts, `Data folder: ${data}`));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
