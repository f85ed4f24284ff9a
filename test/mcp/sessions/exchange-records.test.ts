/** Streams that are kept for who comes back, part by part: what becomes of them when a write goes wrong, or the process that filled them dies. */
import { describe, expect, it } from 'vitest';
import type { Id } from '../../../src/mcp/sdk.ts';
import { MAX_KEPT, readEventId, readStream, type Recording, recordTo } from '../../../src/mcp/sessions/exchange-records.ts';
import { resumedStream } from '../../../src/mcp/sessions/notifications.ts';
import { MAX_RECORD_BYTES, type SessionStore, sessionStoreOf } from '../../../src/mcp/sessions/session.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { eventsOf } from '../session-client.ts';
import { statesWith, type Trouble } from '../states.ts';

const ID = 'x'.repeat(43);
const STREAM = 'a-stream';
const said = (message: object): never => ({ jsonrpc: '2.0', ...message }) as never;
const resumed = async (sessionStore: SessionStore, after = 0): Promise<ReturnType<typeof eventsOf>> =>
  eventsOf(await resumedStream({ id: ID, sessionStore, kept: null }, STREAM, after, new AbortController()));

/** A recording of calls that are open, and what went wrong while it was kept. */
async function recording(
  open: readonly Id[],
  trouble: Trouble = {},
): Promise<{ sessionStore: SessionStore; record: Recording; open: Set<Id>; errors: string[] }> {
  const [sessionStore, left, errors] = [await sessionStoreOf(ID, statesWith(trouble)), new Set(open), [] as string[]];
  return { sessionStore, open: left, errors, record: recordTo(sessionStore, left, ({ message }) => errors.push(message)) };
}

describe('mcp/sessions/exchange-records, event-store', () => {
  it('sends an error for each unanswered request of a dead process', async () => {
    const clock = makeClock();
    const { sessionStore, record, open } = await recording([1, 'two', 3], { now: clock.now });
    open.delete(3);
    await record.storeEvent(STREAM, said({ id: 3, result: {} }));
    clock.pass(66);
    const stream = await resumed(sessionStore);
    expect((await stream.next())?.data).toMatchObject({ id: 3, result: {} });
    expect((await stream.next())?.data).toMatchObject({ id: 1, error: { code: -32000 } });
    expect((await stream.next())?.data).toMatchObject({ id: 'two', error: { code: -32000 } });
    expect(await stream.next()).toBeNull();
  });

  it('numbers each message by itself, however many are being stored, so that a client which saw one gets the next', async () => {
    const { sessionStore, record, open } = await recording([1]);
    const first = record.storeEvent(STREAM, said({ method: 'notifications/progress' })); // a tool that does not wait for it
    open.delete(1);
    const second = record.storeEvent(STREAM, said({ id: 1, result: { done: true } }));
    expect([await first, await second]).toEqual([`${STREAM}.1`, `${STREAM}.2`]);
    const { after = 0 } = readEventId(await first) ?? {};
    expect((await (await resumed(sessionStore, after)).next())?.data).toMatchObject({ id: 1, result: { done: true } });
  });

  it('keeps waiting for a call that still runs in another process', async () => {
    const clock = makeClock();
    const { sessionStore, record, open } = await recording([1], { now: clock.now });
    await record.storeEvent(STREAM, said({ method: 'notifications/progress' }));
    clock.pass(60);
    await record.keep();
    clock.pass(60);
    const stream = await resumed(sessionStore, 1);
    const next = stream.next();
    open.delete(1);
    await record.storeEvent(STREAM, said({ id: 1, result: { late: true } }));
    expect((await next)?.data).toMatchObject({ id: 1, result: { late: true } });
    clock.pass(600);
    expect(await stream.next()).toBeNull();
  });

  it('continues with its record if the response to a write was lost: the last message is stored', async () => {
    const { sessionStore, record, open, errors } = await recording([1], { unanswered: (write) => write === 0 });
    await record.storeEvent(STREAM, said({ method: 'notifications/progress' }));
    open.delete(1);
    await record.storeEvent(STREAM, said({ id: 1, result: {} }));
    expect(errors).toEqual(['The connection broke.']);
    expect(await readStream(sessionStore, STREAM)).toMatchObject({ over: true, events: [[1, {}], [2, { id: 1 }]] });
  }); // prettier-ignore

  it('keeps a hundred open requests with ids as long as can be, beside as much as a stream may hold', async () => {
    const ids = [...Array.from({ length: 99 }, (_, at) => String(at).padEnd(118, 'x')), 'y'.repeat(5000)];
    const { sessionStore, record, errors } = await recording(ids);
    await record.storeEvent(STREAM, said({ method: 'm', params: { text: 'z'.repeat(MAX_RECORD_BYTES - 30_000) } }));
    expect(errors).toEqual([]);
    expect((await readStream(sessionStore, STREAM))?.open).toHaveLength(99);
  });

  it('limits the stored streams of one session, for any number of calls (F-06)', async () => {
    const handles = new Set<string>();
    const states = statesWith();
    const sessionStore = await sessionStoreOf(ID, {
      ...states,
      write: (handle, ...rest) => (handles.add(handle), states.write(handle, ...rest)),
    });
    for (let call = 0; call < 100; call++) {
      const stream = `stream-${call}`;
      await recordTo(sessionStore, new Set(), () => undefined).storeEvent(stream, said({ id: 1, result: { call } }));
      expect(await readStream(sessionStore, stream)).toMatchObject({ events: [[1, { result: { call } }]] });
    }
    expect(handles.size).toBeLessThanOrEqual(MAX_KEPT);
  });

  it('does not replace the stream of a running call, only one that is over or whose process has died (F-06)', async () => {
    const clock = makeClock();
    const sessionStore = await sessionStoreOf(ID, statesWith({ now: clock.now }));
    const going = Array.from({ length: MAX_KEPT }, (_, at) => ({ stream: `call-${at}`, open: new Set<Id>([1]) }));
    const records = going.map(({ open }) => recordTo(sessionStore, open, () => undefined));
    for (const [at, { stream }] of going.entries()) await records[at]?.storeEvent(stream, said({ method: 'notifications/progress' }));
    const late = recordTo(sessionStore, new Set(), () => undefined);
    await late.storeEvent('too-many', said({ id: 1, result: {} }));
    expect(await readStream(sessionStore, 'too-many')).toBeNull();
    for (const { stream } of going) expect(await readStream(sessionStore, stream)).not.toBeNull();
    going[3]?.open.clear();
    await records[3]?.storeEvent('call-3', said({ id: 1, result: {} }));
    await late.keep();
    expect(await readStream(sessionStore, 'too-many')).not.toBeNull();
    clock.pass(66);
    await recordTo(sessionStore, new Set(), () => undefined).storeEvent('after-a-death', said({ id: 1, result: {} }));
    expect(await readStream(sessionStore, 'after-a-death')).not.toBeNull();
  });

  it('reads an id of its own, and no other', () => {
    expect(readEventId('a-stream.12')).toEqual({ stream: STREAM, after: 12 });
    for (const id of ['a-stream', 'a.1', 'a-stream.-1', 'a-stream.1x', '']) expect(readEventId(id)).toBeNull();
  });
});
