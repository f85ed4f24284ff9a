/**
 * Consents: what a user has allowed a client before. One record for each user and client, so that forgetting is one removal;
 * in it one entry for each redirect, resource and organization. It opens nothing by itself: a consent is read to ask less
 * (docs/decisions/0009), and every grant still has a record of its own.
 *
 * An entry counts only for the client as it was when it was made: another name, redirect or key, and nothing was allowed (SEC-097).
 */
import { isLoopbackRedirect, parseLoopback } from '../../lib/url.ts';
import { type Changing, changeRecord } from '../../model/change-record.ts';
import type { Client } from '../../model/client.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';
import { has, readRecord, versioned } from './record.ts';
import type { Secrets } from './secrets.ts';

/** How long a consent is remembered after the last explicit yes. */
export const CONSENT_TTL: Seconds = 90 * 86_400;
const MAX_ENTRIES = 32;

/** Whose consent to what. */
export interface ConsentPlace {
  readonly userId: string;
  readonly client: Client;
  readonly redirectUri: string;
  readonly resource: string;
}

/** What was allowed there, for one organization or for none. */
export type Consented = {
  readonly organization?: string;
  /** Allowed at the last yes that named it. */
  readonly scope: readonly string[];
  /** Those that the person wants to be asked about no more. */
  readonly remembered: readonly string[];
};

/** A yes as it is kept. */
export interface Yes {
  readonly organization?: string | undefined;
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  /** Whether the person wants to be asked no more. */
  readonly remember: boolean;
}

/** The verbs. */
export interface Consents {
  /** What was allowed at a place, one entry for each organization; none where the client is not the one it was. */
  find(place: ConsentPlace): Promise<readonly Consented[]>;
  /** Keeps a yes. What was asked and not granted is allowed no more. */
  keep(place: ConsentPlace, yes: Yes): Promise<void>;
  /** Forgets all that a user allowed a client. */
  forget(userId: string, clientId: string): Promise<void>;
  /** Forgets all that a user allowed anybody. Can be called again if it was interrupted. */
  forgetAll(userId: string): Promise<void>;
}

type Entry = Consented & { readonly redirect: string; readonly resource: string };
type ConsentRecord = {
  readonly v: 1;
  readonly userId: string;
  readonly clientId: string;
  /** Hash of the client as it was. */
  readonly described: string;
  readonly entries: readonly Entry[];
};

/** Makes the verbs over a store. */
export function makeConsents(store: Store, secrets: Secrets, now: () => Seconds, runtime?: Changing['runtime']): Consents {
  const keyOf = async (userId: string, clientId: string): Promise<Key> =>
    `consent:${await secrets.hash(`consent\n${JSON.stringify([userId, clientId])}`)}`;
  return {
    async find({ userId, client, redirectUri, resource }) {
      const held = await readRecord(store, await keyOf(userId, client.id), isConsent);
      if (!held || held.value.described !== (await describe(secrets, client))) return [];
      const redirect = redirectKey(redirectUri);
      return held.value.entries.filter((one) => one.redirect === redirect && one.resource === resource);
    },
    async keep({ userId, client, redirectUri, resource }, yes) {
      const [key, described] = [await keyOf(userId, client.id), await describe(secrets, client)];
      const place = {
        redirect: redirectKey(redirectUri),
        resource,
        ...(yes.organization === undefined ? {} : { organization: yes.organization }),
      };
      await changeRecord({ store, runtime }, key, isConsent, (held) => {
        const entries = held?.described === described ? held.entries : [];
        const others = entries.filter((one) => !isAt(one, place));
        const entry = {
          ...place,
          ...merge(
            entries.find((one) => isAt(one, place)),
            yes,
            isLoopbackRedirect(redirectUri),
          ),
        };
        const next: ConsentRecord = { v: 1, userId, clientId: client.id, described, entries: [...others.slice(1 - MAX_ENTRIES), entry] };
        return { write: next, until: now() + CONSENT_TTL, index: [`consents:${userId}`], result: undefined };
      });
    },
    forget: async (userId, clientId) => void (await store.remove(await keyOf(userId, clientId))),
    async forgetAll(userId) {
      let after: string | undefined;
      do {
        const page = await store.list(`consents:${userId}`, after);
        for (const key of page.keys) await store.remove(key);
        after = page.next;
      } while (after !== undefined);
    },
  };
}

function merge(old: Entry | undefined, { asked, granted, remember }: Yes, neverRemembered: boolean): Pick<Entry, 'scope' | 'remembered'> {
  const without = (list: readonly string[] = []): readonly string[] => list.filter((one) => !asked.includes(one));
  return {
    scope: [...without(old?.scope), ...granted],
    remembered: neverRemembered ? [] : [...without(old?.remembered), ...(remember ? granted : [])],
  };
}

function isAt(entry: Entry, place: Pick<Entry, 'redirect' | 'resource' | 'organization'>): boolean {
  return entry.redirect === place.redirect && entry.resource === place.resource && entry.organization === place.organization;
}

/** A loopback redirect on another port is the same one (RFC 8252 §7.3). */
function redirectKey(redirectUri: string): string {
  const loopback = parseLoopback(redirectUri);
  return loopback ? `http://${loopback.host}:*${loopback.rest}` : redirectUri;
}

/** All that a client says of itself. What changes without its doing does not count. */
function describe(secrets: Secrets, known: Client): Promise<string> {
  const {
    createdAt: _made,
    expiresAt: _ends,
    unused: _use,
    freshUntil: _fresh,
    secretHash: _secret,
    formerSecret: _former,
    ...client
  } = known;
  return secrets.hash(`client\n${JSON.stringify(Object.entries(client).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`);
}

const isConsent = (value: unknown): value is ConsentRecord => versioned(value) && has(value, 'userId', 'clientId', 'described', 'entries');
