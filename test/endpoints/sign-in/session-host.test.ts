/** The user whom the application has signed in: what it is asked, how often, and what a failure means. */
import { describe, expect, it } from 'vitest';
import { makeCall } from '../../../src/endpoints/endpoint.ts';
import { hostSessionOf } from '../../../src/endpoints/sign-in/session.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeServer } from '../../support/server.ts';

const PROVEN = { kind: 'proven', identity: { issuer: 'app', subject: 'ada', claims: {} } };
const ENV = { MARK: 'env' };

function asked(login: object) {
  const { as } = makeServer({ settings: { issuer: 'https://as.example', logins: [login] as unknown as Settings['logins'] } });
  const request = new Request('https://as.example/account?a=1', { method: 'POST', body: 'secret', headers: { cookie: 'app=1' } });
  return makeCall(request, as, ENV, { network: () => '192.0.2.1', waitUntil: () => undefined });
}

describe('endpoints/sign-in/session: of the application', () => {
  it('is asked for once per request, with URL, headers, environment and issuer, and without a body', async () => {
    const all: { request: Request; env: unknown; issuer: string }[] = [];
    const call = asked({ kind: 'session', id: 'app', present: async (one: (typeof all)[number]) => (all.push(one), PROVEN) });
    expect([await hostSessionOf(call), await hostSessionOf(call)]).toEqual(Array(2).fill({ login: 'app', proven: PROVEN }));
    expect(all).toHaveLength(1);
    const [{ request, env, issuer } = expect.unreachable()] = all;
    expect([request.url, request.method, request.headers.get('cookie'), request.body, env, issuer]).toEqual(['https://as.example/account?a=1', 'GET', 'app=1', null, ENV, 'https://as.example']); // prettier-ignore
  });

  it('is null where no one is signed in there, or no login follows it', async () => {
    expect(await hostSessionOf(asked({ kind: 'session', id: 'app', present: async () => null }))).toBeNull();
    expect(await hostSessionOf(asked({ id: 'password', fields: () => '' }))).toBeNull();
  });

  it('neither signs in nor signs out while the application cannot tell: 503, with the reason for the operator', async () => {
    const cause = new Error('its database is down');
    const call = asked({ kind: 'session', id: 'app', present: () => Promise.reject(cause) });
    await expect(hostSessionOf(call)).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'session_unknown', cause });
  });
});
