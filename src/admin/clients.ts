/**
 * Acts on clients: list, show, create, approve, block, delete.
 */
import type { ClientSpec } from '../model/client-spec.ts';
import type { ClientStatus } from '../model/client-policy.ts';
import { newClientsOf, type NewClients, findClientStatus } from '../core/records/client-status.ts';
import { type Acts, missing } from './act.ts';

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
      return { client, status: decided?.status ?? null };
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
    async run({ helpers }, input) {
      await helpers.clients.approve(input.text('id'));
      return {};
    },
  },
  'clients/block': {
    method: 'POST',
    takes: ['id'],
    run: async ({ helpers }, input) => ({ ended: await helpers.clients.block(input.text('id')) }),
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
