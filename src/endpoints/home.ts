/**
 * Home page of the server, and the body of a 401 for a person who opens an MCP endpoint in a browser. Programs never get it.
 */
import { haveSignIn } from '../model/login.ts';
import { homePage, type HomeView } from '../pages/home.ts';
import type { Call } from './endpoint.ts';
import { detectLanguage } from './sign-in/browser-context.ts';

/** GET of `/`, if the application has no handler of its own there. */
export async function home(asked: Call, answer: Pick<HomeView, 'status' | 'headers'> = {}): Promise<Response> {
  const call = await detectLanguage(asked);
  const { origin, resources, name, logins, paths, brand } = call.as.settings;
  return homePage({
    ...answer,
    resources: resources.flatMap((one) => (one.path === null ? [] : [{ uri: origin + one.path, name: one.name ?? name }])),
    accountPath: haveSignIn(logins) ? paths.account : undefined,
    words: call.words,
    brand,
  });
}

/** The 401 of an endpoint as a page, with its challenge. */
export async function unauthorizedPage(call: Call, refusal: Response): Promise<Response> {
  const headers = Object.fromEntries([...refusal.headers].filter(([name]) => !name.startsWith('content-')));
  return home(call, { status: refusal.status, headers: { ...headers, vary: 'Accept' } });
}
