/** The official conformance runner for authorization servers, with its one manual step done by a real browser. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { visit } from './chromium.ts';
import { allow } from './person.ts';
import { childEnv, freePort, freshFolder, runProgram } from './processes.ts';
import { check, skip } from './report.ts';

/** A verdict of the runner. */
interface Verdict {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** What must be a success. */
const NEEDED: ReadonlySet<string> = new Set(['authorization-server-metadata', 'authorization-code-grant']);

/** Runs all scenarios against the server at `url`; each of its checks counts as one of ours. */
export async function checkConformance(where: string, url: string, browser: Browser): Promise<void> {
  const results = freshFolder('conformance');
  await check(`${where}: @modelcontextprotocol/conformance authorization runs to its end`, () => runScenarios(url, browser, results));
  const seen = new Set<string>();
  for (const { id, status, errorMessage = '' } of verdictsOf(results)) {
    seen.add(id);
    const name = `${where}: conformance ${id}`;
    // A warning is a SHOULD that the server does not offer (yet); the runner itself does not count it as a failure.
    if (status === 'WARNING' && !NEEDED.has(id)) skip(name, errorMessage);
    else await check(name, async () => assert.equal(status, 'SUCCESS', errorMessage));
  }
  await check(`${where}: conformance left out no check that we need`, async () => {
    assert.deepEqual(
      [...NEEDED].filter((id) => !seen.has(id)),
      [],
    );
  });
}

async function runScenarios(url: string, browser: Browser, results: string): Promise<void> {
  const port = await freePort();
  const redirectUri = `http://127.0.0.1:${port}/callback`;
  const client = await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri });
  let visiting: Promise<unknown> | undefined;
  const args = ['--url', url, '--client-id', client.id, '--resource', `${url}/mcp`, '--port', String(port), '--output-dir', results];
  const { code, out, err } = await runProgram('conformance', ['authorization', ...args], childEnv(results), (sofar) => {
    // It prints the address and then waits for the answer on its port.
    const link = /^(http\S+\/authorize\?\S+)\n/m.exec(sofar)?.[1];
    if (link && !visiting) {
      visiting = visit(browser, url, ({ page }) => allow(page, link));
      visiting.catch(() => undefined); // awaited below
    }
  });
  await visiting;
  assert.equal(code, 0, `${out}\n${err}`);
}

function verdictsOf(results: string): Verdict[] {
  return readdirSync(results, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('checks.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(results, file), 'utf8')) as Verdict[]);
}
