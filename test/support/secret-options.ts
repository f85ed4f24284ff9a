/** The application of tests that change the secret: everything in it is sealed under the secret of the server. */
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Context, FetchFunction, FetchObject } from '../../src/model/context.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { FLEET_ISSUER, FLEET_PERSON } from './fleet.ts';

interface Notes {
  readonly notes: readonly string[];
}

class Notebook extends McpAgent<unknown, Notes, AuthContext> {
  server = new McpServer({ name: 'notes', version: '1.0.0' });
  override initialState: Notes = { notes: [] };

  init(): void {
    this.server.registerTool('add', { inputSchema: z.object({ note: z.string() }) }, async ({ note }) => {
      await this.setState((state) => ({ notes: [...state.notes, note] }));
      return { content: [{ type: 'text' as const, text: this.state.notes.join(',') }] };
    });
  }
}

/** People with a second factor: one for each code that a test tries, since a code is good once. */
export const TWO_FACTOR_PEOPLE = Array.from({ length: 12 }, (_, at) => ({ username: `person${at}`, password: 'correct horse battery' }));

/** The options. @param plain answers requests that are no JSON-RPC. */
export function secretOptions(plain: (request: Request, env: unknown, ctx: Context) => Response): OAuthProviderOptions {
  const agent = Notebook.serve('/mcp') as FetchObject;
  const fetch: FetchFunction = (request, env, ctx) =>
    request.headers.get('content-type') === 'application/json' ? agent.fetch(request, env, ctx) : plain(request, env, ctx);
  return {
    issuer: FLEET_ISSUER,
    apiRoute: '/mcp',
    apiHandler: { fetch },
    logins: [password({ accounts: () => [FLEET_PERSON] })],
    secondFactor: totp(),
    accessTokenSigning: 'ES256',
    clientRegistrationEndpoint: '/register',
  };
}
