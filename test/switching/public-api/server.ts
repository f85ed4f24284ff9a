/** A running provider, asked as clients ask it. */
import { CHALLENGE, VERIFIER } from '../../../bench/servers/answers.ts';
import type { OAuthHelpers } from '../../../src/workers-oauth-provider/index.ts';
import { ISSUER, type World } from './world.ts';

type Fields = Record<string, string | readonly string[] | undefined>;
/** Tokens, or an error. */
export type Body = Record<string, unknown>;
/** A response. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}
/** A client, with what it sends to authenticate itself. */
export interface Client {
  readonly id: string;
  readonly secret?: string;
}

export const CALLBACK = 'https://client.example/callback';
export { CHALLENGE, VERIFIER };

interface Fetches {
  fetch(request: Request, env: never, ctx: never): Promise<Response>;
}

/** One provider. */
export class Server {
  readonly #world: World;
  readonly #provider: Fetches;
  readonly #helpers: () => OAuthHelpers;

  constructor(world: World, provider: Fetches, helpers: () => OAuthHelpers) {
    [this.#world, this.#provider, this.#helpers] = [world, provider, helpers];
  }

  /** The helpers, as outside of a request. */
  get helpers(): OAuthHelpers {
    return this.#helpers();
  }

  /** @param url a path, or a URL of another host. */
  send(url: string, init: RequestInit = {}): Promise<Response> {
    const request = new Request(new URL(url, ISSUER), { redirect: 'manual', ...init });
    return this.#provider.fetch(request, this.#world.env as never, this.#world.context());
  }

  /** The same, read. */
  async ask(url: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.send(url, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? (JSON.parse(text) as Body) : text === '' ? {} : { text },
    };
  }

  form(url: string, fields: Fields, headers: Record<string, string> = {}): Promise<Answer> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.ask(url, { method: 'POST', headers: { ...type, ...headers }, body: pairs(fields).toString() });
  }

  token(fields: Fields, headers?: Record<string, string>): Promise<Answer> {
    return this.form('/token', fields, headers);
  }

  register(metadata: object | string, headers: Record<string, string> = {}): Promise<Answer> {
    const body = typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
    return this.ask('/register', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  }

  /** A client that registered itself; public, unless it says otherwise. */
  async client(metadata: object = {}): Promise<Client> {
    const usual = { client_name: 'Notes', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' };
    const { status, body } = await this.register({ ...usual, ...metadata });
    if (status !== 201) throw new Error(`The client was not registered: ${status} ${JSON.stringify(body)}`);
    return clientOf(body['client_id'], body['client_secret']);
  }

  /** A client that the operator created. */
  async made(info: object = {}): Promise<Client> {
    const usual = { clientName: 'Made', redirectUris: [CALLBACK], tokenEndpointAuthMethod: 'client_secret_basic' };
    const { clientId, clientSecret } = await this.helpers.createClient({ ...usual, ...info });
    return clientOf(clientId, clientSecret);
  }

  /** The answer of the site at the authorize endpoint. */
  authorize({ id }: Client, changes: Fields = {}, path = '/authorize'): Promise<Answer> {
    const pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
    const usual = { response_type: 'code', client_id: id, redirect_uri: CALLBACK, scope: 'read write', state: 's', ...pkce };
    return this.ask(`${path}?${pairs({ ...usual, ...changes })}`);
  }

  async code(client: Client, changes: Fields = {}): Promise<string> {
    const { status, headers, body } = await this.authorize(client, changes);
    const code = new URL(headers.get('location') ?? 'https://none.example').searchParams.get('code');
    if (code === null) throw new Error(`There is no code: ${status} ${headers.get('location') ?? ''} ${JSON.stringify(body)}`);
    return code;
  }

  redeem(client: Client, code: string, changes: Fields = {}, headers: Record<string, string> = basic(client)): Promise<Answer> {
    const usual = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER };
    return this.token({ ...usual, ...(client.secret === undefined ? { client_id: client.id } : {}), ...changes }, headers);
  }

  refresh(client: Client, tokens: Body, changes: Fields = {}): Promise<Answer> {
    const usual = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) };
    return this.token({ ...usual, ...(client.secret === undefined ? { client_id: client.id } : {}), ...changes }, basic(client));
  }

  /** Tokens of a user who said yes. */
  async signIn(client: Client, changes: Fields = {}, redeemed: Fields = {}): Promise<Body> {
    const { status, body } = await this.redeem(client, await this.code(client, changes), redeemed);
    if (status !== 200) throw new Error(`There are no tokens: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** A call of the API. */
  call(tokens: Body | null, path = '/mcp', init: RequestInit = {}): Promise<Answer> {
    const bearer = tokens === null ? {} : { authorization: `Bearer ${String(tokens['access_token'])}` };
    return this.ask(path, { ...init, headers: { ...bearer, ...(init.headers as Record<string, string>) } });
  }
}

function clientOf(id: unknown, secret: unknown): Client {
  return { id: String(id), ...(typeof secret === 'string' ? { secret } : {}) };
}

/** HTTP Basic of a client that has a secret. */
export function basic({ id, secret }: Client): Record<string, string> {
  return secret === undefined ? {} : { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` };
}

function pairs(fields: Fields): URLSearchParams {
  const all = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => [name, one] as const),
  );
  return new URLSearchParams(all as unknown as string[][]);
}

/** Status and error of an answer, and its challenge without words. */
export function refusal({ status, headers, body }: Answer): unknown {
  const challenge = headers.get('www-authenticate');
  const error = body['error'] ?? (body['thrown'] as unknown);
  return { status, ...(error === undefined ? {} : { error }), ...(challenge === null ? {} : { challenge: challengeOf(challenge) }) };
}

/** The parameters of a challenge, without the description. */
export function challengeOf(text: string): Record<string, string> {
  const found = Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])) as Record<
    string,
    string
  >;
  for (const words of ['error_description', 'realm', 'charset']) delete found[words];
  return { scheme: text.split(' ')[0] ?? '', ...found };
}
