/** The pages of administrators that `npm run bench -- admin` opens, and the apps and audit entries that it fills the store with for them. */
import type { Store } from '../dist/model/store.js';
import { appendEvent } from '../src/core/audit/append.ts';
import type { AuditWriter } from '../src/core/audit/entry.ts';
import { nodeRuntime } from '../src/node/runtime.ts';
import { AT_ONCE, type Fill, type FilledRow, idOf } from './store-filling.ts';

const APPS = 1000;
const BLOCKS = 2000;

/** A user with one grant, one with many, and the places of page 50. */
interface Named {
  readonly user: string;
  readonly otherUser: string;
  readonly mail: string;
  readonly after: { readonly users: string; readonly grants: string };
}

/** Pages with their paths below `/admin`. */
export function pagesOf({ user, otherUser, mail, after }: Named): readonly (readonly [label: string, path: string])[] {
  const of = (page: string, query: Record<string, string>): string => `/${page}?${new URLSearchParams(query)}`;
  return [
    ['overview', ''],
    ['overview, charts of 90 days', '?days=90'],
    ['search for an address, and the user', of('search', { q: mail })],
    ['search for an app by a part of its name', of('search', { q: 'app 77' })],
    ['search for what is not there', of('search', { q: 'nosuchthing' })],
    ['users', '/users'],
    ['users, page 50', of('users', { after: after.users })],
    ['users of other sites', '/users?of=outside'],
    ['a user', of('user', { id: user })],
    ['a user with ten grants', of('user', { id: otherUser })],
    ['apps', '/clients'],
    ['apps that wait', '/clients?status=waiting'],
    ['an app with 1,000 grants', '/client?id=filler-1'],
    ['grants', '/grants'],
    ['grants, page 50', of('grants', { after: after.grants })],
    ['grants of a user, by address', of('grants', { user: mail })],
    ['grants of an app', '/grants?client=filler-1'],
    ['grants with a scope', '/grants?scope=read'],
    ['grants with a scope that none has', '/grants?scope=nosuchscope'],
    ['grants unused for 30 days', '/grants?unused=30'],
    ['keys', '/keys'],
    ['keys of the server', '/keys?of=server'],
    ['audit', '/audit'],
    ['audit, far back', `/audit?after=${BLOCKS / 2}`],
    ['audit of a user', of('audit', { target: 'user-7' })],
    ['audit of what is not there', of('audit', { target: 'nosuchthing' })],
    ['audit, verified', '/audit?verify=1'],
    ['health', '/health'],
  ];
}

/** Fills in apps, and an audit log of many blocks. @param rows of the store, with a client of this id. */
export async function fillMore(store: Store, fill: Fill, rows: readonly FilledRow[], clientId: string): Promise<void> {
  const client = rows.find(({ key }) => key === `client:${clientId}`);
  if (!client) throw new Error('There is no client to copy.');
  const copy = (at: number): FilledRow => {
    const id = `filler-${at}`;
    const text = client.text.replaceAll(clientId, id).replaceAll('Test client', `App ${at}`);
    return { ...client, key: `client:${id}`, index: ['clients:all'], text };
  };
  for (let at = 0; at < APPS; at += AT_ONCE) await fill(Array.from({ length: Math.min(AT_ONCE, APPS - at) }, (_, one) => copy(at + one)));
  let now = Math.floor(Date.now() / 1000) - BLOCKS * 10;
  const writer: AuditWriter = {
    store,
    runtime: nodeRuntime(),
    now: () => now,
    settings: { audit: { keep: 365 * 86_400 } },
    secrets: { id: () => idOf(now) },
    emit: () => undefined,
  };
  for (let at = 0; at < BLOCKS; at++, now += 10)
    await appendEvent(writer, { kind: 'admin.acted', act: 'users/disable', by: 'alice', target: `user-${at}`, outcome: 'done' }, now);
}
