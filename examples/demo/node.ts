/** The demo on Node, with everything kept in one SQLite file. */
import { resolve } from 'node:path';
import { serve } from 'portcullis/node';
import { demoAccounts, welcome } from './accounts.ts';
import { app } from './app.ts';

try {
  const data = resolve(process.env['PORTCULLIS_DATA'] || '.portcullis');
  const { url, helpers } = await serve(app, { data, signals: true });
  const accounts = demoAccounts(data);
  for (const account of accounts) {
    if (await helpers.accounts.findByUsername(account.username)) continue;
    await helpers.accounts.create(account).catch(async (error: unknown) => {
      // Another process on this folder was faster.
      if (!(await helpers.accounts.findByUsername(account.username))) throw error;
    });
  }
  console.log(welcome(process.env['PORTCULLIS_ISSUER'] || url, accounts, `It listens on ${url}. Data folder: ${data}`));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
