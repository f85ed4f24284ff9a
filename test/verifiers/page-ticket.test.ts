/** Tickets of pages: what was sealed comes back in the same browser, in time, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { base64url, fromBase64url } from '../../src/lib/bytes.ts';
import { makePageTickets } from '../../src/verifiers/page-ticket.ts';
import { NOW } from '../support/issuer.ts';

const at = (url: string, cookie?: string): Request => new Request(url, cookie === undefined ? {} : { headers: { cookie } });
const HERE = 'https://mcp.example/consent';
const pairOf = (cookie: string): string => cookie.split(';', 1)[0] ?? '';

describe('verifiers/page-ticket', () => {
  it('opens in the browser that it was sealed for, for fifteen minutes', async () => {
    let now = NOW;
    const tickets = makePageTickets('secret', 'purpose', () => now);
    const { ticket, cookie } = await tickets.seal(at(HERE), { a: [1, { b: 2 }] });
    expect(cookie).toMatch(/^__Host-portcullis_page=[\w-]{22}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/);
    now = NOW + 899;
    expect(await tickets.open(at(HERE, pairOf(cookie)), ticket)).toEqual({ a: [1, { b: 2 }] });
    now = NOW + 900;
    expect(await tickets.open(at(HERE, pairOf(cookie)), ticket)).toBeNull();
  });

  it('gives each browser a name of its own, and keeps the one of another tab', async () => {
    const tickets = makePageTickets('secret', 'purpose', () => NOW);
    const [one, two] = [await tickets.seal(at(HERE), { tab: 1 }), await tickets.seal(at(HERE), { tab: 1 })];
    expect([one.cookie === two.cookie, one.ticket === two.ticket]).toEqual([false, false]);
    const again = await tickets.seal(at(HERE, pairOf(one.cookie)), { tab: 2 });
    expect(again.cookie).toBe(one.cookie);
    const open = (ticket: string): Promise<unknown> => tickets.open(at(HERE, pairOf(one.cookie)), ticket);
    expect([await open(one.ticket), await open(again.ticket), await open(two.ticket)]).toEqual([{ tab: 1 }, { tab: 2 }, null]);
  });

  it('opens no ticket of another purpose or secret, no changed one, none without the cookie', async () => {
    const tickets = makePageTickets('secret', 'purpose', () => NOW);
    const { ticket, cookie } = await tickets.seal(at(HERE), {});
    const pair = pairOf(cookie);
    expect(await tickets.open(at(HERE, pair), ticket)).toEqual({});
    expect(await makePageTickets('secret', 'other', () => NOW).open(at(HERE, pair), ticket)).toBeNull();
    expect(await makePageTickets('other', 'purpose', () => NOW).open(at(HERE, pair), ticket)).toBeNull();
    const bytes = fromBase64url(ticket) ?? new Uint8Array();
    for (const place of [0, 12, bytes.length - 1]) {
      const changed = Uint8Array.from(bytes, (byte, index) => (index === place ? byte ^ 1 : byte));
      expect(await tickets.open(at(HERE, pair), base64url(changed))).toBeNull();
    }
    for (const wrong of ['', '!', 'AAAA', base64url(new Uint8Array(12)), base64url(new Uint8Array(13)), ticket.padEnd(16_385, 'A')])
      expect(await tickets.open(at(HERE, pair), wrong)).toBeNull();
    for (const other of [undefined, '', `x${pair}`, pair.replace('__Host-', '')]) expect(await tickets.open(at(HERE, other), ticket)).toBeNull();
  }); // prettier-ignore

  it('opens tickets of 16,384 characters and no longer ones', async () => {
    const tickets = makePageTickets('secret', 'purpose', () => NOW);
    const { cookie, ticket } = await tickets.seal(at(HERE), { a: 'x'.repeat(12_223) });
    const longer = await tickets.seal(at(HERE, pairOf(cookie)), { a: 'x'.repeat(12_224) });
    expect([ticket.length, longer.ticket.length]).toEqual([16_384, 16_386]);
    expect(await tickets.open(at(HERE, pairOf(cookie)), ticket)).toHaveProperty('a');
    expect(await tickets.open(at(HERE, pairOf(cookie)), longer.ticket)).toBeNull();
  });

  it('takes a plain cookie on plain http, which is for development, and not on https', async () => {
    const tickets = makePageTickets('secret', 'purpose', () => NOW);
    const local = 'http://localhost:8787/consent';
    const { ticket, cookie } = await tickets.seal(at(local), { a: 1 });
    expect(cookie).toMatch(/^portcullis_page=[\w-]{22}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax$/);
    expect([await tickets.open(at(local, pairOf(cookie)), ticket), await tickets.open(at(HERE, pairOf(cookie)), ticket)]).toEqual([{ a: 1 }, null]);
  }); // prettier-ignore
});
