/** Our server on the Durable Object store. Its default handler makes codes, as an application with its own sign-in does. */
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import type { ObjectNamespace } from '../../src/stores/object-namespace.ts';
import { OAuthProvider } from '../../src/worker/own-pages.ts';
import { ANSWER, CLIENT_ID, CONSENT, HEADERS, ISSUER, KEPT_CLIENT } from '../servers/answers.ts';

export { PortcullisStore } from '../../src/worker/index.ts';

interface Env {
  readonly PORTCULLIS: ObjectNamespace;
  readonly OAUTH_PROVIDER: OAuthHelpers;
}

async function codeFrom(helpers: OAuthHelpers): Promise<string> {
  const { redirectTo } = await helpers.completeAuthorization(CONSENT);
  return new URL(redirectTo).searchParams.get('code') ?? '';
}

/** The server. @param more options beside those of every measurement. */
export const serverWith = (more: { readonly dangerouslyCacheTokens?: number }): OAuthProvider<Env> =>
  new OAuthProvider<Env>({
    issuer: ISSUER,
    apiRoute: '/mcp',
    apiHandler: () => new Response(ANSWER, { headers: HEADERS }),
    clientRegistrationEndpoint: '/register',
    scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
    authorizationCodeTTL: 600,
    ...more,
    defaultHandler: async (request, env) => {
      await durableObjectStore(env.PORTCULLIS).write(`client:${CLIENT_ID}`, KEPT_CLIENT, 'any');
      const count = Number(new URL(request.url).searchParams.get('codes'));
      const codes: string[] = [];
      while (codes.length < count) codes.push(await codeFrom(env.OAUTH_PROVIDER));
      return Response.json(codes);
    },
  });

export default serverWith({});
