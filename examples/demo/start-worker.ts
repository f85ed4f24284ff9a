/** Starts the demo in workerd through `wrangler dev`, with accounts kept as for Node. Needs no Cloudflare account. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoAccounts, welcome } from './accounts.ts';

const port = process.env['PORT'] || '8787';
const host = process.env['HOST'] || 'localhost';
if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) fail('PORT must be a whole number from 1 to 65535.');
const issuer = process.env['PORTCULLIS_ISSUER'] || `http://localhost:${port}`;
if (!URL.canParse(issuer) || new URL(issuer).origin !== issuer) fail('PORTCULLIS_ISSUER must be an origin such as https://mcp.example.');
if (await isTaken())
  fail(`Port ${port} on ${host} is taken: stop the program that uses it, or choose another port (PORT=${Number(port) + 1}).`);
const data = resolve(process.env['PORTCULLIS_DATA'] || '.portcullis', 'worker');
try {
  for (const folder of [dirname(data), data]) if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
} catch (error) {
  fail(`The data folder ${data} cannot be made: ${(error as Error).message}. Name another one with PORTCULLIS_DATA.`);
}
const accounts = demoAccounts(data);
const secrets = join(data, 'worker.env');
writeFileSync(secrets, `DEMO_ACCOUNTS='${JSON.stringify(accounts)}'\nPORTCULLIS_ISSUER=${issuer}\n`, { mode: 0o600 });

const config = fileURLToPath(new URL('wrangler.jsonc', import.meta.url));
const settings = ['--config', config, '--port', port, '--ip', host, '--env-file', secrets];
const limits = process.env['PORTCULLIS_LIMITS'] === 'off' ? ['--var', 'PORTCULLIS_LIMITS:off'] : [];
const quiet = ['--persist-to', data, '--show-interactive-dev-session=false', '--log-level', 'warn'];
const worker = spawn('wrangler', ['dev', ...settings, ...limits, ...quiet], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_HIDE_BANNER: 'true' },
});
worker.on('error', (error) => fail(`wrangler does not start: ${error.message}. Run \`npm ci\` and try again.`));
worker.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => worker.kill('SIGTERM'));

await up(`http://${host}:${port}/.well-known/oauth-authorization-server`);
console.log(welcome(issuer, accounts, `In workerd, on Durable Objects. Data folder: ${data}`));

/** Waits until the Worker answers; it takes a few seconds the first time. */
async function up(url: string): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    ); // not yet listening
    if (answered) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  worker.kill('SIGTERM');
  fail(`The Worker does not answer at ${url}. What it said stands above.`);
}

/** Whether another program listens on the port, which would answer instead of the Worker. */
function isTaken(): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer()
      .once('error', () => done(true))
      .listen(Number(port), host, () => probe.close(() => done(false)));
  });
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}
