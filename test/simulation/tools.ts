/** The tools, prompts and resources of the server under test. Each tells the ledger that it ran, and for which call. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { completable, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { McpAgent, policy, requireScopes } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import { UpstreamTokenError } from '../../src/model/upstream.ts';
import type { World } from './network.ts';

/** Which token a call bears and when it was sent: known to the simulation, not to the server. */
export const calls = new AsyncLocalStorage<{ readonly access: string | null; readonly began: number }>();
/** Stands in whatever is for administrators alone. */
export const GATED = 'GATED';
/** What clients send beside their token, and no tool may find. */
export const OTHER_SECRETS = { cookie: 'app=a-cookie-of-an-application-1', 'x-api-key': 'an-api-key-of-an-application-2' } as const;
/** How long the slow tool takes, and how long a proxy waits for the first byte of an answer. */
export const SLOW_MS = 22_000;
/** See {@link SLOW_MS}. */
export const PROXY_MS = 18_000;

/** Who may do what. */
export const RULES = policy({
  tools: { admin: { permissions: ['admin'] } },
  prompts: { plan: { permissions: ['admin'] } },
  resources: { 'files://{+path}': {}, 'files://secret/{id}': { permissions: ['admin'] } },
});

/** Makes the agent. @param isGood whether a token of the other site lives. */
export function toolsOf(world: World, isGood: (token: string) => boolean) {
  return class Tools extends McpAgent<unknown, { count: number }, AuthContext> {
    server = new McpServer({ name: 'notes', version: '1' }, { capabilities: { logging: {} } });
    override initialState = { count: 0 };

    init(): void {
      const say = (text: string): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text }] });
      const ran = (what: string): void => {
        const call = calls.getStore();
        world.ledger.ran(what, call?.access ?? null, call?.began ?? 0);
      };
      this.server.registerTool('whoami', {}, (...values: unknown[]) => {
        ran('whoami');
        const seen = JSON.stringify([...headersOf(values.at(-1))]);
        if ([...Object.values(OTHER_SECRETS), calls.getStore()?.access ?? '?'].some((secret) => seen.includes(secret)))
          world.ledger.broken('no secret in a tool', 'whoami', 'the request that tools see holds a credential');
        return say(this.auth.userId);
      });
      this.server.registerTool(
        'save',
        {},
        requireScopes(['write'], () => (ran('save'), say('saved'))),
      );
      this.server.registerTool('admin', { description: GATED }, () => (ran('admin'), say(GATED)));
      this.server.registerTool('count', {}, async () => {
        ran('count');
        await this.setState((state) => ({ count: state.count + 1 }));
        return say(String(this.state.count));
      });
      this.server.registerTool('slow', {}, async () => {
        ran('slow');
        await world.time.sleep(SLOW_MS);
        return say('at last');
      });
      this.server.registerTool('says', {}, async () => {
        ran('says');
        await this.server.server.sendLoggingMessage({ level: 'warning', data: 'aloud' });
        return say('said');
      });
      this.server.registerTool('site', {}, async () => {
        ran('site');
        try {
          const token = await this.auth.upstream('corp').token();
          return say(isGood(token) ? 'token' : 'dead token');
        } catch (error) {
          if (error instanceof UpstreamTokenError) return say(`failed: ${error.failure}`);
          throw error;
        }
      });
      const word = completable(z.string(), () => (ran('plan'), [GATED]));
      this.server.registerPrompt('plan', { description: GATED, argsSchema: z.object({ word: word.optional() }) }, () => {
        ran('plan');
        return { messages: [{ role: 'user', content: { type: 'text', text: GATED } }] };
      });
      const secret = new ResourceTemplate('files://secret/{id}', { list: undefined, complete: { id: () => (ran('secret'), [GATED]) } });
      this.server.registerResource('secret', secret, { description: GATED }, async (uri: URL) => {
        ran('secret');
        return { contents: [{ uri: uri.href, text: GATED }] };
      });
      const files = new ResourceTemplate('files://{+path}', { list: undefined });
      this.server.registerResource('files', files, {}, async (uri: URL) => {
        ran(/secret/i.test(uri.href) ? 'secret' : 'file');
        return { contents: [{ uri: uri.href, text: 'plain' }] };
      });
    }
  };
}

/** Headers of the request, as the SDK shows them to a tool. */
function headersOf(context: unknown): Iterable<readonly [string, string]> {
  const { http } = context as { http?: { req?: { headers?: Headers } } };
  return http?.req?.headers?.entries() ?? [];
}
