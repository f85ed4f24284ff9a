/** Which part of the Authorization header authenticates a client: Basic credentials, behind an access token or alone. */
import { describe, expect, it } from 'vitest';
import { makeApp } from '../../support/app.ts';
import { lastReason } from '../../support/verdicts.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const BASIC = `Basic ${btoa(`open:${SECRET}`)}`;
const ID = { client_id: 'public' };
const clients = [
  { id: 'open', secret: SECRET, grantTypes: ['client_credentials'] },
  { id: 'public', authMethod: 'none', redirectUris: ['https://app.example/cb'] },
] as const;

describe('endpoints/oauth/token: the client', () => {
  it.each<[verdict: string, authorization: string | undefined, form: Record<string, string>]>([
    ['400 grant_type_unregistered', undefined, ID],
    ['400 grant_type_unregistered', '', ID],
    ['400 grant_type_unregistered', 'Bearer token', ID],
    ['400 grant_type_unregistered', 'dpop   a.b-c', ID],
    ['400 grant_type_unregistered', 'Bearer token,', ID],
    ['200', BASIC, {}],
    ['200', `Bearer token,${BASIC}`, {}],
    ['200', `DPoP token  ,   ${BASIC}`, {}],
    ['200', `BEARER token, ${BASIC}`, { client_id: 'open' }],
    ['200', `Bearer, ${BASIC}`, {}], // a header of calls without a token in front
    ['400 client_ids_differ', `Bearer, ${BASIC}`, ID],
    ['401 client_missing', undefined, {}],
    ['401 basic_malformed', 'Bearer token', {}],
    ['401 basic_malformed', `${BASIC}Bearer token`, {}],
    ['401 basic_malformed', `Bearer token ${BASIC}`, {}],
    ['401 basic_malformed', `Bearer one, Bearer two, ${BASIC}`, {}],
    ['401 basic_malformed', 'Token token', ID],
    ['401 secret_missing', 'Bearer token', { client_id: 'open' }],
  ])('says %s of the header %j with %j', async (verdict, authorization, form) => {
    const app = await makeApp('memory', { clients });
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...(authorization === undefined ? {} : { authorization }) };
    const { status } = await app.ask('POST', '/token', body, headers);
    expect(status === 200 ? '200' : `${status} ${lastReason(app)}`).toBe(verdict);
  });
});
