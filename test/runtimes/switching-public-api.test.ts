/**
 * The public API of workers-oauth-provider 1.2.3: every case of `test/switching/public-api` runs in workerd on that library and on ours. Both
 * show the same, or they differ for a reason that the table of differences gives.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Running, startWorker } from '../support/switched.ts';
import type { Expected } from '../switching/public-api/case.ts';
import { cases } from '../switching/public-api/cases.ts';
import { differences } from '../switching/public-api/differences.ts';

const folder = fileURLToPath(new URL('../switching/public-api/expected/', import.meta.url));
const page = fileURLToPath(new URL('../../docs/reference/differences-workers-oauth-provider.md', import.meta.url));
const isUpdate = process.env['UPDATE_PUBLIC_API'] === '1';
const expected = Object.fromEntries(
  readdirSync(folder).map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(folder + file, 'utf8')) as Record<string, Expected>,
  ]),
);

let theirs: Running;
let ours: Running;
beforeAll(async () => {
  theirs = await startWorker('public-api', 'theirs');
  ours = await startWorker('public-api', 'ours');
});
afterAll(async () => {
  await Promise.all([theirs?.stop(), ours?.stop()]);
});

const run = async ({ send }: Running, index: number): Promise<unknown> => {
  const { shown, failed } = (await (await send(`/?case=${index}`)).json()) as { shown?: unknown; failed?: string };
  if (failed !== undefined) throw new Error(failed);
  return shown;
};

describe.each([...new Set(cases.map(({ subject }) => subject))])('the public API of workers-oauth-provider: %s', (subject) => {
  const own = cases.flatMap((one, index) => (one.subject === subject ? [{ ...one, index }] : []));
  it.each(own)('$what', async ({ what, index }) => {
    const wanted = expected[subject]?.[what];
    const shown = { theirs: await run(theirs, index), ours: await run(ours, index) };
    expect(shown).toEqual(
      wanted && 'both' in wanted ? { theirs: wanted.both, ours: wanted.both } : { theirs: wanted?.theirs, ours: wanted?.ours },
    );
  });
});

describe('the table of differences', () => {
  const listed = Object.entries(expected).flatMap(([subject, all]) =>
    Object.entries(all).map(([what, one]) => ({ subject, what, id: 'differs' in one ? one.differs : null })),
  );

  it('expects something of every case, and of no other', () => {
    const names = (all: readonly { subject: string; what: string }[]): string[] =>
      all.map(({ subject, what }) => `${subject}: ${what}`).sort();
    expect(names(listed)).toEqual(names(cases));
  });

  it('has a reason for every case that differs, and a case for every reason', () => {
    expect(new Set(listed.flatMap(({ id }) => (id === null ? [] : [id])))).toEqual(new Set(Object.keys(differences)));
  });

  it('is the page of the documentation (else run this file with UPDATE_PUBLIC_API=1)', () => {
    const rows = Object.entries(differences).map(([id, { what, theirs: there, ours: here, reason }]) => {
      const shownBy = listed.filter((one) => one.id === id).length;
      return `| ${what} | ${there} | ${here} | ${reason} | ${shownBy} |`;
    });
    const text = `# Differences from workers-oauth-provider

\`test/runtimes/switching-public-api.test.ts\` runs ${cases.length} cases of the public API on \`@cloudflare/workers-oauth-provider\` 1.2.3 and on
\`portcullis/workers-oauth-provider\`, in workerd: options, helpers, endpoints, errors. In ${listed.filter(({ id }) => id === null).length} of them both behave the same, apart from wording. In the others they
differ for one of these reasons; the last column says in how many. The test fails if a difference is not listed here, or if a listed one is gone.

| what | there | here | reason | cases |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
    if (isUpdate) writeFileSync(page, text);
    expect(readFileSync(page, 'utf8')).toBe(text);
  });
});
