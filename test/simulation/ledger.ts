/**
 * The ledger: what is true, kept apart from the server under test. It hears of every token that was given, every revocation that was
 * confirmed, every theft and every call that ran, and says what must never happen.
 */
import type { Event } from '../../src/model/event.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A promise that was broken. */
export interface Violation {
  readonly rule: string;
  readonly text: string;
  /** The history of what it is about, newest last. */
  readonly history: readonly string[];
}

/** One grant as its holder knows it. */
export interface Family {
  readonly name: string;
  readonly user: string;
  /** What the person allowed. */
  readonly scope: readonly string[];
  openedAt: number;
  refreshedAt: number;
  /** When and why it may be over, as someone with the right to has said. */
  over: { readonly at: number; readonly why: string } | null;
  /** Someone asked for its end and got no answer: it may be over or not. */
  mayBeOver: boolean;
  /** When someone else took its refresh token. */
  stolenAt: number | null;
  /** When its owner was refused after the theft. */
  ownerRefusedAt: number | null;
  /** From when on its person may not come in any more. */
  barredAt: number | null;
  /** Refresh tokens that were given lately, and when. */
  given: readonly { readonly at: number; readonly refresh: string }[];
}

const IDLE_MS = 30 * 86_400_000;
/** Clocks differ by so much at most, and an answer under way takes so long. */
const SLACK_MS = 90_000;
const GRACE_MS = 120_000;
const MAX_LINES = 4000;

/** Truth, history and verdicts of one run. */
export class Ledger {
  readonly violations: Violation[] = [];
  readonly counts = new Map<string, number>();
  readonly #time: VirtualTime;
  readonly #lines: string[] = [];
  readonly #secrets = new Set<string>();
  readonly #families = new Map<string, Family>();
  /** Access token → its family. */
  readonly #access = new Map<string, Family>();
  /** Grant → its family. */
  readonly #grants = new Map<string, Family>();
  readonly #revokedAccess = new Map<string, number>();
  readonly #parents = new Map<string, string>();
  readonly #codes = new Map<string, Set<string>>();
  readonly #proofs = new Set<string>();
  /** Who is just being taken off the list, or put on it. */
  leaving: string | null = null;
  readonly permissions = new Map<string, { readonly since: number; readonly now: readonly string[]; readonly before: readonly string[] }>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** The reason of the last refusal at the token endpoint. */
  lastRefusal = '';

  /** Writes a line of history. */
  say(about: string, text: string): void {
    this.#lines.push(`${this.#clock()}  ${about.padEnd(18)} ${text}`);
    if (this.#lines.length > MAX_LINES) this.#lines.splice(0, MAX_LINES / 2);
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** The end of the history, of everything or of one holder. */
  history(about?: string, most = 40): readonly string[] {
    const lines =
      about === undefined
        ? this.#lines
        : this.#lines.filter(
            (line) =>
              line.includes(` ${about} `) ||
              line.includes(` ${about.split('#')[0]} `) ||
              / (server|store|admin|thief)/.test(line.slice(0, 30)),
          );
    return lines.slice(-most);
  }

  broken(rule: string, about: string, text: string): void {
    this.say(about, `BROKEN (${rule}): ${text}`);
    this.violations.push({ rule, text: `${about}: ${text}`, history: this.history(about) });
  }

  /** A text that must not stand in any event. */
  secret(...texts: readonly (string | undefined)[]): void {
    for (const text of texts) for (const part of text?.match(/[\w-]{24,}/g) ?? []) this.#secrets.add(part);
  }

  opened(name: string, user: string, scope: readonly string[]): Family {
    const at = this.#time.now();
    const family: Family = {
      name,
      user,
      scope,
      openedAt: at,
      refreshedAt: at,
      over: null,
      mayBeOver: false,
      stolenAt: null,
      ownerRefusedAt: null,
      barredAt: null,
      given: [],
    };
    this.#families.set(name, family);
    return family;
  }

  gave(family: Family, access: string, refresh: string): void {
    this.secret(access.slice(access.indexOf('.') + 1), refresh.slice(refresh.indexOf('.') + 1));
    this.#access.set(access, family);
    this.#grants.set(grantOf(access), family);
    family.given = [...family.given.slice(-4), { at: this.#time.now(), refresh }];
  }

  /** One code gives one set of tokens. */
  redeemed(about: string, code: string, refresh: string): void {
    const given = this.#codes.get(code) ?? new Set<string>();
    this.#codes.set(code, given.add(refresh));
    if (given.size > 1) this.broken('a code gives tokens once', about, 'its code gave two sets of tokens');
  }

  /** A proof that is good once was accepted. */
  accepted(about: string, proof: string): void {
    if (this.#proofs.has(proof)) this.broken('a proof counts once', about, 'a proof that was used before was accepted');
    this.#proofs.add(proof);
  }

  /** Someone with the right to ended it, and was told that it is over. */
  ended(family: Family, why: string): void {
    family.over ??= { at: this.#time.now(), why };
  }

  /** All that was opened until now is over. */
  endedAll(why: string): void {
    for (const family of this.#families.values()) this.ended(family, why);
  }

  /** From now on a person may not come in any more; what they have goes on until the next refresh. */
  barred(user: string, isBarred: boolean): void {
    for (const family of this.#families.values()) if (family.user === user) family.barredAt = isBarred ? this.#time.now() : null;
  }

  /** The store forgot what was written since then: what was said of that time is uncertain. One refresh that is lost signs no one out. */
  forgotten(since: number): void {
    const recent = since - 1000; // an answer takes a while
    for (const family of this.#families.values()) {
      const tokens = new Set(family.given.filter(({ at }) => at >= recent).map(({ refresh }) => refresh));
      const isUndone = family.over !== null && family.over.at >= recent;
      if (isUndone) family.over = null;
      if (family.ownerRefusedAt !== null && family.ownerRefusedAt >= recent) family.ownerRefusedAt = null;
      if (isUndone || family.openedAt >= recent || tokens.size > 1) family.mayBeOver = true;
    }
    for (const [token, at] of this.#revokedAccess) if (at >= recent) this.#revokedAccess.delete(token);
    for (const [user, held] of this.permissions)
      if (held.since >= recent) this.permissions.set(user, { ...held, since: Infinity, now: [...held.now, ...held.before] });
    this.#codes.clear();
    this.#proofs.clear();
  }

  /** No one can say of this person's grants whether they stand. */
  uncertain(user: string): void {
    for (const family of this.#families.values()) if (family.user === user) family.mayBeOver = true;
  }

  /** Whether someone has the permission now, or had it a moment ago. */
  mayHave(user: string, permission: string): boolean {
    const held = this.permissions.get(user);
    return held !== undefined && (held.now.includes(permission) || held.before.includes(permission));
  }

  /** An answer that is one person's stands in no cache. */
  private(about: string, { headers }: Response): void {
    if (!/no-store|private/.test(headers.get('cache-control') ?? ''))
      this.broken('no cache keeps an answer', about, `the answer says: cache-control ${headers.get('cache-control')}`);
  }

  /** A token that is only good as long as another one. */
  hangsOn(child: string, family: Family, parent: string): void {
    this.#access.set(child, family);
    this.#parents.set(child, parent);
  }

  revokedAccess(access: string): void {
    this.#revokedAccess.set(access, this.#time.now());
  }

  /** A call ran. @param began when it was sent: a revocation after that proves nothing. */
  ran(tool: string, access: string | null, began: number): void {
    const needs = NEEDS[tool] ?? {};
    const family = access === null ? undefined : this.#access.get(access);
    const about = family?.name ?? 'prober';
    if (!family) {
      if (access !== null || needs.scope || needs.permission) this.broken('no call without a token', about, `${tool} ran for a stranger`);
      return;
    }
    const ends = [access, this.#parents.get(access ?? '')].map((one) => this.#revokedAccess.get(one ?? '') ?? Infinity);
    const revoked = Math.min(family.over?.at ?? Infinity, ...ends);
    if (revoked < began)
      this.broken(
        'what is revoked stays revoked',
        about,
        `${tool} ran ${began - revoked} ms after the end (${family.over?.why ?? 'access token revoked'})`,
      );
    if (needs.scope && !family.scope.includes(needs.scope))
      this.broken('no call without its scope', about, `${tool} ran without ${needs.scope}`);
    if (needs.permission) {
      const held = this.permissions.get(family.user);
      const may = held && (held.now.includes(needs.permission) || (began < held.since && held.before.includes(needs.permission)));
      if (!may) this.broken('no call without its permission', about, `${tool} ran for ${family.user}`);
    }
  }

  /** An honest client was refused for good. @param answer as it came. */
  signedOut(family: Family, answer: string): void {
    const now = this.#time.now();
    if (family.stolenAt !== null) family.ownerRefusedAt ??= now;
    const idle = now - family.refreshedAt > IDLE_MS - SLACK_MS;
    this.count('signed out');
    const why =
      family.over?.why ??
      (family.mayBeOver
        ? 'perhaps revoked'
        : family.barredAt !== null || family.user === this.leaving
          ? 'may not come in any more'
          : family.stolenAt !== null
            ? 'stolen'
            : idle
              ? 'idle'
              : null);
    if (why === null) this.broken('no sign-out by accident', family.name, answer);
    else this.say(family.name, `signed out, rightly: ${why}`);
  }

  /** A refresh by its owner worked. */
  refreshed(family: Family): void {
    if (family.over && this.#time.now() > family.over.at + SLACK_MS)
      this.broken('what is revoked stays revoked', family.name, `refreshed after the end (${family.over.why})`);
    if (family.barredAt !== null && this.#time.now() > family.barredAt + SLACK_MS)
      this.broken('what is revoked stays revoked', family.name, `refreshed though ${family.user} may not come in any more`);
    family.refreshedAt = this.#time.now();
  }

  /** A refresh by a thief worked. @param sent when it was sent. */
  thiefRefreshed(family: Family, sent: number): void {
    if (family.over && sent > family.over.at) this.broken('what is revoked stays revoked', family.name, 'a thief refreshed after the end');
    if (family.ownerRefusedAt !== null && sent > family.ownerRefusedAt + GRACE_MS + SLACK_MS)
      this.broken('a theft ends the family', family.name, 'the thief goes on although the owner was refused');
  }

  /** Looks at what the operator is told. */
  heard(event: Event): void {
    this.count(`event ${event.kind}`);
    if ('grantId' in event && event.grantId !== undefined && event.kind.startsWith('grant.'))
      this.say(
        this.#grants.get(event.grantId)?.name ?? `grant ${event.grantId.slice(0, 8)}`,
        `${event.kind}${'reason' in event ? ` (${event.reason})` : ''}`,
      );
    if (
      (event.kind === 'request.refused' && event.endpoint === 'token') ||
      (event.kind === 'request.refused' && event.code === 'temporarily_unavailable')
    ) {
      this.lastRefusal = event.reason;
      this.say('server', `refused: ${event.reason}`);
    }
    if (event.kind === 'request.failed')
      this.say(
        'server',
        `failed: ${event.error instanceof Error ? `${event.error.message} ${String((event.error as { reason?: string }).reason ?? '')}`.slice(0, 140) : ''}`,
      );
    const text = JSON.stringify(event, (_, value: unknown) => (value instanceof Error ? [value.message, value.stack, value.cause] : value));
    for (const part of text.match(/[\w-]{24,}/g) ?? [])
      if (this.#secrets.has(part)) this.broken('no secret in an event', 'server', `${event.kind} holds ${part.slice(0, 6)}…`);
  }

  #clock(): string {
    return new Date(this.#time.now()).toISOString().slice(5, 23).replace('T', ' ');
  }
}

/** The id of the grant that a token names. */
const grantOf = (token: string): string => /_([\w-]{22})/.exec(token)?.[1] ?? token;

/** What each tool of the server needs. */
export const NEEDS: { readonly [tool: string]: { readonly scope?: string; readonly permission?: string } } = {
  whoami: {},
  save: { scope: 'write' },
  admin: { permission: 'admin' },
  count: {},
  slow: {},
  says: {},
  site: {},
  plan: { permission: 'admin' },
  secret: { permission: 'admin' },
  file: {},
};
