/**
 * Options that switch something on, each off unless it is given: `accessKeys` (personal access tokens and service keys), `admin` (the administration
 * API), `audit` (which events are kept, and for how long), `clientPolicy` (which clients may be connected), `monitoring` (paths for a load balancer and
 * for Prometheus), `telemetry` (spans and metrics).
 */
import { checkNames, typeOf } from '../lib/check-options.ts';
import type { AdminApi } from '../model/settings.ts';
import type { ClientPolicy } from '../model/client-policy.ts';
import type { Telemetry } from '../model/event.ts';
import type { Seconds } from '../model/store.ts';
import type { AccessKeyRules } from '../model/token.ts';
import { checkKind, fail, flag, oneOf, seconds } from './option-checks.ts';

/** What keys there may be. */
export interface AccessKeyOptions {
  /** Whether users make personal access tokens on the account page. With `false` there are only service keys, which the operator makes. Default true. */
  readonly personal?: boolean | undefined;
  /** The longest life of a key in seconds, at most ten years. Default a year. */
  readonly maxTTL?: Seconds | undefined;
  /** How many live personal access tokens one user may have. Default 50. */
  readonly maxPerUser?: number | undefined;
}

const DAY: Seconds = 86_400;

/** The rules with every default; null if keys are off. @throws {TypeError} naming the fix. */
export function accessKeysOf(given: AccessKeyOptions | undefined, hasLogins: boolean): AccessKeyRules | null {
  if (given === undefined) return null;
  const must = 'must be an object: { } for personal access tokens of up to a year; leave it out for none';
  checkMembers('accessKeys', given, must, ['personal', 'maxTTL', 'maxPerUser']);
  checkKind('accessKeys.personal', flag, given.personal);
  checkKind('accessKeys.maxTTL', seconds(3600, 3650 * DAY), given.maxTTL);
  const count = {
    must: 'be a whole number from 1 to 1000',
    is: (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 1000,
  };
  checkKind('accessKeys.maxPerUser', count, given.maxPerUser);
  const { personal = hasLogins, maxTTL = 365 * DAY, maxPerUser = 50 } = given;
  if (personal && !hasLogins)
    fail(
      'accessKeys.personal',
      'needs `logins`: users make their tokens on our account page; write personal: false for service keys alone',
    );
  return { personal, maxTTL, maxPerUser };
}

/** Refuses what is no object, or has other members. */
function checkMembers(option: string, given: unknown, must: string, names: readonly string[]): void {
  if (typeOf(given) !== 'object') fail(option, must);
  const unknown = Object.keys(given as object).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  fail(option, `has the unknown member ${JSON.stringify(unknown)}; known ${names.length > 1 ? 'are' : 'is'} ${names.join(', ')}`);
}

/** How the audit log is kept. */
export interface AuditOptions {
  /** How long an entry is kept, `'90d'`, `'12h'` or seconds: from an hour to ten years. */
  readonly keep: string | Seconds;
}

const UNITS: { readonly [unit: string]: Seconds } = { h: 3600, d: DAY, y: 365 * DAY };

/** The checked option; null without one. @throws {TypeError} naming the fix. */
export function auditOf(given: AuditOptions | undefined): { readonly keep: Seconds } | null {
  if (given === undefined) return null;
  checkMembers('audit', given, "must be an object, such as { keep: '90d' }", ['keep']);
  const keep = secondsOf(given.keep);
  if (!(keep >= 3600 && keep <= 3650 * DAY))
    fail(
      'audit.keep',
      `must be from an hour to ten years: '90d', '12h', '1y', or a whole number of seconds; it is ${JSON.stringify(given.keep)}`,
    );
  return { keep };
}

function secondsOf(keep: unknown): Seconds {
  if (typeof keep === 'number') return Number.isSafeInteger(keep) ? keep : NaN;
  const [, count = '', unit = ''] = /^(\d{1,6})([hdy])$/.exec(String(keep)) ?? [];
  return typeof keep === 'string' ? Number(count || NaN) * (UNITS[unit] ?? NaN) : NaN;
}

/** Which clients may be connected; those that you entered always may, unless they are blocked or denied. */
export interface ClientPolicyOptions {
  /**
   * What happens to a client that is neither approved nor of an allowed host: it may be connected (`allow`), it waits for an administrator
   * (`approve`), or it is refused (`refuse`). Default `allow`; `refuse` if `allowHosts` is given.
   */
  readonly newClients?: 'allow' | 'approve' | 'refuse' | undefined;
  /** Hosts, with their subdomains, whose clients need no approval: those with their document there, or all whose redirect URIs lead there. */
  readonly allowHosts?: readonly string[] | undefined;
  /** Hosts, with their subdomains, whose clients are refused. Wins over everything else. */
  readonly denyHosts?: readonly string[] | undefined;
  /** Hosts, with their subdomains, whose clients the consent page shows as verified. */
  readonly verifiedHosts?: readonly string[] | undefined;
  /** Whom users ask for approval, shown to them: `it@acme.example`. */
  readonly contact?: string | undefined;
}

const LISTS = ['allowHosts', 'denyHosts', 'verifiedHosts'] as const;

/** The policy with every default; null if there is none. @throws {TypeError} naming the fix. */
export function clientPolicyOf(given: ClientPolicyOptions | undefined): ClientPolicy | null {
  if (given === undefined) return null;
  checkMembers('clientPolicy', given, "must be an object, such as { newClients: 'approve' }", ['newClients', ...LISTS, 'contact']);
  checkKind('clientPolicy.newClients', oneOf('allow', 'approve', 'refuse'), given.newClients);
  for (const list of LISTS) checkHosts(list, given[list]);
  const { allowHosts = [], denyHosts = [], verifiedHosts = [], contact = null } = given;
  if (contact !== null && (typeof contact !== 'string' || contact.trim() === '' || contact.length > 200))
    fail('clientPolicy.contact', 'must be a string of 1 to 200 characters, such as "it@acme.example"');
  if (given.newClients === 'allow' && allowHosts.length > 0)
    fail('clientPolicy.allowHosts', "changes nothing with newClients: 'allow'; write 'approve' or 'refuse', or leave one of them out");
  return { newClients: given.newClients ?? (given.allowHosts ? 'refuse' : 'allow'), allowHosts, denyHosts, verifiedHosts, contact };
}

function checkHosts(list: (typeof LISTS)[number], hosts: unknown): void {
  if (hosts !== undefined && !areHosts(hosts)) fail(`clientPolicy.${list}`, `must be ${hostsMust(hosts)}`);
}

/** Whether it is a list of host names. */
export function areHosts(list: unknown): list is readonly string[] {
  return Array.isArray(list) && list.every(isHost);
}

/** What the list must be, with what is wrong in it. */
export function hostsMust(given: unknown): string {
  const wrong: unknown = Array.isArray(given) ? given.find((host) => !isHost(host)) : given;
  return `a list of host names such as "claude.ai", subdomains included; it holds ${JSON.stringify(wrong)}`;
}

/** Whether a text is a host name as a URL has it; `*.evil.example` would match nothing. */
function isHost(host: unknown): boolean {
  return (
    typeof host === 'string' &&
    !/\*|^\.|\.$/.test(host) &&
    URL.canParse(`https://${host}/`) &&
    new URL(`https://${host}/`).hostname === host
  );
}

/** What a load balancer and Prometheus ask. */
export interface MonitoringOptions<Env = unknown> {
  /** Path that answers 200 while the process runs, without asking the store. Default `/health`, beside the authorize endpoint. */
  readonly health?: string | undefined;
  /** Path that answers 200 if the store can be written and read, else 503; checked at most every five seconds. Default `/ready`, beside the authorize endpoint. */
  readonly ready?: string | undefined;
  /** Path of the metrics of this process for Prometheus; only with `scrapeToken`. Default `/metrics`, beside the authorize endpoint. */
  readonly metrics?: string | undefined;
  /** Bearer token that Prometheus sends, at least 32 characters, or a function that takes it from the environment. Default: no metrics. */
  readonly scrapeToken?: (string | ((env: Env) => string)) | undefined;
}

const PATHS = ['health', 'ready', 'metrics'] as const;

/** The paths that the option adds; null where there are none. @throws {TypeError} naming the fix. */
export function monitoringPathsOf<Env>(
  given: MonitoringOptions<Env> | undefined,
  beside: (name: string) => string,
): { readonly health: string | null; readonly ready: string | null; readonly metrics: string | null } {
  if (given === undefined) return { health: null, ready: null, metrics: null };
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    fail('monitoring', 'must be an object: {} for /health and /ready; leave it out for none');
  checkNames('OAuthProvider: `monitoring`', given, [...PATHS, 'scrapeToken'].join(' '));
  const { scrapeToken, health = beside('health'), ready = beside('ready'), metrics = beside('metrics') } = given;
  if (scrapeToken !== undefined && typeof scrapeToken !== 'function') checkToken(scrapeToken);
  if (given.metrics !== undefined && scrapeToken === undefined)
    fail('monitoring.metrics', 'needs `monitoring.scrapeToken`, 32 or more random characters that Prometheus sends as a bearer token');
  return { health, ready, metrics: scrapeToken === undefined ? null : metrics };
}

/** The token with which Prometheus asks; null for none. @throws {TypeError} naming the fix. */
export function scrapeTokenOf<Env>(given: MonitoringOptions<Env> | undefined, env: Env): string | null {
  const { scrapeToken } = given ?? {};
  return scrapeToken === undefined ? null : checkToken(typeof scrapeToken === 'function' ? scrapeToken(env) : scrapeToken);
}

function checkToken(token: unknown): string {
  if (typeof token !== 'string' || !/^[\w.~+/-]{32,512}=*$/.test(token))
    fail('monitoring.scrapeToken', 'must be 32 to 512 random letters and digits, as from `openssl rand -hex 32`');
  return token;
}

/** The administration API, which is for people who sign in here; null if it is off. @throws {TypeError} naming the fix. */
export function adminOf(admin: AdminApi | undefined, hasLogins: boolean): AdminApi | null {
  if (admin === undefined) return null;
  if (!Array.isArray(admin?.acts) || typeof admin.answer !== 'function')
    fail('admin', "must be what adminApi({ permission: 'admin' }) of portcullis/admin returns");
  if (!hasLogins) fail('admin', 'needs `logins`: administrators sign in on our pages');
  return admin;
}

/** The telemetry; null if it is off. @throws {TypeError} for anything but what `portcullis/opentelemetry` makes. */
export function telemetryOf(telemetry: Telemetry | undefined): Telemetry | null {
  if (telemetry !== undefined && typeof telemetry?.request !== 'function')
    fail('telemetry', 'must be what openTelemetry(api) of portcullis/opentelemetry returns');
  return telemetry ?? null;
}
