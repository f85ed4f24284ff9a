import { describe, expect, it, vi } from 'vitest';
import { jsonLog } from '../../src/core/json-log.ts';
import type { Event } from '../../src/model/event.ts';
import { makeApp } from '../support/app.ts';

/** The line for an event, parsed, with its level. */
function lineOf(event: Event): { readonly level: string; readonly text: string; readonly line: Record<string, unknown> } {
  const lines: [string, string][] = [];
  jsonLog({ write: (text, level) => void lines.push([text, level]) })(event);
  expect(lines).toHaveLength(1);
  const [text = '', level = ''] = lines[0] ?? [];
  return { level, text, line: JSON.parse(text) as Record<string, unknown> };
}

describe('jsonLog', () => {
  it('writes each event as one line with its time, its level and all members', () => {
    const { line, text } = lineOf({
      at: 1_764_450_000,
      kind: 'grant.ended',
      grantId: 'g',
      clientId: 'c',
      reason: 'revoked',
      requestId: 'r',
      tenant: 'acme',
    });
    expect(line).toEqual({ time: '2025-11-29T21:00:00.000Z', level: 'info', kind: 'grant.ended', grantId: 'g', clientId: 'c', reason: 'revoked', requestId: 'r', tenant: 'acme' }); // prettier-ignore
    expect(text).not.toContain('\n');
  });

  it.each([
    [{ kind: 'login.succeeded', login: 'password', userId: 'u' }, 'info'],
    [{ kind: 'login.failed', login: 'password', reason: 'password_wrong', network: '192.0.2.0/24' }, 'warn'],
    [{ kind: 'request.refused', endpoint: 'token', code: 'invalid_grant', reason: 'code_expired' }, 'warn'],
    [{ kind: 'call.denied', primitive: 'tool', name: 't' }, 'warn'],
    [{ kind: 'call.allowed', primitive: 'tool', name: 't' }, 'info'],
    [{ kind: 'grant.ended', grantId: 'g', reason: 'refresh_reused' }, 'warn'],
    [{ kind: 'grant.ended', grantId: 'g', reason: 'client_blocked' }, 'info'],
    [{ kind: 'grant.caught_up', grantId: 'g', clientId: 'c' }, 'warn'],
    [{ kind: 'upstream.failed', provider: 'github', userId: 'u', reason: 'network' }, 'warn'],
    [{ kind: 'request.failed', endpoint: 'token', requestId: 'r', error: null }, 'error'],
  ] as const)('gives %j the level %s', (event, expected) => {
    const { level, line } = lineOf({ at: 1, ...event } as Event);
    expect([level, line['level']]).toEqual([expected, expected]);
  });

  it('writes an error with its causes, and removes what looks like a secret from all text that is not ours', () => {
    const error = new Error('connect postgres://user:hunter2@db failed', {
      cause: new Error(`refresh_token=${'x'.repeat(50)}\nsecond line`),
    });
    const { line, text } = lineOf({ at: 1, kind: 'request.failed', endpoint: 'token', requestId: 'r', error });
    expect(line['error']).toMatch(
      /^Error: connect postgres:\/\/\[removed\]@db failed; caused by Error: refresh_token=\[removed\] second line/,
    );
    expect(text).not.toMatch(/hunter2|xxxx/);
    const token = 'A'.repeat(43);
    const refused = lineOf({
      at: 1,
      kind: 'request.refused',
      endpoint: 'token',
      code: 'x',
      reason: `r ${token}`,
      detail: `Bearer ${token}`,
    }).text;
    expect(refused).not.toContain(token);
    expect(
      lineOf({ at: 1, kind: 'call.denied', primitive: 'tool', name: `tool ${token}`, error: new Error(`token: ${token}`) }).text,
    ).not.toContain(token);
  });

  it('leaves ids whole, so that lines can be joined', () => {
    const id = 'B'.repeat(43);
    expect(lineOf({ at: 1, kind: 'grant.opened', grantId: id, clientId: `https://app.example/${id}`, userId: id }).line).toMatchObject({ grantId: id, clientId: `https://app.example/${id}`, userId: id }); // prettier-ignore
  });

  it('is taken as `on`, and writes with console.log unless told otherwise', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const app = await makeApp('memory', { on: jsonLog() });
    await app.signedIn();
    const kinds = log.mock.calls.map(([line]) => (JSON.parse(String(line)) as { kind: string }).kind);
    log.mockRestore();
    expect(kinds).toEqual(expect.arrayContaining(['client.registered', 'login.succeeded', 'grant.opened', 'grant.redeemed']));
  });
});
