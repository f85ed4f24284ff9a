/** The README's own server, word for word, with the SDK's client and a person's browser. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { type Connected, connectTo, fetchOn } from '../examples/client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
/** Inside the package, so that its own name is known; left out of what is packed. */
const folder = `${root}dist/.readme`;
const ORIGIN = 'http://localhost:8787';
const ADA = { username: 'ada', password: 'a long passphrase', name: 'Ada', permissions: ['admin'] };

interface App {
  fetch(request: Request, env: object): Promise<Response>;
  helpers(env: object): { readonly accounts: { create(account: object): Promise<unknown> } };
}
let app: App;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const [, code = ''] = /^```ts\n(\/\/ app\.ts\n[\s\S]*?)^```$/m.exec(readme) ?? [];
  writeFileSync(`${folder}/app.ts`, code);
  ({ app } = (await import(`${folder}/app.ts`)) as { app: App });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Someone who allows some of what the client asks for. */
async function allowing(scope: readonly string[]): Promise<Connected> {
  const env = { PORTCULLIS: memoryStore() };
  await app.helpers({ ...env, PORTCULLIS_ISSUER: ORIGIN }).accounts.create(ADA);
  const send = (request: Request): Promise<Response> => app.fetch(request, env);
  const browser = makeBrowser(send);
  return connectTo(`${ORIGIN}/mcp`, fetchOn({ 'localhost:8787': (request) => send(request as Request) }), async (url) => {
    const { username, password } = ADA;
    return (await browser.submit(await browser.get(url), { decision: 'approve', scope, username, password })).location ?? '';
  });
}

describe("the README's server", () => {
  it('grants the selected scopes, and asks for the others later (N-09)', async () => {
    const all = await allowing(['notes:read', 'notes:write']);
    expect(await all.say('userInfo')).toBe('Hello, Ada!');
    expect(await all.say('adminAction')).toBe('Done');
    const reading = await allowing(['notes:read']);
    expect(await reading.say('userInfo')).toBe('Hello, Ada!');
    await expect(reading.say('adminAction')).rejects.toThrow();
    const writing = await allowing(['notes:write']);
    await expect(writing.say('userInfo')).rejects.toThrow();
    expect(await writing.say('adminAction')).toBe('Done');
  });

  it('has no issuer in its wrangler file, which would break `wrangler dev`, and says how secrets get there (N-15)', () => {
    const [, wrangler = ''] = /^```jsonc\n([\s\S]*?)^```$/m.exec(readme) ?? [];
    expect(JSON.parse(wrangler.replace(/^\/\/.*$/gm, ''))).not.toHaveProperty('vars');
    for (const line of ['npm init -y', 'npx wrangler secret put ADA_PASSWORD', '--var PORTCULLIS_ISSUER:https://', '"module": "nodenext"'])
      expect(readme).toContain(line);
  });
});
