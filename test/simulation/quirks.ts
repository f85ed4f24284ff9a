/**
 * Ways in which clients depart from the letter, harmlessly. Each was met in a real client that someone's server turned away, which cost a
 * person a sign-in.
 */
import { ISSUER } from '../support/addresses.ts';
import type { Habit } from './plan.ts';

/** How a client differs from the plainest one. */
export interface Quirks {
  readonly redirectUri: string;
  /** Where it calls tools. */
  readonly routes: readonly string[];
  /** What it names as `resource`, as often as it stands here. */
  readonly resource: readonly string[];
  readonly scope: string;
  /** Named at each refresh; nothing where absent. */
  readonly refreshScope?: string;
  readonly form: string;
  readonly accept: string;
  /** It runs in a web view with such an origin, and its own code asks for headers that tools for tracing add. */
  readonly origin?: string;
  /** Stands in its registration beside what has to. */
  readonly metadata: Record<string, unknown>;
  /** Sends HEAD before GET. */
  readonly looksFirst: boolean;
  /** The user never wants to be asked again. */
  readonly remembers: boolean;
  /** Its own page sends the browser on to an app. */
  readonly goesOn: boolean;
  /** Speaks MCP of 2026-07-28. */
  readonly isModern: boolean;
}

const PLAIN: Quirks = {
  redirectUri: 'http://localhost:3334/callback',
  routes: ['/mcp'],
  resource: [],
  scope: 'read write',
  form: 'application/x-www-form-urlencoded',
  accept: 'application/json, text/event-stream',
  metadata: {},
  looksFirst: false,
  remembers: false,
  goesOn: false,
  isModern: false,
};
const MCP = `${ISSUER}/mcp`;

const OF: { readonly [habit in Habit]?: Partial<Quirks> } = {
  steady: { resource: [MCP], scope: 'read write offline_access', goesOn: true },
  'shared-file': { routes: ['/mcp/'], resource: [`${MCP}/`] },
  early: { form: 'application/x-www-form-urlencoded; charset=utf8', redirectUri: 'https://early.example/callback', remembers: true },
  twice: { isModern: true, accept: '*/*', resource: [MCP] },
  'asks-again': { resource: [MCP, MCP] },
  'double-redeem': { looksFirst: true, redirectUri: 'https://double.example/callback', goesOn: true },
  narrow: { scope: 'read write unheard:of', refreshScope: 'read write unheard:of offline_access' },
  'asks-less': { scope: 'write', refreshScope: 'write' },
  'registers-anew': {
    metadata: {
      client_uri: 'http://192.168.1.7/',
      logo_uri: 'http://192.168.1.7/logo.png',
      tos_uri: 'data:text/plain,none',
      scope: ['a'],
      contacts: null,
    },
  },
  sleeper: { scope: 'unheard:of', origin: 'tauri://localhost' },
  bound: { routes: ['/mcp', '/notes'] },
  confidential: { redirectUri: 'https://desk.example/callback', resource: [MCP] },
  device: { routes: ['/notes', '/mcp'] },
  keyed: {},
  editor: {
    redirectUri: 'cursor://anysphere.cursor-retrieval/oauth/callback',
    form: 'application/x-www-form-urlencoded;charset=ISO-8859-1',
  },
};

/** What is special about the client of a habit. */
export const quirksOf = (habit: Habit): Quirks => ({ ...PLAIN, ...OF[habit] });

/** What a client of 2026 sends beside a call. */
export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'simulated', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
} as const;

/** A client that its operator entered, with a secret that form-encoding changes. */
export const DESK = { id: 'desk', secret: 's+cret%2Fof the desk, that is long enough' } as const;
/** A client that exchanges tokens of others. */
export const GATEWAY = { id: 'gateway', secret: 'a-secret-of-the-gateway-that-is-long-enough' } as const;
/** The grant type of exchanges. */
export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
