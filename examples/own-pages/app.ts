/**
 * Pages of your own. Consent comes first, then GitHub: it knows one client, this server, and does not ask the user about the apps behind it.
 */
import { AuthorizationError, authorizationErrorRedirect, type Context, type OAuthHelpers, OAuthProvider } from 'portcullis';
import { type GitHubApp, type Trip, wayToGitHub, whoCameBack } from './github.ts';

/** What the runtime hands over, with the helpers in it. */
export type Env = GitHubApp & { readonly OAUTH_PROVIDER: OAuthHelpers };

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const trip = (request: Request, app: Env, verifier: string): Trip => ({ app, verifier, callback: new URL('/callback', request.url).href });
const go = (location: string, headers = new Headers()): Response => {
  headers.set('location', location);
  return new Response(null, { status: 303, headers });
};

async function ask(request: Request, { OAUTH_PROVIDER: oauth }: Env): Promise<Response> {
  const asked = await oauth.parseAuthRequest(request);
  const [view, { handle, headers }] = [await oauth.describeConsent(asked), await oauth.beginConsent(asked)];
  headers.set('content-type', 'text/html; charset=utf-8');
  const page = `<!doctype html><title>Allow?</title><p>“${escape(view.clientName)}” asks for ${escape(asked.scope.join(', '))};
    the answer goes to <b>${escape(view.redirectHost)}</b>.<form method="post"><input type="hidden" name="handle" value="${handle}">
    <button name="decision" value="approve">Go on with GitHub</button> <button name="decision" value="deny">Deny</button></form>`;
  return new Response(page, { headers });
}

async function decide(request: Request, env: Env): Promise<Response> {
  const [oauth, form] = [env.OAUTH_PROVIDER, new URLSearchParams(await request.text())];
  const verifier = crypto.randomUUID() + crypto.randomUUID();
  const handle = form.get('handle') ?? '';
  if (form.get('decision') !== 'approve') return go((await oauth.denyConsent(request, handle)).redirectTo);
  const approved = await oauth.approveConsent(request, handle);
  const { state, headers } = await oauth.beginUpstream(approved.request, { data: { verifier }, headers: approved.headers });
  return go(await wayToGitHub(trip(request, env, verifier), state), headers);
}

async function arrive(request: Request, env: Env): Promise<Response> {
  const { request: asked, data, headers } = await env.OAUTH_PROVIDER.finishUpstream<{ verifier: string }>(request);
  const code = new URL(request.url).searchParams.get('code');
  const user = code && (await whoCameBack(trip(request, env, data.verifier), code));
  if (!user) return go(authorizationErrorRedirect(asked, 'access_denied'), headers);
  const props = { claims: { sub: user.id, name: user.name } };
  const done = await env.OAUTH_PROVIDER.completeAuthorization({ request: asked, userId: user.id, scope: asked.scope, props });
  return go(done.redirectTo, headers);
}

const pages: Record<string, typeof ask> = { 'GET /authorize': ask, 'POST /authorize': decide, 'GET /callback': arrive };

/** The whole server. */
export const app = new OAuthProvider<Env>({
  apiRoute: '/mcp',
  apiHandler: (_request: Request, _env: Env, ctx: Context) => Response.json(ctx.props),
  defaultHandler: (request: Request, env: Env) =>
    (pages[`${request.method} ${new URL(request.url).pathname}`] ?? ask)(request, env).catch((error: unknown) => {
      if (!(error instanceof AuthorizationError)) throw error;
      return error.redirectTo ? go(error.redirectTo) : new Response(error.message, { status: 400 });
    }),
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'notes:read': 'Read your notes' },
});
