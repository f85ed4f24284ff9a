import { expect, it } from 'vitest';
import { keyFor, makeCarried } from '../../../src/core/records/user-states.ts';
import { makeServer } from '../../support/server.ts';

const { as, clock } = makeServer();
const KEY = new Uint8Array(32).fill(7);
const carriedOf = (grantId: string, key = KEY) => makeCarried(as, grantId, async () => key);

it('opens what the same grant sealed for the same question, for ten minutes', async () => {
  const { seal, open } = carriedOf('grant-1');
  const sealed = await seal({ step: 2 }, 'tool a');
  expect(sealed).not.toContain('step');
  expect(await open(sealed, 'tool a')).toEqual({ value: { step: 2 }, over: false });
  clock.pass(599);
  expect(await open(sealed, 'tool a')).toEqual({ value: { step: 2 }, over: false });
  clock.pass(1);
  expect(await open(sealed, 'tool a')).toEqual({ value: { step: 2 }, over: true });
});

it('opens nothing for another question, another grant or another key of it', async () => {
  const sealed = await carriedOf('grant-1').seal('mine', 'tool a');
  expect(await carriedOf('grant-1').open(sealed, 'tool b')).toBeNull();
  expect(await carriedOf('grant-2').open(sealed, 'tool a')).toBeNull();
  expect(await carriedOf('grant-1', new Uint8Array(32).fill(8)).open(sealed, 'tool a')).toBeNull();
  expect(await carriedOf('grant-1').open('not sealed', 'tool a')).toBeNull();
});

it('derives another key for each purpose, and never the key of the grant itself', async () => {
  const [carried, again, connection] = await Promise.all(
    ['carried', 'carried', 'connection github'].map((one) => keyFor(as.runtime, one, KEY)),
  );
  expect(again).toEqual(carried);
  expect(connection).not.toEqual(carried);
  expect(carried).not.toEqual(KEY);
  const sealed = await carriedOf('grant-1').seal('mine', 'tool a');
  expect(await as.secrets.openWith(carried as Uint8Array<ArrayBuffer>, sealed, 'carried:grant-1:tool a')).toContain('mine');
});
