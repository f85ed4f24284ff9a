/**
 * Acts on clients: list, show, create, approve, block, delete.
 */
import type { ClientSpec } from '../model/client-spec.ts';
import { type ClientLook, type ClientStatus, lookOf, statusOf } from '../model/client-policy.ts';
import { newClientsOf, type NewClients, findClientStatus } from '../core/records/client-status.ts';
import { OAuthError } from '../model/error.ts';
import { type Acts, type Admin, missing } from './act.ts';

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
      const id = input.text('id');
      const found = await lookFor(admin, id, input.optional('asSeen'));
      await admin.helpers.clients.approve(id);
      return found;
    },
  },
  'clients/block': {
    method: 'POST',
    takes: ['id', 'asSeen'],
    async run(admin, input) {
      const id = input.text('id');
      const found = await lookFor(admin, id, input.optional('asSeen'));
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
async function lookFor({ as, helpers }: Admin, id: string, asSeen?: string): Promise<{ registered?: false }> {
  const { client, decided, seen } = await lookAt({ as, helpers }, id);
  const isKnown = client !== null || decided !== null;
  if (!isKnown && !as.settings.formerStore && !id.includes('://')) throw missing('client');
  if (asSeen !== undefined && asSeen !== seen)
    throw new OAuthError('invalid_request', 'admin_target_changed', {
      status: 409,
      hint: `It was seen as "${asSeen}" and is "${seen}" now.`,
    });
  return isKnown ? {} : { registered: false };
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
