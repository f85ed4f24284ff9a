/**
 * Consents: remembers what a user allowed a client, so that the consent page can be skipped (docs/decisions/0009). One record for each
 * user and client, so that one removal forgets it, with an entry for each redirect URI, resource and organization. Grants have their own
 * records: a consent alone gives no access.
 *
 * An entry counts only while the client is unchanged: a new name, redirect URI or key invalidates it (SEC-097).
 */
import { isLoopbackRedirect, parseLoopback } from '../../lib/url.ts';
import { changeRecord, type Edited, has, readRecord, type RecordAccess, versioned } from '../../model/record.ts';
import type { Client } from '../../model/client.ts';
import type { Key, Seconds, Store, Stored } from '../../model/store.ts';
import type { Secrets } from './secrets.ts';

/** How long a consent is remembered after the last explicit approval. */
const CONSENT_TTL: Seconds = 90 * 86_400;
const MAX_ENTRIES = 32;

/** Who consented, to which client, at which redirect URI and resource. */
export interface ConsentTarget {
  readonly userId: string;
  readonly client: Client;
  readonly redirectUri: string;
  readonly resource: string;
}

/** What was allowed, for one organization or for none. */
export type Consented = {
  readonly organization?: string;
  /** Scopes allowed at the last approval that named them. */
  readonly scope: readonly string[];
  /** Scopes that the user does not want to be asked about again. */
  readonly remembered: readonly string[];
};

/** An approval by the user. */
export interface Approval {
  readonly organization?: string | undefined;
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  /** Whether the user does not want to be asked again. */
  readonly remember: boolean;
}

/** Operations on consents. */
export interface Consents {
  /** What was allowed, one entry for each organization; empty if the client has changed. */
  find(target: ConsentTarget): Promise<readonly Consented[]>;
  /** Reads ahead, beside other work, what `keep` will change. */
  readAhead(userId: string, clientId: string): Promise<Stored | null>;
  /** Stores an approval. Scopes that were requested and not granted are no longer allowed. @param known what `readAhead` gave. */
  keep(target: ConsentTarget, yes: Approval, known?: Stored | null): Promise<void>;
  /** Forgets what a user allowed a client. */
  forget(userId: string, clientId: string): Promise<void>;
  /** Forgets everything that a user allowed. Safe to call again after an interruption. */
  forgetAll(userId: string): Promise<void>;
}

type Entry = Consented & { readonly redirect: string; readonly resource: string };
type ConsentRecord = {
  readonly v: 1;
  readonly userId: string;
  readonly clientId: string;
  /** Hash of the client's metadata at that time. */
  readonly described: string;
  readonly entries: readonly Entry[];
};

/** Makes the operations over a store. */
export function makeConsents(store: Store, secrets: Secrets, now: () => Seconds, runtime?: RecordAccess['runtime']): Consents {
  const keyOf = async (userId: string, clientId: string): Promise<Key> =>
    `consent:${await secrets.hash(`consent\n${JSON.stringify([userId, clientId])}`)}`;
  return {
    async find({ userId, client, redirectUri, resource }) {
      const stored = await readRecord(store, await keyOf(userId, client.id), isConsent);
      if (!stored || stored.value.described !== (await describe(secrets, client))) return [];
      const redirect = redirectKey(redirectUri);
      return stored.value.entries.filter((one) => one.redirect === redirect && one.resource === resource);
    },
    readAhead: async (userId, clientId) => store.read(await keyOf(userId, clientId)),
    async keep({ userId, client, redirectUri, resource }, yes, known) {
      const [key, described] = [await keyOf(userId, client.id), await describe(secrets, client)];
      const target = {
        redirect: redirectKey(redirectUri),
        resource,
        ...(yes.organization === undefined ? {} : { organization: yes.organization }),
      };
      const edit = (stored: ConsentRecord | null): Edited<undefined> => {
        const entries = stored?.described === described ? stored.entries : [];
        const others = entries.filter((one) => !isAt(one, target));
        const entry = {
          ...target,
          ...merge(
            entries.find((one) => isAt(one, target)),
            yes,
            isLoopbackRedirect(redirectUri),
          ),
        };
        const next: ConsentRecord = { v: 1, userId, clientId: client.id, described, entries: [...others.slice(1 - MAX_ENTRIES), entry] };
        return { write: next, until: now() + CONSENT_TTL, index: [`consents:${userId}`], result: undefined };
      };
      await changeRecord({ store, runtime }, key, isConsent, edit, known);
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

function merge(
  old: Entry | undefined,
  { asked, granted, remember }: Approval,
  neverRemembered: boolean,
): Pick<Entry, 'scope' | 'remembered'> {
  const without = (list: readonly string[] = []): readonly string[] => list.filter((one) => !asked.includes(one));
  return {
    scope: [...without(old?.scope), ...granted],
    remembered: neverRemembered ? [] : [...without(old?.remembered), ...(remember ? granted : [])],
  };
}

function isAt(entry: Entry, target: Pick<Entry, 'redirect' | 'resource' | 'organization'>): boolean {
  return entry.redirect === target.redirect && entry.resource === target.resource && entry.organization === target.organization;
}

/** A loopback redirect on another port is the same one (RFC 8252 §7.3). */
function redirectKey(redirectUri: string): string {
  const loopback = parseLoopback(redirectUri);
  return loopback ? `http://${loopback.host}:*${loopback.rest}` : redirectUri;
}

/** Hash of the client's own metadata, without the members that the server changes. */
async function describe(secrets: Secrets, known: Client): Promise<string> {
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
