/**
 * The operations that `npm run bench -- cost` counts, each run once with limits on; on Node and in workerd alike.
 */
import { password } from '../src/index.ts';
import type { Store } from '../src/model/store.ts';
import type { OAuthProviderOptions } from '../src/options/options.ts';
import type { OAuthProvider } from '../src/provider/oauth-provider.ts';
import { makeBrowser } from '../src/testing/browser.ts';
import { registerClient, tokensOf } from '../src/testing/oauth-client.ts';

const ISSUER = 'https://mcp.example';
const PERSON = { username: 'alice', password: 'correct horse battery staple' };

/** Counts by name: requests, rows and operations. */
export type Tally = Record<string, number>;

/** What was counted since the last call. */
export type TakeTally = () => Tally;

/** Runs every operation. @param provide the provider of the runtime. */
export async function costsOn(
  store: Store,
  take: TakeTally,
  provide: (options: OAuthProviderOptions<{ readonly PORTCULLIS: Store }>) => OAuthProvider<{ readonly PORTCULLIS: Store }>,
): Promise<Record<string, Tally>> {
  const costs: Record<string, Tally> = {};
  const pending: Promise<unknown>[] = [];
  const bindings = { PORTCULLIS: store };
  const provider = provide({
    issuer: ISSUER,
    store,
    dangerouslyAllowEventualStore: true, // for KV
    apiRoute: '/mcp',
    apiHandler: () => new Response('{}'),
    clientRegistrationEndpoint: '/register',
    logins: [password({ accounts: () => [PERSON] })],
  });
  const send = async (request: Request): Promise<Response> =>
    provider.fetch(request, bindings, { waitUntil: (work) => void pending.push(work) });
  const counted = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    take();
    const result = await run();
    await Promise.all(pending.splice(0));
    costs[name] = take();
    return result;
  };
  const helpers = provider.helpers(bindings);
  await store.count?.(); // makes every object, with its tables: that is paid for once
  const warm = await registerClient({ send, issuer: ISSUER });
  await warm.redeem(await warm.signIn(makeBrowser(send), PERSON)); // tables, the account
  const client = await counted('register', () => registerClient({ send, issuer: ISSUER }));
  const code = await counted('sign-in with password: pages', () => client.signIn(makeBrowser(send), PERSON));
  const tokens = tokensOf(await counted('code', () => client.redeem(code)));
  const refreshed = tokensOf(await counted('refresh', () => client.refresh(tokens.refresh)));
  const call = (): Promise<Response> => send(new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${refreshed.access}` } }));
  if ((await counted('guarded call', call)).status !== 200) throw new Error('The call was refused.');
  const url = await client.authorizeUrl();
  await counted('sign-in on own pages: parse and complete', async () => {
    const request = await helpers.parseAuthRequest(new Request(url));
    return helpers.completeAuthorization({ request, userId: 'user-1', scope: request.scope, props: {} });
  });
  await counted('revoke', () => client.revoke(refreshed.refresh));
  return costs;
}
