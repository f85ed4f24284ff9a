import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { publicNames } from './support/public-names.ts';

const page = readFileSync(new URL('../docs/reference/names.md', import.meta.url), 'utf8').split('## Gone')[0] ?? '';

it('exports at most 250 names (200, jsonLog, the provider of portcullis/own-pages, the two of portcullis/admin and of portcullis/opentelemetry, the six platforms of portcullis/workloads, tokenFor, the eleven of portcullis/languages, the fourteen of portcullis/former, and the twelve of portcullis/mcp-sdk-v1), each of them on the list: a new public name is a decision', () => {
  // The names of another library, which test/runtimes/switching.test.ts compares with that one's.
  const names = new Map([...publicNames()].filter(([subpath]) => subpath !== 'portcullis/workers-oauth-provider'));
  const listed = new Map([...page.matchAll(/^\| `(portcullis[^`]*)` \| (.*) \|$/gm)].map(([, path = '', cell = '']) => [path, [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name)] as const)); // prettier-ignore
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(names));
  expect([...names.values()].flat().length).toBeLessThanOrEqual(250);
});
