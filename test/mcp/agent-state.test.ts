/** The state of an agent, through the whole server: kept for the user, whichever client and whichever request. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openState } from '../../src/mcp/agent-state.ts';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Handler } from '../../src/model/context.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { accessWith, callOf, post, text } from './clients.ts';
import { statesWith } from './states.ts';

interface Notes {
  readonly notes: readonly string[];
}

/** Lets two calls stand at the same point before either goes on. */
let gate: (() => Promise<void>) | null = null;

class NotesMcp extends McpAgent<unknown, Notes, AuthContext> {
  server = new McpServer({ name: 'notes', version: '1.0.0' });
  override initialState: Notes = { notes: [] };

  init(): void {
    const inputSchema = z.object({ note: z.string() });
    const show = (): ReturnType<typeof text> => text(this.state.notes.join(','));
    this.server.registerTool('show', {}, show);
    this.server.registerTool('add', { inputSchema }, async ({ note }) => {
      await gate?.();
      void this.setState((state) => ({ notes: [...state.notes, note] })); // as code written for `agents` has it: no one waits
      return show();
    });
    this.server.registerTool('replace', { inputSchema }, async ({ note }) => {
      await gate?.();
      await this.setState({ notes: [...this.state.notes, note] });
      return show();
    });
    this.server.registerTool('huge', {}, () => {
      void this.setState({ notes: ['x'.repeat(300_000)] });
      return show();
    });
  }
}

class Shelf extends NotesMcp {
  override stateHandle = 'shelf';
}

async function call(app: App, token: string, name: string, args: Record<string, unknown> = {}, path = '/mcp'): Promise<string> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const response = await app.send(new Request(ISSUER + path, { method: 'POST', headers, body: callOf(1, name, args) }));
  const body = await response.text();
  const data = body.split('\n').find((line) => line.startsWith('data: {'));
  const message = JSON.parse(data ? data.slice(6) : body) as { result?: { content: { text: string }[] }; error?: { message: string } };
  return message.result?.content[0]?.text ?? `error: ${message.error?.message ?? response.status}`;
}

const reported: string[] = [];
const onError = (error: Error): void => void reported.push(error.message);
const serving = (store: string, more: object = {}): Promise<App> =>
  makeApp(store, { apiHandler: NotesMcp.serve('/mcp', { onError }) as Handler, ...more });

/** Two calls that both have read before either writes. */
function meeting(): () => Promise<void> {
  let [arrived, open] = [0, (): void => undefined];
  const both = new Promise<void>((done) => void (open = done));
  return async () => {
    if (++arrived === 2) open();
    await both;
  };
}

describe.each(storeNames)('the state of an agent on %s', (store) => {
  it('is kept for the user between requests and over clients', async () => {
    const app = await serving(store);
    const [phone, laptop] = [await app.signedIn(), await app.signedIn({ client_name: 'Laptop' })];
    expect(await call(app, phone.tokens.access, 'show')).toBe('');
    expect(await call(app, phone.tokens.access, 'add', { note: 'milk' })).toBe('milk');
    expect(await call(app, laptop.tokens.access, 'add', { note: 'bread' })).toBe('milk,bread');
    app.clock.pass(3000);
    expect(await call(app, phone.tokens.access, 'show')).toBe('milk,bread');
  });

  it('belongs to one user at one resource: no other user finds it by any handle (SEC-191)', async () => {
    const routes = { '/mcp': NotesMcp.serve('/mcp') as Handler, '/other': NotesMcp.serve('/other') as Handler };
    const app = await serving(store, {
      apiRoute: undefined,
      apiHandler: undefined,
      apiHandlers: { ...routes, '/shelf': Shelf.Router as Handler },
    });
    await app.provider.helpers(app.env).accounts.create({ username: 'bob', password: 'another passphrase' });
    const tokenOf = async (person: object, resource: string): Promise<string> => {
      const client = await app.client();
      const code = await client.signIn(app.browser(), person as never, { resource: ISSUER + resource });
      return String((await client.redeem(code, { resource: ISSUER + resource })).body['access_token']);
    };
    const bob = { username: 'bob', password: 'another passphrase' };
    expect(await call(app, await tokenOf(ALICE, '/mcp'), 'add', { note: 'milk' })).toBe('milk');
    expect(await call(app, await tokenOf(bob, '/mcp'), 'show')).toBe('');
    expect(await call(app, await tokenOf(ALICE, '/other'), 'show', {}, '/other')).toBe('');
    expect(await call(app, await tokenOf(ALICE, '/shelf'), 'show', {}, '/shelf')).toBe('');
  });

  it('loses nothing where two calls change it at once: a function runs again, a value is refused', async () => {
    const app = await serving(store);
    const { access } = (await app.signedIn()).tokens;
    gate = meeting();
    await Promise.all([call(app, access, 'add', { note: 'a' }), call(app, access, 'add', { note: 'b' })]);
    gate = null;
    expect((await call(app, access, 'show')).split(',').toSorted()).toEqual(['a', 'b']);
    gate = meeting();
    const answers = await Promise.all([call(app, access, 'replace', { note: 'c' }), call(app, access, 'replace', { note: 'd' })]);
    gate = null;
    expect(answers.filter((answer) => answer.includes('Try again'))).toHaveLength(1);
    expect((await call(app, access, 'show')).split(',')).toHaveLength(3);
  });

  it('answers with an error where a change could not be kept, though the tool did not wait for it', async () => {
    const app = await serving(store);
    const { access } = (await app.signedIn()).tokens;
    expect(await call(app, access, 'huge')).toBe('error: What was done could not be kept. Try again.');
    expect(reported.at(-1)).toContain('262144 characters');
    expect(await call(app, access, 'show')).toBe('');
  });

  it('is sealed at rest where the server has a secret', async () => {
    const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYzE';
    const app = await serving(store, { secret });
    const written: string[] = [];
    const write = app.store.write.bind(app.store);
    app.store.write = (key, value, ...rest) => (written.push(`${key} ${JSON.stringify(value)}`), write(key, value, ...rest));
    const { access } = (await app.signedIn()).tokens;
    expect(await call(app, access, 'add', { note: 'in private' })).toBe('in private');
    const states = written.filter((line) => line.startsWith('state:') && line.includes('"sealed"'));
    expect([states.length, written.join().includes('in private')]).toEqual([1, false]);
  });
});

describe('the state of an agent under another secret', () => {
  const [OLD, NEW] = ['c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYzE', 'k2Lr0mUOKnTzVg8Zr1bqT0hJ3yq5pXw9cD7fE6aB4sI='];

  it.each([
    ['another one', { secret: NEW }],
    ['none', {}],
  ])(
    'is a fault where the process was given %s: 503 and an event, nothing is shown as empty, nothing written over (F-62)',
    async (_, more) => {
      const app = await serving('memory', { secret: OLD });
      const { access } = (await app.signedIn()).tokens;
      await call(app, access, 'add', { note: 'milk' });
      const wrong = await appOn(app.inner, app.clock, { apiHandler: NotesMcp.serve('/mcp', { onError }) as Handler, ...more });
      expect(await call(wrong, access, 'show')).toBe('error: The server cannot answer right now. Try again shortly.');
      expect(await call(wrong, access, 'add', { note: 'lost' })).toContain('error: ');
      const { response } = await wrong.call(access, '/mcp', {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      });
      expect(response.status).not.toBe(200);
      const failed = wrong.events.filter(({ kind }) => kind === 'request.failed') as unknown as { endpoint: string; error: Error }[];
      expect(failed[0]?.endpoint).toBe('mcp');
      expect(failed[0]?.error.message).toContain('kind "user-state" is sealed under a secret that is not given');
      expect(await call(app, access, 'show')).toBe('milk');
    },
  );
});

describe('mcp/agent-state', () => {
  it('shows the latest change while an earlier one is stored, so that a value made from it undoes neither', async () => {
    const states = statesWith();
    const [write, waiting]: [typeof states.write, (() => void)[]] = [states.write.bind(states), []];
    states.write = async (...all) => (await new Promise<void>((done) => waiting.push(done)), write(...all));
    const state = await openState<{ readonly notes: readonly string[] }>(states, '', { notes: [] });
    const add = (note: string): Promise<void> => state.change({ notes: [...state.current().notes, note] });
    const [milk, bread] = [add('milk'), add('bread')];
    await expect.poll(() => waiting.length, { interval: 1 }).toBe(1);
    waiting.pop()?.();
    await milk;
    const eggs = add('eggs');
    for (const change of [bread, eggs]) {
      await expect.poll(() => waiting.length, { interval: 1 }).toBe(1);
      waiting.pop()?.();
      await change;
    }
    expect((await states.read(''))?.value).toEqual({ notes: ['milk', 'bread', 'eggs'] });
  });

  it('shows what is stored once a change was refused', async () => {
    const states = statesWith({ lost: (nth) => nth === 0 });
    const state = await openState<string>(states, '', 'initial');
    await expect(state.change('mine')).rejects.toThrow('Another call changed the same state');
    expect(state.current()).toBe('initial');
  });

  it('says what is missing: a store in front, or an initial state', async () => {
    const errors: string[] = [];
    const onError = (error: Error): void => void errors.push(error.message);
    const stateful = NotesMcp.serve('/mcp', { onError });
    expect((await post(stateful as never, callOf(1, 'show'), accessWith())).status).toBe(500);
    expect(errors[0]).toContain('needs OAuthProvider');

    class Stateless extends McpAgent {
      server = new McpServer({ name: 'none', version: '1.0.0' });
      init(): void {
        void this.state;
      }
    }
    expect((await post(Stateless.serve('/mcp', { onError }) as never, callOf(1, 'show'), accessWith())).status).toBe(500);
    expect(errors[1]).toContain('initialState');
  });
});
