/**
 * Acts on clients: list, show, create, approve, block, delete.
 */
import type { ClientSpec } from '../model/client-spec.ts';
import { type ClientStatus, statusOf } from '../model/client-policy.ts';
import { newClientsOf, type NewClients, findClientStatus } from '../core/records/client-status.ts';
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
      const [client, decided] = [await helpers.clients.find(id), await findClientStatus(as, id)];
      if (!client && !decided) throw missing('client');
      return { client, status: statusOf(decided, client) };
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
    takes: ['id'],
    async run(admin, input) {
      const id = input.text('id');
      const found = await lookFor(admin, id);
      await admin.helpers.clients.approve(id);
      return found;
    },
  },
  'clients/block': {
    method: 'POST',
    takes: ['id'],
    async run(admin, input) {
      const id = input.text('id');
      const found = await lookFor(admin, id);
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
 * server or the options of the application may know it, as over a store, the answer says that it is not registered. @throws {OAuthError} 404
 */
async function lookFor({ as, helpers }: Admin, id: string): Promise<{ registered?: false }> {
  if ((await helpers.clients.find(id)) || (await findClientStatus(as, id))) return {};
  if (!as.settings.formerStore && !id.includes('://')) throw missing('client');
  return { registered: false };
}
