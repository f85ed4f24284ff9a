import { describe, expect, it } from 'vitest';
import { login } from '../../src/logins/own-login.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { pathsOf } from '../../src/model/display.ts';
import * as upstreams from '../../src/upstreams/index.ts';
import type { ProviderOptions } from '../../src/upstreams/contract.ts';

const client = { clientId: 'abc', clientSecret: 's' };
const SQUARE = 'M4 4h16v16H4z';

const PROVIDERS = {
  auth0: (more) => upstreams.auth0({ ...client, domain: 'acme.eu.auth0.com', ...more }),
  cloudflareAccess: (more) => upstreams.cloudflareAccess({ ...client, issuer: 'https://acme.cloudflareaccess.com/x', ...more }),
  discord: (more) => upstreams.discord({ ...client, ...more }),
  entra: (more) => upstreams.entra({ ...client, tenant: 'common', ...more }),
  github: (more) => upstreams.github({ ...client, ...more }),
  gitlab: (more) => upstreams.gitlab({ ...client, ...more }),
  google: (more) => upstreams.google({ ...client, ...more }),
  keycloak: (more) => upstreams.keycloak({ ...client, url: 'https://id.example', realm: 'staff', ...more }),
  okta: (more) => upstreams.okta({ ...client, domain: 'acme.okta.com', ...more }),
  slack: (more) => upstreams.slack({ ...client, ...more }),
  'slack with userScopes': (more) => upstreams.slack({ ...client, userScopes: ['search:read'], ...more }),
  // These publish no mark that others may draw, so their buttons have the shield of every other site.
  oauth2: (more) =>
    upstreams.oauth2({
      ...client,
      issuer: 'https://id.example',
      authorizationEndpoint: 'https://id.example/authorize',
      tokenEndpoint: 'https://id.example/token',
      profileEndpoint: 'https://id.example/me',
      ...more,
    }),
  oidc: (more) => upstreams.oidc({ ...client, issuer: 'https://id.example', ...more }),
  stytch: (more) => upstreams.stytch({ ...client, projectDomain: 'https://acme.customers.stytch.com', ...more }),
  workos: (more) => upstreams.workos({ ...client, ...more }),
} as const satisfies { readonly [name: string]: (more: Partial<ProviderOptions>) => upstreams.Upstream };

describe('upstreams: the marks on the buttons', () => {
  it('gives each provider its mark, in the colour of the text unless its owner wants others', () => {
    const colours = Object.entries(PROVIDERS).map(([name, make]) => {
      const { icon } = upstream(make({}));
      return [name, icon === undefined ? 'shield' : pathsOf(icon).map(([colour]) => colour)];
    });
    const text = ['currentColor'];
    expect(Object.fromEntries(colours)).toEqual({
      ...Object.fromEntries(Object.keys(PROVIDERS).map((name) => [name, text])),
      entra: ['#f25022', '#7fba00', '#00a4ef', '#ffb900'],
      google: ['#4285f4', '#34a853', '#fbbc05', '#ea4335'],
      oauth2: 'shield',
      oidc: 'shield',
      stytch: 'shield',
      workos: 'shield',
    });
  });

  it.each(Object.entries(PROVIDERS))('%s takes `icon` for its button', (_, make) => {
    expect(make({ icon: SQUARE }).icon).toBe(SQUARE);
    expect(upstream(make({ icon: { '#123': SQUARE } })).icon).toEqual({ '#123': SQUARE });
  });

  it('refuses at start-up what is no path data: a file, a URL, a whole SVG', () => {
    const own = { id: 'sso', label: 'SSO', site: 'https://sso.example', begin: () => ({ location: '' }), finish: () => ({ deny: '' }) };
    expect(login({ ...own, icon: SQUARE }).icon).toBe(SQUARE);
    for (const icon of [
      '/logo.svg',
      'https://cdn.example/logo.svg',
      `<svg><path d="${SQUARE}"/></svg>`,
      '',
      'M',
      { red: 'url(#a)' },
      { red: 5 },
    ]) {
      const given = { icon: icon as string };
      for (const [name, make] of Object.entries(PROVIDERS))
        expect(() => make(given), name).toThrow(/^[\w ]+: `icon` must be SVG path data/);
      expect(() => login({ ...own, ...given })).toThrow(
        'login: `icon` must be SVG path data in a box of 24 by 24, such as "M4 4h16v16H4z".',
      );
    }
  });
});
