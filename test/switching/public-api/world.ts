/**
 * What a case of the public API gets: one library, by its exports alone, a namespace and a database of its own, a clock that it may move,
 * and an internet that answers what the case says. Nothing here knows which library it is.
 */
import type * as Library from '../../../src/workers-oauth-provider/index.ts';
import { Server } from './server.ts';

/** The exports of the library under test. */
export type Lib = typeof Library;
type Options = Record<string, unknown>;
/** A class of `cloudflare:workers`. */
export type EntrypointClass = new (ctx: never, env: never) => { readonly ctx: Options; readonly env: Options };

export const ISSUER = 'https://mcp.example';
export const RESOURCE = `${ISSUER}/mcp`;

/** A handler that says what it got. */
const api = {
  fetch: (request: Request, _env: unknown, ctx: { props: unknown; auth?: Options }): Response =>
    Response.json({ path: new URL(request.url).pathname, props: ctx.props, scope: ctx.auth?.['scope'] }),
};

/** The world of one case. */
export class World {
  readonly lib: Lib;
  readonly WorkerEntrypoint: EntrypointClass;
  readonly env: Options;
  readonly #native: never;
  #contexts: readonly never[] = [];
  /** What the case wants to look at afterwards. */
  readonly seen: unknown[] = [];

  constructor(lib: Lib, WorkerEntrypoint: EntrypointClass, env: Options, ctx: never) {
    [this.lib, this.WorkerEntrypoint, this.env] = [lib, WorkerEntrypoint, env];
    this.#native = ctx;
    this.later(0);
  }

  /** Lets the next request have the context of the Worker itself, without which no class of `cloudflare:workers` can be made. */
  useNativeContext(): void {
    this.#contexts = [this.#native];
  }

  /** Options that every case starts from. */
  options(changes: Options = {}): Options {
    return {
      apiRoute: '/mcp',
      apiHandler: api,
      defaultHandler: this.site(),
      authorizeEndpoint: '/authorize',
      tokenEndpoint: '/token',
      clientRegistrationEndpoint: '/register',
      resourceMetadata: { resource: RESOURCE },
      onError: () => undefined,
      ...changes,
    };
  }

  /** An application whose user says yes to everything at `/authorize`. */
  site(user: Options = {}): { fetch(request: Request, env: Options): Promise<Response> } {
    return {
      fetch: async (request, env) => {
        const helpers = env['OAUTH_PROVIDER'] as Library.OAuthHelpers;
        if (!new URL(request.url).pathname.endsWith('/authorize')) return Response.json({ site: new URL(request.url).pathname });
        try {
          const asked = await helpers.parseAuthRequest(request);
          const granted = { request: asked, userId: 'user-1', metadata: { label: 'Una' }, scope: asked.scope, props: { name: 'Una' } };
          const { redirectTo } = await helpers.completeAuthorization({ ...granted, ...user } as never);
          return new Response(null, { status: 302, headers: { location: redirectTo } });
        } catch (error) {
          return Response.json({ thrown: describeError(error) }, { status: 400 });
        }
      },
    };
  }

  /** Starts a provider. */
  serve(changes: Options = {}): Server {
    const options = this.options(changes);
    for (const name of Object.keys(options)) if (options[name] === ABSENT) delete options[name];
    return new Server(this, new this.lib.OAuthProvider(options as never), () => this.lib.getOAuthApi(options as never, this.env as never));
  }

  /** Whether a provider can be made from these options: true, or the class of the error. */
  construct(changes: Options): Promise<unknown> {
    return tried(async () => Boolean(this.serve(changes)));
  }

  /** Moves the clock, which stands still otherwise. */
  later(seconds: number): void {
    const now = Math.floor(Date.now() / 1000) * 1000 + seconds * 1000; // a whole second, so that no difference is rounded
    Date.now = () => now;
  }

  /** The context of a request: a new one, since each belongs to one request. */
  context(): never {
    const [first, ...rest] = this.#contexts;
    this.#contexts = rest;
    return first ?? ({ props: {}, waitUntil: () => undefined, passThroughOnException: () => undefined } as never);
  }

  /** Lets these URLs be fetched. */
  publish(pages: Record<string, { readonly body: unknown; readonly status?: number; readonly headers?: Record<string, string> }>): void {
    globalThis.fetch = async (input: RequestInfo | URL) => {
      const url = input instanceof Request ? input.url : String(input);
      this.seen.push(url);
      const page = pages[url];
      if (!page) throw new TypeError('No such host.');
      const headers = { 'content-type': 'application/json', ...page.headers };
      return new Response(typeof page.body === 'string' ? page.body : JSON.stringify(page.body), { status: page.status ?? 200, headers });
    };
  }
}

/** For an option that is left out. */
export const ABSENT: unique symbol = Symbol('absent');

/** What a function returns, or what it throws, without its words. */
export async function tried(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return { throws: describeError(error) };
  }
}

/** An error without its words: class, code, and where the browser is sent. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, code, redirectTo, reason } = error as Error & { code?: string; redirectTo?: string; reason?: string };
  if (code === undefined && reason === undefined) return name;
  return {
    name,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(redirectTo === undefined ? {} : { to: parts(redirectTo) }),
  };
}

/** The parameters of a redirect, without its words; a code and a state by their presence. */
export function parts(location: string): Record<string, string> {
  const url = new URL(location);
  const found = Object.fromEntries(url.searchParams);
  delete found['error_description'];
  return { at: url.origin + url.pathname, ...found, ...(found['code'] === undefined ? {} : { code: 'a code' }) };
}
