/** The SQL of an agent, through the whole server: one database for each user, whichever client and whichever request. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { SqlValue } from '../../src/model/user-state.ts';
import type { Context } from '../../src/model/context.ts';
import { makeDatabases } from '#under-test';
import { accessWith, callOf, contextOf, post, text } from './clients.ts';

const databases = makeDatabases();

class Notes extends McpAgent<unknown, unknown, AuthContext> {
  static override readonly databases = databases;
  server = new McpServer({ name: 'notes', version: '1.0.0' });

  async init(): Promise<void> {
    await this.sql`CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE, done INTEGER)`;
    const inputSchema = z.object({ note: z.string() });
    this.server.registerTool('add', { inputSchema }, async ({ note }) => {
      await this.sql`INSERT INTO notes (text, done) VALUES (${note}, ${false})`;
      return this.#shown();
    });
    this.server.registerTool('show', {}, () => this.#shown());
  }

  async #shown(): Promise<ReturnType<typeof text>> {
    const rows = await this.sql<{ text: string; done: number }>`SELECT text, done FROM notes WHERE done = ${false} ORDER BY id`;
    return text(JSON.stringify(rows.map((row) => row.text)));
  }
}

class Shelf extends Notes {
  override stateHandle = 'shelf';
}

const options = { onError: (): void => undefined };
const notes = Notes.serve('/mcp', options);
const shelf = Shelf.serve('/mcp', options);

async function call(who: object, name: string, args: Record<string, unknown> = {}, agent = notes): Promise<string> {
  const { messages } = await post(agent, callOf(1, name, args), { ...accessWith(), ...who });
  const { result } = messages.at(-1) as { result: { isError?: boolean; content: { text: string }[] } };
  return result.isError ? 'error' : (result.content[0]?.text ?? '');
}

describe('the sql of an agent', () => {
  it('keeps rows for the user between requests and over clients', async () => {
    const [phone, laptop] = [
      { userId: 'ada', clientId: 'phone' },
      { userId: 'ada', clientId: 'laptop' },
    ];
    expect(await call(phone, 'add', { note: 'milk' })).toBe('["milk"]');
    expect(await call(laptop, 'add', { note: 'bread' })).toBe('["milk","bread"]');
    expect(await call(phone, 'show')).toBe('["milk","bread"]');
  });

  it('SEC-191 gives another user, the same name at another issuer, tenant or resource, and another handle a database of their own', async () => {
    await call({ userId: 'bob' }, 'add', { note: 'secret' });
    const others = [{ userId: 'eve' }, { userId: 'bob', issuer: 'https://elsewhere.example' }, { userId: 'bob', tenant: 'acme' }];
    for (const other of [...others, { userId: 'bob', resource: 'https://mcp.example/other' }]) expect(await call(other, 'show')).toBe('[]');
    expect(await call({ userId: 'bob' }, 'show', {}, shelf)).toBe('[]');
    expect(await call({ userId: 'bob' }, 'show')).toBe('["secret"]');
  });

  it('SEC-191 gives callers whose token names no user no database, which all of them would read', async () => {
    const agent = new Notes(contextOf({ ...accessWith(), userId: '' }) as Context, {});
    await expect(agent.sql`SELECT 1`).rejects.toThrow(/the token names none/);
  });

  it('takes values as values, whatever they hold', async () => {
    const hostile = `'); DROP TABLE notes; --`;
    expect(await call({ userId: 'mallory' }, 'add', { note: hostile })).toBe(JSON.stringify([hostile]));
    expect(await call({ userId: 'mallory' }, 'show')).toBe(JSON.stringify([hostile]));
  });

  it('changes nothing where a statement fails, and says nothing of the table to the caller', async () => {
    await call({ userId: 'carol' }, 'add', { note: 'once' });
    expect(await call({ userId: 'carol' }, 'add', { note: 'once' })).toBe('error');
    expect(await call({ userId: 'carol' }, 'show')).toBe('["once"]');
  });

  it('refuses what is no template, and values that are none', async () => {
    const agent = new Notes(contextOf(accessWith()) as Context, {});
    await expect(agent.sql('SELECT 1' as never)).rejects.toThrow(/`sql` is a template/);
    await expect(agent.sql(['SELECT 1'] as never)).rejects.toThrow(/`sql` is a template/);
    for (const wrong of [undefined, Number.NaN, {}, 1n])
      await expect(agent.sql`SELECT ${wrong as SqlValue}`).rejects.toThrow(/Store anything else as JSON/);
  });

  it('takes one statement at a time, carries out nothing of several, and no transaction outlasts a query', async () => {
    const agent = new Notes(contextOf({ ...accessWith(), userId: 'several' }) as Context, {});
    await agent.sql`CREATE TABLE notes (text TEXT); -- made; once`;
    await agent.sql`CREATE TRIGGER twice AFTER INSERT ON notes WHEN new.text = 'a' BEGIN
      INSERT INTO notes VALUES ('b'); INSERT INTO notes VALUES ('c');
    END;`;
    const several = agent.sql`INSERT INTO notes VALUES (${'x'}); INSERT INTO notes VALUES (${'y'})`;
    await expect(several).rejects.toThrow(/one statement at a time; nothing of these was carried out/);
    await expect(agent.sql`INSERT INTO notes VALUES ('x'); INSERT INTO notes VALUES ('y')`).rejects.toThrow(/one statement at a time/);
    await expect(agent.sql`BEGIN`).rejects.toThrow(/stand by themselves; BEGIN does not/);
    await expect(agent.sql`ATTACH 'other' AS other`).rejects.toThrow(/stand by themselves/);
    await expect(agent.sql`-- nothing`).rejects.toThrow(/there is none/);
    expect(await agent.sql`SELECT text FROM notes`).toEqual([]);
    await agent.sql`INSERT INTO notes VALUES ('a')`;
    expect(await agent.sql`SELECT text FROM notes ORDER BY text`).toEqual(['a', 'b', 'c'].map((text) => ({ text })));
  });

  it('says what is missing where there are no databases', () => {
    class Bare extends McpAgent {
      server = new McpServer({ name: 'bare', version: '1.0.0' });
      init(): void {}
    }
    expect(() => new Bare(contextOf(accessWith()) as Context, {}).sql).toThrow(/`static databases`: sqliteDatabases/);
  });
});
