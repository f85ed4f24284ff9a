import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { McpAgent, policy, sessions } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Context } from '../../src/model/context.ts';
import { accessWith, callOf, connect, contextOf, ENDPOINT, post, text } from './clients.ts';

interface Env {
  readonly colour: string;
}

abstract class Demo extends McpAgent<Env, unknown, AuthContext> {
  init(): void {}
}

const named = (name: string): McpServer => {
  const server = new McpServer({ name: 'demo', version: '1.0.0' });
  server.registerTool('whoami', {}, () => text(name));
  return server;
};

const answerOf = async (handler: Parameters<typeof post>[0], name = 'Ada'): Promise<unknown> =>
  ((await post(handler, callOf(1, 'whoami'), accessWith([], name))).messages as { result: { content: { text: string }[] } }[])[0]?.result
    .content[0]?.text;

describe('mcp/agent', () => {
  it('refuses a misspelt static member, which would leave every tool open (SEC-195)', () => {
    class Base extends Demo {
      server = named('x');
    }
    const policed = policy({ tools: { whoami: { permissions: ['admin'] } } });
    const refused = (name: string, value: unknown): void => {
      class Wrong extends Base {}
      Object.defineProperty(Wrong, name, { value, enumerable: true });
      class Below extends Wrong {}
      for (const Agent of [Wrong, Below])
        for (const make of [() => Agent.Router, () => Agent.serve('/mcp')]) expect(make, name).toThrow(/^McpAgent: static `\w+` .*, in (Wrong|Below)/);
    };
    for (const name of ['polcy', 'Policy', 'policys', 'plicy', 'policy_']) refused(name, policed);
    refused('polcy', { tools: {} });
    for (const value of [undefined, null, {}, { tools: {} }, 'x']) refused('policy', value);
    for (const value of [undefined, null, {}, true]) refused('sessions', value);
    refused('sesions', sessions());
    for (const value of [undefined, {}, './data']) refused('databases', value);
    refused('database', () => ({ query: () => [] }));
  }); // prettier-ignore

  it('takes static members of the application, and a policy of the class above', async () => {
    class Base extends Demo {
      static database = { query: (): void => {} };
      static session = 'x';
      static rules = policy({});
      static override readonly policy = policy({ tools: { whoami: { permissions: ['admin'] } } });
      server = named('open');
    }
    class Below extends Base {
      static override get sessions(): never {
        return undefined as never;
      }
    }
    for (const Agent of [Base, Below]) expect(await answerOf(Agent.Router)).toMatch(/^You do not have permission/);
  });

  it('keeps the static policy where an option of `serve` has no value', async () => {
    class Policed extends Demo {
      static override readonly policy = policy({ tools: { whoami: { permissions: ['admin'] } } });
      server = named('open');
    }
    const handler = Policed.serve('/mcp', { policy: undefined, sessions: undefined });
    expect(await answerOf(handler)).toMatch(/^You do not have permission/);
    expect(await answerOf(Policed.serve('/mcp', { policy: policy({}) }))).toBe('open');
  });

  it('refuses calls where `static` is missing before the policy', async () => {
    class Forgotten extends Demo {
      policy = policy({ tools: { whoami: { permissions: ['admin'] } } });
      server = named('open');
    }
    const errors: Error[] = [];
    const { status } = await post(Forgotten.serve('/mcp', { onError: (error) => errors.push(error) }), callOf(1, 'whoami'), accessWith([], 'Ada'));
    expect([status, errors[0]?.message]).toEqual([500, 'McpAgent: `policy` of Forgotten is a field, which is not read; write static policy = …']);
    class Own extends Demo {
      policy = 'of the company';
      server = named('open');
    }
    expect(await answerOf(Own.Router)).toBe('open');
  }); // prettier-ignore

  it('has props, auth and env while the fields of the class are made', async () => {
    class Early extends Demo {
      greeting = `${this.props.claims.name} ${this.auth.clientId} ${this.env.colour}`;
      server = named(this.greeting);
    }
    expect(await answerOf(Early.Router)).toBe('Ada c1 blue');
  });

  it('takes the server from a getter', async () => {
    class Getter extends Demo {
      get server(): McpServer {
        return named(this.props.claims.name ?? '');
      }
    }
    expect(await answerOf(Getter.Router)).toBe('Ada');
  });

  it('takes the server from a promise', async () => {
    class Later extends Demo {
      server = Promise.resolve(named('later'));
    }
    expect(await answerOf(Later.Router)).toBe('later');
  });

  it('is created for every request: nothing of one caller remains for the next', async () => {
    class Counting extends Demo {
      calls = 0;
      server = new McpServer({ name: 'demo', version: '1.0.0' });
      override init(): void {
        this.server.registerTool('whoami', {}, () => text(`${this.props.claims.name} ${++this.calls}`));
      }
    }
    expect(await answerOf(Counting.Router, 'Ada')).toBe('Ada 1');
    expect(await answerOf(Counting.Router, 'Bob')).toBe('Bob 1');
  });

  it('lets props that were put on the context after the guard win, in the class and in its tools', async () => {
    class Narrowed extends Demo {
      server = named(JSON.stringify([this.props.permissions, this.auth.props.permissions]));
    }
    const ctx: Context = { ...contextOf(accessWith(['admin'])), props: { claims: { sub: 'u1' }, permissions: [] } };
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const response = await Narrowed.Router.fetch(new Request(ENDPOINT, { method: 'POST', headers, body: callOf(1, 'whoami') }), {}, ctx);
    expect(await response.text()).toContain('[[],[]]');
  });

  it('serves one path, with a slash at its end too, and no other (R-11); the Router serves wherever it is mounted', async () => {
    class Mounted extends Demo {
      server = named('here');
    }
    const status = async (handler: typeof Mounted.Router, path: string): Promise<number> => {
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      const request = new Request(`https://mcp.example${path}`, { method: 'POST', headers, body: callOf(1, 'whoami') });
      return (await handler.fetch(request, { colour: 'blue' }, contextOf(accessWith()))).status;
    };
    const served = Mounted.serve('/mcp') as typeof Mounted.Router;
    const paths = ['/mcp', '/mcp/', '/MCP', '/mcp/x', '//mcp', '/%6dcp', '/mcp;x', '/'];
    expect(await Promise.all(paths.map((path) => status(served, path)))).toEqual([200, 200, 404, 404, 404, 404, 404, 404]);
    expect(await Promise.all(['/', '/deep/mcp'].map((path) => status(Mounted.Router, path)))).toEqual([200, 200]);
    expect(() => Mounted.serve('mcp')).toThrow('must begin with "/"');
  });

  it('cannot be made without a caller', () => {
    class Guarded extends Demo {
      server = named('never');
    }
    expect(() => new Guarded({ waitUntil: () => undefined, props: {} }, { colour: 'blue' })).toThrow(
      'mount it behind OAuthProvider or guard()',
    );
  });

  it('answers 500 when init() fails, and serves the next request', async () => {
    let broken = true;
    const reported: unknown[] = [];
    class Failing extends Demo {
      server = named('fine');
      override init(): void {
        if (broken) throw new Error('secret');
      }
    }
    const handler = Failing.serve('/mcp', { onError: (error) => reported.push(error.message) }) as typeof Failing.Router;
    const { status, messages } = await post(handler, callOf(1, 'whoami'), accessWith());
    expect([status, JSON.stringify(messages).includes('secret'), reported]).toEqual([500, false, ['secret']]);
    broken = false;
    const client = await connect('auto', handler, () => accessWith());
    expect(await client.call('whoami')).toEqual({ text: 'fine', isError: false });
    await client.close();
  });
});
