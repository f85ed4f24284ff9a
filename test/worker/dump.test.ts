/** What someone reads who gets at the databases themselves: every row of every table of the objects and of D1. */
import { env, runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { d1Store } from '../../src/stores/d1.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import type { ObjectNamespace } from '../../src/stores/object-namespace.ts';
import type { PortcullisStore } from '../../src/worker/store-object.ts';
import { expectNothingKnown, liveThrough } from '../support/known-secrets.ts';

const { PORTCULLIS, D1 } = env as unknown as { PORTCULLIS: DurableObjectNamespace<PortcullisStore>; D1: D1Database };

describe('every row of', () => {
  it('SEC-213 I5 the Durable Objects holds no secret of a complete run', async () => {
    const [prefix, shards] = [`${crypto.randomUUID()}-`, 4];
    const known = await liveThrough((now) => durableObjectStore(PORTCULLIS as unknown as ObjectNamespace, { now, prefix, shards }));
    const rows: unknown[] = [];
    for (let shard = 0; shard < shards; shard++) {
      await runInDurableObject(PORTCULLIS.get(PORTCULLIS.idFromName(`${prefix}${shard}`)), (_object, { storage: { sql, kv } }) => {
        for (const name of ['records', 'entries']) rows.push(...sql.exec(`SELECT * FROM ${name}`).toArray());
        rows.push(...kv.list());
      });
    }
    expectNothingKnown(JSON.stringify(rows), known);
  });

  it('SEC-213 I5 D1 holds no secret of a complete run', async () => {
    const known = await liveThrough((now) => d1Store(D1 as unknown as Parameters<typeof d1Store>[0], { now }));
    const { results } = await D1.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'portcullis_%'").all<{ name: string }>();
    const tables = await Promise.all(results.map(({ name }) => D1.prepare(`SELECT * FROM ${name}`).all()));
    expectNothingKnown(JSON.stringify(tables.map((table) => table.results)), known);
  });
}); // prettier-ignore
