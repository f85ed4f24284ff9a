/** `npm run bench -- places`: the journeys of people in all regions on the real code, on virtual time. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PLACES } from '../../src/model/token.ts';

const bench = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
const run = (...args: string[]): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, [bench, 'places', ...args]);

/** Cells of the row of an operation: p50 by region. */
function halves(text: string, operation: string): number[] {
  const rows = text.split('\n').filter((line) => line.startsWith(`| ${operation} |`));
  return (rows.at(-1) ?? '').split('|').slice(2, -1).map((cell) => Number(cell.split('/')[0])); // prettier-ignore
}

describe('bench/places', () => {
  it('answers a guarded call within 15 ms at the median in North America, Western Europe and Oceania', async () => {
    const { stdout } = await run('--layout', 'objects near the caller', '--people', '5');
    const byPlace = Object.fromEntries(PLACES.map((place, at) => [place, halves(stdout, 'guarded call')[at] ?? NaN]));
    for (const place of ['wnam', 'enam', 'weur', 'oc']) expect(byPlace[place], place).toBeLessThanOrEqual(15);
    expect(byPlace['eeur']).toBeLessThanOrEqual(20);
    // Objects for these are made in another region, and in Asia they may be as far as Tokyo is from Singapore.
    for (const place of ['sam', 'afr', 'me']) expect(byPlace[place], place).toBeGreaterThan(90);
    const moved = halves(stdout, 'guarded call after a refresh there');
    for (const took of moved) expect(took).toBeLessThan(30); // the client is in Europe or Virginia by then
  });

  it('waits as long as the distance where everything is at home', async () => {
    const { stdout } = await run('--layout', 'objects, all at home', '--people', '2', '--home', 'oc');
    expect(halves(stdout, 'guarded call')[0]).toBeGreaterThan(90);
  });

  it('names the regions and the layouts that there are', async () => {
    await expect(run('--home', 'mars')).rejects.toThrow('--home must be one of wnam, enam');
    await expect(run('--layout', 'paper')).rejects.toThrow('--layout must be one of objects, all at home');
  });
});
