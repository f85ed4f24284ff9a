/** Why an assertion is refused: the answer is one, the reason that listeners are told is precise. */
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, ISSUER } from '../support/app.ts';
import { type AnyClaims, clientClaims, makeSigner, type Signer } from '../support/signer.ts';
import { lastReason } from '../support/verdicts.ts';

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const [signer, other] = [await makeSigner(), await makeSigner('ES256', 'key-2')];
const keys = { jwks: { keys: [signer.publicKey] }, grantTypes: ['client_credentials'] };
const CLIENTS = [
  { id: 'keyed', authMethod: 'private_key_jwt', ...keys },
  { id: 'second', authMethod: 'private_key_jwt', ...keys },
  { id: 'here', authMethod: 'private_key_jwt', jwksUri: `${ISSUER}/keys.json`, grantTypes: ['client_credentials'] },
  ...Array.from({ length: 61 }, (_, at) => ({
    id: `away${at}`,
    authMethod: 'private_key_jwt',
    jwksUri: `https://h${at}.example/keys`,
    grantTypes: ['client_credentials'],
  })),
  { id: 'secret', secret: 'a-secret-of-enough-characters-to-pass', grantTypes: ['client_credentials'] },
] as const;

let app: App;
beforeEach(async () => {
  const clock = makeClock();
  const fetchPublic = (): Promise<Response> => Promise.reject(new Error('The world outside is not there.'));
  app = await appOn(memoryStore(clock), clock, { clients: CLIENTS as never }, { fetchPublic });
});

/** The answer of the token endpoint: its status, and the reason of a refusal. */
async function send(form: Record<string, string>): Promise<string> {
  app.events.length = 0;
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
  const answer = await app.ask('POST', '/token', body, { 'content-type': 'application/x-www-form-urlencoded' });
  return [answer.status, app.events.find((event) => event.kind === 'request.refused')?.reason].filter(Boolean).join(' ');
}

const ask = async (claims: AnyClaims = {}, header: Record<string, unknown> = {}, form: Record<string, string> = {}, by: Signer = signer): Promise<string> =>
  send({ client_assertion_type: TYPE, client_assertion: await by.sign(clientClaims('keyed', app.clock.now(), claims), header), ...form }); // prettier-ignore

describe('clients/private-key-jwt, reasons', () => {
  it('lets the client in, with its id beside the assertion or without', async () => {
    const types = [undefined, 'JWT', 'client-authentication+jwt', 'application/client-authentication+jwt'];
    for (const typ of types) expect(await ask({}, { typ })).toBe('200');
    expect(await ask({}, {}, { client_id: 'keyed' })).toBe('200');
  }); // prettier-ignore

  it.each<[string, AnyClaims, Record<string, unknown>, Record<string, string>]>([
    ['401 assertion_type', {}, {}, { client_assertion_type: `${TYPE}x` }],
    ['401 assertion_malformed', {}, {}, { client_assertion: 'x.y.z' }],
    ['401 assertion_jwt_type', {}, { typ: 'at+jwt' }, {}],
    ['401 assertion_without_subject', { sub: undefined }, {}, {}],
    ['401 assertion_without_subject', { sub: 7, iss: 7 }, {}, {}],
    ['401 assertion_issuer', { iss: 'second' }, {}, {}],
    ['400 client_ids_differ', {}, {}, { client_id: 'second' }],
    ['401 client_unknown', { iss: 'nobody', sub: 'nobody' }, {}, {}],
    ['401 assertion_unregistered', { iss: 'secret', sub: 'secret' }, {}, {}],
    ['401 assertion_keys_here', { iss: 'here', sub: 'here' }, {}, {}],
    ['401 assertion_audience', { aud: `${ISSUER}/token` }, {}, {}],
    ['401 assertion_exp_missing', { exp: undefined }, {}, {}],
    ['401 assertion_not_yet', { nbf: 1e10 }, {}, {}],
    ['401 assertion_without_jti', { jti: undefined }, {}, {}],
    ['401 assertion_key_unknown', {}, { kid: 'other' }, {}],
  ])('says %s of %j with %j and %j', async (verdict, claims, header, form) => {
    expect(await ask(claims, header, form)).toBe(verdict);
  });

  it('tells a type without an assertion, and an assertion without a type, from a bad one', async () => {
    expect(await send({ client_assertion_type: TYPE })).toBe('401 assertion_missing');
    expect(await send({ client_assertion: 'x.y.z' })).toBe('401 assertion_type');
  });

  it('takes the signature of no other key', async () => {
    expect(await ask({}, { kid: 'key-1' }, {}, other)).toBe('401 assertion_signature');
  });

  it('accepts an assertion once for each client, until it has expired with the allowed skew', async () => {
    const claims = { jti: 'one', exp: app.clock.now() + 60 };
    expect(await ask(claims)).toBe('200');
    expect(await ask(claims)).toBe('401 assertion_replayed');
    expect(await ask({ ...claims, iss: 'second', sub: 'second' })).toBe('200');
    expect(await ask({ ...claims, jti: 'two' })).toBe('200');
    app.clock.pass(89);
    expect(await ask({ ...claims, iat: undefined })).toBe('401 assertion_replayed');
    app.clock.pass(1);
    expect(await ask({ ...claims, iat: undefined })).toBe('401 assertion_expired');
  });

  it('looks up the keys of sixty clients for one network in ten minutes, as it does documents', async () => {
    const look = (at: number): Promise<string> => ask({ iss: `away${at}`, sub: `away${at}` });
    for (let at = 0; at < 60; at++) expect(await look(at)).toMatch(/^503/);
    expect(await look(60)).toBe('429 document_limited');
  });

  it('reads the keys of one host a hundred and twenty times in ten minutes, however many networks ask for it (F-45)', async () => {
    const look = async (at: number): Promise<string> => {
      app.events.length = 0;
      const assertion = await signer.sign(clientClaims('away0', app.clock.now()));
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_assertion_type: TYPE, client_assertion: assertion });
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-test-address': `198.51.100.${at}` };
      const { status } = await app.ask('POST', '/token', body, headers);
      return [status, lastReason(app)].filter(Boolean).join(' ');
    };
    for (let at = 0; at < 120; at++) expect(await look(at)).toMatch(/^503/);
    expect(await look(120)).toBe('429 document_host_limited');
  });

  it('accepts an assertion again after a 503 of ours', async () => {
    const claims = { jti: 'one' };
    const { write } = app.store;
    let writes = 0;
    app.store.write = (...all) => (writes++ === 0 ? write(...all) : Promise.reject(new Error('down')));
    expect(await ask(claims)).toMatch(/^503/);
    app.store.write = write;
    expect(await ask(claims)).toBe('200');
    expect(writes).toBeGreaterThan(1);
  });

  it('counts what was refused like a wrong secret (S-029)', async () => {
    for (let at = 0; at < 30; at++) expect(await ask({ jti: undefined })).toBe('401 assertion_without_jti');
    expect(await ask({ jti: undefined })).toBe('429 secret_limited');
    expect(await ask({ jti: undefined, iss: 'second', sub: 'second' })).toBe('401 assertion_without_jti');
  });
});
