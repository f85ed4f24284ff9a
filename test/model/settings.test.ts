import { describe, expect, it } from 'vitest';
import { isOffered, offeredGrantTypes, type Settings } from '../../src/model/settings.ts';

const ALWAYS = ['authorization_code', 'refresh_token', 'client_credentials'];
const NONE = { paths: { deviceAuthorization: null }, tokenExchange: null, trustedIssuers: [], issuerFinder: null };
const urn = (name: string): string => `urn:ietf:params:oauth:grant-type:${name}`;
const settingsWith = (more: object): Settings => ({ ...NONE, ...more }) as unknown as Settings;

describe('model/settings: grant types', () => {
  it('offers three grant types always, and no unknown one', () => {
    expect(offeredGrantTypes(settingsWith({}))).toEqual(ALWAYS);
    for (const name of ['password', 'toString', '', urn('saml2-bearer')]) expect(isOffered(name, settingsWith({})), name).toBe(false);
  });

  it.each([
    ['a device endpoint', { paths: { deviceAuthorization: '/device' } }, urn('device_code')],
    ['a rule for token exchange', { tokenExchange: () => true }, urn('token-exchange')],
    ['a trusted issuer', { trustedIssuers: [{}] }, urn('jwt-bearer')],
    ['a function that finds trusted issuers', { issuerFinder: () => null }, urn('jwt-bearer')],
  ])('offers one more with %s', (_, more, name) => {
    expect(offeredGrantTypes(settingsWith(more))).toEqual([...ALWAYS, name]);
    expect(isOffered(name, settingsWith({}))).toBe(false);
  });
});
