/** Which events the audit log keeps, what of them, in which class, and what counts as a block or the end of the chain. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { classOf, entryOf, HEAD, hashOf, isBlockRecord, isHead, keyOf, MAX_ENTRIES, parseBlock } from '../../../src/core/audit/entry.ts';
import type { NewEvent } from '../../../src/model/event.ts';

const AT = 1_790_000_000;
const keep = (kind: string, more: object = {}): object | null => entryOf({ kind, ...more } as unknown as NewEvent, AT);
const refused = (reason: string): object | null => keep('request.refused', { reason });

describe('core/audit/entry, what is kept', () => {
  it('is who may do what, who came in or failed to, and every act of an administrator', () => {
    for (const kind of [
      'grant.opened', 'grant.ended', 'grant.moved', 'grant.caught_up', 'key.made', 'client.registered', 'client.updated', 'client.deleted', 'client.waiting',
      'client.approved', 'client.blocked', 'admin.acted', 'login.succeeded', 'login.failed', 'factor.changed', 'upstream.connected', 'upstream.disconnected',
      'upstream.ended', 'consent.denied', 'call.denied',
    ]) expect([kind, keep(kind)]).toEqual([kind, { kind, at: AT }]); // prettier-ignore
  });

  it('is no event of daily work, and none whose name only holds such a name', () => {
    for (const kind of [
      'grant.redeemed', 'grant.refreshed', 'grant.repeated', 'call.allowed', 'call.challenged', 'upstream.refreshed', 'upstream.failed', 'request.failed', 'request.refused',
      'x.grant.opened', 'grant.opened.x', 'grants.opened', 'key.made.x', 'my.key.made', 'client.', 'login.', 'clientXregistered', 'grantXopened', 'call.denied.x', 'x.call.denied',
    ]) expect([kind, keep(kind, { reason: 'media_type' })]).toEqual([kind, null]); // prettier-ignore
  });

  it('is a refusal that may be an attack, and no mistake of a client', () => {
    for (const reason of [
      'cross_site', 'origin_not_allowed', 'another_browser', 'admin_last', 'admin_limited', 'admin_own_account', 'admin_permission_missing', 'admin_session_missing',
      'secret_wrong', 'verifier_wrong', 'registration_token_wrong', 'signature_wrong', 'secret_limited', 'code_replayed', 'assertion_replayed', 'proof_replayed', 'code_guessed',
      'refresh_reused', 'code_of_another_client', 'refresh_of_another_client', 'device_code_of_another_client', 'pushed_of_another_client', 'bound_otherwise',
      'bound_token_as_bearer', 'client_blocked', 'client_host_denied', 'client_unproven', 'user_disabled', 'access_withdrawn', 'access_key_damaged', 'api_key_unknown',
    ]) expect([reason, refused(reason)]).toEqual([reason, { kind: 'request.refused', reason, at: AT }]); // prettier-ignore
    for (const reason of ['media_type', 'token_expired', 'client_unknown', 'admin_input', 'x_cross_site', 'cross_site_x', 'wrong', 'secret_wrong_x', 'x_api_key_unknown', ''])
      expect([reason, refused(reason)]).toEqual([reason, null]);
    expect(keep('call.allowed', { reason: 'cross_site' })).toBeNull();
  }); // prettier-ignore

  it('has the members of the event but what an application threw, and the time of the log', () => {
    const members = { act: 'users/disable', by: 'alice', target: 'bob', outcome: 'done' };
    expect(keep('admin.acted', { ...members, at: 7, error: new Error('secret') })).toStrictEqual({
      kind: 'admin.acted',
      ...members,
      at: AT,
    });
  });
});

describe('core/audit/entry, the classes', () => {
  it('keep what anyone can cause from crowding out acts of administrators, and both from crowding out the rest', () => {
    const of = (kind: string): number => classOf({ at: AT, kind });
    expect(['login.failed', 'request.refused', 'call.denied', 'client.registered'].map(of)).toEqual([0, 0, 0, 0]);
    expect(of('admin.acted')).toBe(1);
    expect(['grant.opened', 'client.updated', 'login.succeeded', 'x.login.failed', 'login.failed.x', 'call.deniedx', 'login_failed'].map(of)).toEqual([2, 2, 2, 2, 2, 2, 2]);
    expect(MAX_ENTRIES).toEqual([60, 600, 600]);
  }); // prettier-ignore
});

describe('core/audit/entry, blocks', () => {
  const block = { n: 1, id: 'i', until: 9, minute: 0, spent: [], prev: null, entries: [] };
  const without = (of: object, member: string): object => Object.fromEntries(Object.entries(of).filter(([name]) => name !== member));

  it('stand under their number, and are bound by the SHA-256 of their text', async () => {
    expect([keyOf(7), HEAD]).toEqual(['audit-log:7', 'audit-head:all']); // what an older version has stored is found
    expect(await hashOf({ runtime: makeRuntime() }, 'abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });

  it('are read from a text with every member, and from nothing else', () => {
    expect(parseBlock(JSON.stringify(block))).toEqual(block);
    for (const member of ['n', 'until', 'minute', 'spent', 'prev', 'entries']) expect(parseBlock(JSON.stringify(without(block, member)))).toBeNull();
    for (const text of ['', 'no JSON', 'null', '7', '[]']) expect(parseBlock(text)).toBeNull();
  }); // prettier-ignore

  it('are records of our version with a text', () => {
    expect(isBlockRecord({ v: 1, text: 'x' })).toBe(true);
    for (const odd of [{ v: 2, text: 'x' }, { text: 'x' }, { v: 1 }, { v: 1, text: 7 }, null, 'x']) expect(isBlockRecord(odd)).toBe(false);
  });

  it('end where a record of our version with every member says', () => {
    const head = { v: 1, n: 1, hash: 'h', until: 9, minute: 0, spent: [] };
    expect(isHead(head)).toBe(true);
    for (const member of Object.keys(head)) expect(isHead(without(head, member))).toBe(false);
    for (const odd of [{ ...head, v: 2 }, null, 'x']) expect(isHead(odd)).toBe(false);
  });
});
