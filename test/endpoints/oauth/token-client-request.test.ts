import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/endpoints/endpoint.ts';
import { parseClientRequest } from '../../../src/endpoints/oauth/token.ts';
import type { Client } from '../../../src/model/client.ts';
import { makeServer } from '../../support/server.ts';

const TV = { id: 'tv', redirectUris: [], applicationType: 'native', grantTypes: [], authMethod: 'none', createdAt: 0 } as unknown as Client;

/** A form request of a client. */
function callOf(form: string, query = '', headers: Record<string, string> = {}): Call {
  const { as } = makeServer({ settings: { clients: new Map([['tv', { client: TV }]]) as never } });
  const url = `https://as.example/revoke${query}`;
  const request = new Request(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: form }); // prettier-ignore
  return { as, request, url: new URL(url), network: 'n' } as unknown as Call;
}
const reasonOf = async (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'parsed',
    (error: { readonly reason?: string }) => error.reason,
  );

describe('endpoints/oauth/token: requests of clients', () => {
  it('gives the form, the client, and what was begun beside the authentication', async () => {
    const call = callOf('client_id=tv&token=t&token=u');
    const begun: unknown[] = [];
    const { form, caller, begun: result } = await parseClientRequest(call, { ahead: (fields) => (begun.push(fields.optional('client_id')), 7) }); // prettier-ignore
    expect([form.all('token'), caller, result, begun]).toEqual([['t', 'u'], { kind: 'public', clientId: 'tv' }, 7, ['tv']]);
    expect((await parseClientRequest(callOf('client_id=tv'))).begun).toBeUndefined();
  });

  it('says that a compressed form is not read, and names the header', async () => {
    const call = callOf('');
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' };
    const request = new Request(call.request.url, { method: 'POST', headers, body: Uint8Array.of(0x1f, 0x8b, 8) });
    const details = {
      code: 'invalid_request',
      reason: 'body_encoded',
      status: 415,
      message: expect.stringContaining('without Content-Encoding'),
    };
    await expect(parseClientRequest({ ...call, request } as Call)).rejects.toMatchObject(details);
  });

  it('refuses a secret in the URL, before it reads anything', async () => {
    const begun: unknown[] = [];
    const asked = parseClientRequest(callOf('client_id=tv', '?client_secret=x'), { ahead: () => begun.push(1) });
    expect([await reasonOf(asked), begun]).toEqual([expect.stringMatching(/url|query/), []]);
  });

  it('refuses a repeated parameter of the authentication, and of those that the endpoint names', async () => {
    for (const name of ['client_secret', 'client_assertion', 'client_assertion_type'])
      expect(await reasonOf(parseClientRequest(callOf(`client_id=tv&${name}=a&${name}=b`)))).toBe(`repeated_${name}`);
    const basic = { authorization: `Basic ${btoa('gone:secret')}` }; // a client that is not even looked for
    for (const name of ['client_secret', 'client_assertion', 'client_assertion_type'])
      expect(await reasonOf(parseClientRequest(callOf(`${name}=a&${name}=b`, '', basic)))).toBe(`repeated_${name}`);
    for (const name of ['client_secret', 'client_assertion_type'])
      // before the authentication finds another fault
      expect(await reasonOf(parseClientRequest(callOf(`client_assertion=x&${name}=a&${name}=b`, '', basic)))).toBe(`repeated_${name}`);
    const twice = 'client_id=tv&hint=a&hint=b';
    expect(await reasonOf(parseClientRequest(callOf(twice)))).toBe('parsed');
    expect(await reasonOf(parseClientRequest(callOf(twice), { once: ['hint'] }))).toBe('repeated_hint');
  });

  it('asks who the client is', async () => {
    expect(await reasonOf(parseClientRequest(callOf('')))).toEqual(expect.any(String));
    const basic = { authorization: `Basic ${btoa('tv:secret')}` };
    expect(await reasonOf(parseClientRequest(callOf('token=t', '', basic)))).not.toBe('parsed');
  });
});
