/** The official conformance runner for authorization servers, with its one manual step done by a real browser. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { freePort } from '../support/port.ts';
import { visit } from './chromium.ts';
import { allow } from './person.ts';
import { childEnv, freshFolder, runProgram } from './processes.ts';
import { check } from './report.ts';

/** A verdict of the runner. */
interface Verdict {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** What must be a success. */
const NEEDED: ReadonlySet<string> = new Set([
  'authorization-server-metadata',
  'authorization-server-metadata-cimd',
  'authorization-code-grant',
]);

/** Runs all scenarios against the server at `url`; each of its checks counts as one of ours. */
export async function checkConformance(where: string, url: string, browser: Browser): Promise<void> {
  const results = freshFolder('conformance');
  await check(`${where}: @modelcontextprotocol/conformance authorization runs to its end`, () => runScenarios(url, browser, results));
  const seen = new Set<string>();
  for (const { id, status, errorMessage = '' } of verdictsOf(results)) {
    seen.add(id);
    // A warning, which the runner itself does not count as a failure, is one here: it is a SHOULD that we left out.
    await check(`${where}: conformance ${id}`, async () => assert.equal(status, 'SUCCESS', errorMessage));
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
  const client = await publishClient(redirectUri);
  let visiting: Promise<unknown> | undefined;
  const args = ['--url', url, '--client-id', client.id, '--resource', `${url}/mcp`, '--port', String(port), '--output-dir', results];
  try {
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
  } finally {
    client.server.close();
    client.server.closeAllConnections();
  }
  assert.ok(client.fetches() > 0, 'The server knows its client without having fetched its document.');
}

/** A client that is known by its metadata document alone: the runner then shows that what the metadata promise is kept. */
async function publishClient(redirectUri: string): Promise<{ id: string; server: Server; fetches(): number }> {
  let fetches = 0;
  const server = createServer((_request, to) => {
    fetches += 1;
    to.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const id = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client.json`;
  const document = { client_id: id, client_name: 'Conformance runner', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' };
  return { id, server, fetches: () => fetches };
}

function verdictsOf(results: string): Verdict[] {
  return readdirSync(results, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('checks.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(results, file), 'utf8')) as Verdict[]);
}
