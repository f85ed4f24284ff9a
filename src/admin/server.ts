/**
 * Acts on the server itself and on its clients: health, measures, expired records, the audit, the audit log; clients as they are listed, made and decided on.
 */
import { type AuditFilter, exportEntries, listEntries, verifyLog } from '../core/audit/read.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { metricsText } from '../core/monitoring.ts';
import { type Acts, type Admin, type Input, listAudit, missing, wrong } from './act.ts';
import { measuresOf } from './measures.ts';
import type { ClientSpec } from '../model/client-spec.ts';
import { type ClientLook, type ClientStatus, lookOf, statusOf } from '../model/client-policy.ts';
import { approveClient, findClientStatus, type NewClients, newClientsOf } from '../core/records/client-status.ts';
import { OAuthError } from '../model/error.ts';

/** Acts on the server. */
export const server: Acts = {
  session: {
    method: 'GET',
    takes: [],
    run: async ({ as, userId, permission }) => ({ userId, permission, tenant: as.settings.tenant, issuer: as.settings.issuer }),
  },
  health: { method: 'GET', takes: [], run: ({ helpers }) => helpers.health() },
  metrics: {
    method: 'GET',
    takes: [],
    run: async ({ as, helpers }) => {
      if (as.settings.scrapeToken === null) throw wrong('Nothing is counted; give the option monitoring: { scrapeToken }.');
      return metricsText(as, (await helpers.health()).ok);
    },
  },
  measures: {
    method: 'GET',
    takes: ['days'],
    run: ({ as }, input) => measuresOf(as).read(Math.max(1, input.optionalNumber('days') ?? 30)),
  },
  sweep: {
    method: 'POST',
    takes: ['most'],
    run: async ({ helpers }, input) => {
      const most = input.optionalNumber('most') ?? 1000;
      if (most < 0) throw wrong('most must be a whole number, 0 or more.');
      return { removed: await helpers.sweep(Math.min(most, 10_000)) };
    },
  },
  audit: { method: 'GET', takes: ['after'], run: ({ as }, input) => listAudit(as, input.optional('after')) },
};

const FILTER = ['kind', 'act', 'by', 'target', 'since', 'until'];

/** Acts on the audit log of the option `audit`. */
export const auditLog: Acts = {
  'audit/entries': {
    method: 'GET',
    takes: [...FILTER, 'before'],
    run: ({ as }, input) => listEntries(kept(as), filterOf(input), input.optionalNumber('before')),
  },
  'audit/export': {
    method: 'GET',
    takes: [...FILTER, 'after'],
    run: async ({ as }, input) => exportEntries(kept(as), filterOf(input), input.optionalNumber('after')),
  },
  'audit/verify': {
    method: 'GET',
    takes: ['block', 'hash', 'fromBlock', 'fromHash'],
    run: ({ as }, input) => verifyLog(kept(as), markOf(input, 'block', 'hash'), markOf(input, 'fromBlock', 'fromHash')),
  },
};

/** @throws {OAuthError} where no audit log is kept. */
function kept(as: AuthServer): AuthServer {
  if (as.settings.audit === null) throw wrong("No audit log is kept here; give the option audit: { keep: '90d' }.");
  return as;
}

function filterOf(input: Input): AuditFilter {
  const [kind, act, by, target] = ['kind', 'act', 'by', 'target'].map((name) => input.optional(name));
  return { kind, act, by, target, since: input.optionalNumber('since'), until: input.optionalNumber('until') };
}

function markOf(input: Input, block: string, hash: string): { readonly block: number; readonly hash?: string } | undefined {
  const given = input.optional(hash);
  if (given === undefined && input.all[block] === undefined) return undefined;
  if (given !== undefined && !/^[\w-]{43}$/.test(given)) throw wrong(`${hash} must be the hash of a head, whole: 43 characters.`);
  return { block: input.number(block), ...(given === undefined ? {} : { hash: given }) };
}

const SPEC = ['name', 'redirectUris', 'grantTypes', 'authMethod', 'scope', 'applicationType', 'uri'];

/** Acts on clients. */
export const clients: Acts = {
  clients: {
    method: 'GET',
    takes: ['after'],
    run: ({ helpers }, input) => helpers.clients.list(input.optional('after')),
  },
  'clients/by-status': {
    method: 'GET',
    takes: ['status', 'after'],
    run: ({ helpers }, input) => helpers.clients.listByStatus(input.text('status') as ClientStatus, input.optional('after')), // which checks it
  },
  'clients/show': {
    method: 'GET',
    takes: ['id'],
    async run({ as, helpers }, input) {
      const id = input.text('id');
      const { client, decided, status, seen } = await lookAt({ as, helpers }, id);
      if (!client && !decided) throw missing('client');
      return { client, status, seen };
    },
  },
  'clients/policy': {
    method: 'GET',
    takes: [],
    async run({ as }) {
      const { clientPolicy } = as.settings;
      return { policy: clientPolicy, newClients: clientPolicy && (await newClientsOf(as, clientPolicy)) };
    },
  },
  'clients/set-new': {
    method: 'POST',
    takes: ['newClients'],
    async run({ helpers }, input) {
      const mode = input.text('newClients');
      await helpers.clients.setNewClients(mode === 'configured' ? null : (mode as NewClients)); // which checks it
      return {};
    },
  },
  'clients/create': {
    method: 'POST',
    takes: SPEC,
    run: ({ helpers }, input) => helpers.clients.create(input.all as ClientSpec), // which checks each member
  },
  'clients/approve': {
    method: 'POST',
    takes: ['id', 'asSeen'],
    async run(admin, input) {
      const [id, asSeen] = [input.text('id'), input.optional('asSeen')];
      const { found, client, decided } = await lookFor(admin, id, asSeen);
      const { as, helpers } = admin;
      if (asSeen === undefined || as.settings.clientPolicy === null) await helpers.clients.approve(id);
      // Only as it was looked at: until this is written, it may change, and another administrator may block it.
      else if (!(await approveClient(as, id, client, decided?.status ?? null))) throw changedSince(asSeen, (await lookAt(admin, id)).seen);
      return found;
    },
  },
  'clients/block': {
    method: 'POST',
    takes: ['id', 'asSeen'],
    async run(admin, input) {
      const id = input.text('id');
      const { found } = await lookFor(admin, id, input.optional('asSeen'));
      return { ended: await admin.helpers.clients.block(id), ...found };
    },
  },
  'clients/reset': {
    method: 'POST',
    takes: ['id'],
    async run({ helpers }, input) {
      if (!(await helpers.clients.resetStatus(input.text('id')))) throw missing('decision');
      return {};
    },
  },
  'clients/delete': {
    method: 'POST',
    takes: ['id'],
    async run({ helpers }, input) {
      if (!(await helpers.clients.delete(input.text('id')))) throw missing('client');
      return {};
    },
  },
};

/**
 * A mistyped id would be approved or blocked to no effect. A client that is known by its document need not have been here, and where a former
 * server or the options of the application may know it, as over a store, the answer says that it is not registered.
 *
 * @param asSeen what an administrator saw and decided about. @throws {OAuthError} 404, or 409 if it is another client by now.
 */
async function lookFor({ as, helpers }: Admin, id: string, asSeen?: string) {
  const look = await lookAt({ as, helpers }, id);
  const { client, decided, seen } = look;
  const isKnown = client !== null || decided !== null;
  if (!isKnown && !as.settings.formerStore && !id.includes('://')) throw missing('client');
  if (asSeen !== undefined && asSeen !== seen) throw changedSince(asSeen, seen);
  return { ...look, found: isKnown ? {} : { registered: false } };
}

function changedSince(asSeen: string, now: string): OAuthError {
  return new OAuthError('invalid_request', 'admin_target_changed', {
    status: 409,
    hint: `It was seen as "${asSeen}" and is "${now}" now.`,
  });
}

async function lookAt({ as, helpers }: Pick<Admin, 'as' | 'helpers'>, id: string) {
  const [client, decided] = [await helpers.clients.find(id), await findClientStatus(as, id)];
  const status = statusOf(decided, client);
  return { client, decided, status, seen: seenAs(id, status ?? 'new', client ? lookOf(client) : (decided ?? {})) };
}

/** The state and the look of a client, which a decision is about. One with a document is known by its address. */
export function seenAs(id: string, state: string, { name, hosts = [], also = [] }: ClientLook): string {
  return [state, ...(id.includes('/') ? [] : [name ?? id, ...hosts, ...also])].join(' · ');
}
