/** A server as a value, without endpoints and options: for tests of single modules that get one. */
import { makeRuntime } from '#under-test';
import { coreParts } from '../../src/core/parts.ts';
import { type AuthServer, makeAuthServer } from '../../src/core/auth-server.ts';
import type { Event } from '../../src/model/event.ts';
import type { Runtime } from '../../src/model/runtime.ts';
import type { Settings } from '../../src/model/settings.ts';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';

/** Two secrets of a server, older and newer. */
export const [OLD_SECRET, NEW_SECRET] = [
  'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=',
  'r7ebv4W6NCtUISSOgmDpFsSvWAhyPGZ2CYDxG8WSbRw=',
] as const;

/** What may differ from server to server. */
export interface ServerParts {
  readonly clock?: Clock;
  readonly store?: Store;
  readonly machine?: Partial<Runtime>;
  /** Newest first. */
  readonly secrets?: readonly string[];
  readonly settings?: Partial<Settings>;
  readonly env?: unknown;
}

/** Makes one, with a password hash that costs little. */
export function makeServer(parts: ServerParts = {}): { as: AuthServer; clock: Clock; store: Store; events: Event[] } {
  const { clock = makeClock(), machine = {}, secrets = [OLD_SECRET], env } = parts;
  const store = parts.store ?? memoryStore(clock);
  const events: Event[] = [];
  const settings: Partial<Settings> = {
    issuer: 'https://as.example',
    origin: 'https://as.example',
    paths: { login: '/login' } as Settings['paths'],
    tenant: null,
    resources: [],
    logins: [],
    clients: new Map(),
    accessTokenTTL: 600,
    refreshTokenIdleTTL: 3000,
    refreshTokenGrace: 120,
    limits: true,
    onTokens: null,
    clientPolicy: null,
    expandScopes: (scope) => scope,
    on: (event) => void events.push(event),
    ...parts.settings,
  };
  const runtime = makeRuntime();
  const cheap: Runtime = { ...runtime, now: clock.now, scrypt: (password, salt, cost) => runtime.scrypt!(password, salt, { ...cost, ln: 4, p: 1 }), ...machine }; // prettier-ignore
  return { as: makeAuthServer(settings as Settings, cheap, store, coreParts, secrets, env), clock, store, events };
}
