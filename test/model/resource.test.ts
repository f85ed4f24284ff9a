import { describe, expect, it } from 'vitest';
import {
  canonicalResource,
  covers,
  everyRouteOf,
  findResource,
  grantTTL,
  isAbove,
  isEveryRoute,
  isWithin,
  lifetimesFor,
  longestAccessTTL,
  resolveResource,
  singleResource,
  otherSpelling,
  type Resource,
  type Resources,
} from '../../src/model/resource.ts';

const resource = (uri: string): Resource => ({ uri, path: new URL(uri).pathname, metadataPath: '', requiredScopes: [] });
const [mcp, other] = [resource('https://mcp.example/mcp'), resource('https://mcp.example/mcp2')];
const of = (...resources: readonly Resource[]): Resources => ({ resources, defaultResource: null });

describe('model/resource', () => {
  it.each([
    ['https://mcp.example', 'https://mcp.example'], ['https://mcp.example/', 'https://mcp.example'], ['HTTPS://MCP.Example/MCP', 'https://mcp.example/MCP'],
    ['https://mcp.example/mcp/', 'https://mcp.example/mcp/'], ['https://mcp.example:8443/mcp?x=Y', 'https://mcp.example:8443/mcp?x=Y'],
  ])('SEC-115 writes %s as %s (S-072)', (text, canonical) => {
    expect(canonicalResource(text)).toBe(canonical);
  }); // prettier-ignore

  it.each([
    '',
    'mcp',
    '/mcp',
    '//mcp.example',
    'https://',
    'https://mcp.example/#x',
    'https://mcp.example/mcp#',
    'https://u@mcp.example/',
    'ftp://mcp.example',
    'https://mcp.example/a b',
    'https:\\\\mcp.example',
    'https://mcp.example\\x',
    'https://mcp.example:x/',
  ])('SEC-111 finds no resource in %j', (text) => {
    expect(canonicalResource(text)).toBeNull();
  });

  it('SEC-111 SEC-113 finds the one that is meant, or refuses (S-070, S-073)', () => {
    expect(findResource(['HTTPS://mcp.example/mcp'], of(mcp, other))).toBe(mcp);
    expect(findResource([], of(mcp))).toBe(mcp);
    expect(findResource([mcp.uri, 'HTTPS://mcp.example/mcp', mcp.uri], of(mcp, other))).toBe(mcp); // one resource, however often
    for (const [asked, known] of [
      [[], [mcp, other]],
      [
        [mcp.uri, other.uri],
        [mcp, other],
      ],
      [['https://mcp.example/mc'], [mcp]],
      [['x'], [mcp]],
      [[''], [mcp]],
      [[], []],
    ] as const)
      expect(() => findResource(asked, of(...known))).toThrow(expect.objectContaining({ code: 'invalid_target' }));
  });

  it('SEC-113 uses the default if none is named, and never instead of a named one', () => {
    const both = { ...of(mcp, other), defaultResource: other.uri };
    expect([findResource([], both), findResource([mcp.uri], both)]).toEqual([other, mcp]);
    expect(() => findResource(['https://mcp.example/mc'], both)).toThrow(expect.objectContaining({ code: 'invalid_target' }));
  });

  it('SEC-115 takes a query for a way to call a resource, but for one that is registered with it', () => {
    const [bare, root, exact] = [mcp, resource('https://mcp.example'), resource('https://mcp.example/mcp?tenant=a')];
    expect(findResource(['https://MCP.example/mcp?x=1'], of(bare, root, exact))).toBe(bare);
    expect(findResource(['https://mcp.example/?x=1'], of(bare, root))).toBe(root);
    expect(findResource(['https://mcp.example?x=1'], of(bare, root))).toBe(root);
    expect(findResource(['https://mcp.example/mcp?tenant=a'], of(bare, exact))).toBe(exact);
    for (const asked of ['https://mcp.example/MCP?x=1', 'https://mcp.example/mcp//?x=1', 'https://mcp.example:8443/mcp?x=1'])
      expect(() => findResource([asked], of(bare, root))).toThrow(expect.objectContaining({ code: 'invalid_target' }));
  });

  it('SEC-115 takes the port that a scheme implies for none, and no other port (RFC 3986 §6.2.3)', () => {
    const all = ['https://mcp.example/mcp', 'https://mcp.example', 'http://a.test/mcp', 'http://a.test', 'https://mcp.example?x', 'http://a.test?x', 'https://go.example/to?u=https://b.example/'];
    const find = (text: string): string | null => resolveResource(text, all.map(resource));
    const same = ['https://mcp.example:443/mcp', 'https://MCP.example:443', 'http://a.test:80/mcp', 'http://a.test:80/', 'https://mcp.example:443?x', 'http://a.test:80?x'];
    expect(same.map(find)).toEqual(all.slice(0, -1));
    expect(find('https://mcp.example:443/mcp?call=1'), 'with a query that selects how to call it').toBe(all[0]);
    const others = ['https://mcp.example:80/mcp', 'http://a.test:443/mcp', 'https://mcp.example:4430/mcp', 'http://a.test:8080', 'https://go.example/to?u=https://b.example:443/'];
    expect(others.map(find)).toEqual(others);
    const written = resource('https://mcp.example:443/mcp');
    expect(resolveResource(written.uri, [resource(all[0]!), written]), 'one that is registered with it').toBe(written.uri);
  }); // prettier-ignore

  it('says precisely which resource is wrong (SEC-113)', () => {
    const reasons: readonly (readonly [string, readonly string[]])[] = [
      ['resource_several', [mcp.uri, other.uri]], ['resource_missing', []], ['resource_unknown', ['https://mcp.example/x']], ['resource_malformed', ['']],
    ];
    for (const [reason, asked] of reasons)
      expect(() => findResource(asked, of(mcp, other))).toThrow(expect.objectContaining({ code: 'invalid_target', reason }));
    expect([singleResource([], [mcp]), singleResource(['x'], [mcp]), singleResource([mcp.uri, `${mcp.uri}/`], [mcp])]).toEqual([null, null, mcp.uri]);
  }); // prettier-ignore

  it('has two names for a resource with a path, and one for an origin or where there is a query (RFC 9728 §3.3)', () => {
    expect(['https://a.example/mcp', 'https://a.example/mcp/', 'http://a.example/x'].map(otherSpelling)).toEqual([
      'https://a.example/mcp/', 'https://a.example/mcp', 'http://a.example/x/',
    ]);
    expect(['https://a.example', 'https://a.example/', 'https://a.example/x?y', 'x:https://a.example/x', 'httpss://a.example/x', 'https:///x'].map(otherSpelling)).toEqual([null, null, null, null, null, null]);
    const slash = resource('https://mcp.example/mcp/');
    expect([resolveResource(mcp.uri, [slash]), resolveResource(slash.uri, [mcp]), resolveResource(mcp.uri, [slash, mcp])]).toEqual([slash.uri, mcp.uri, mcp.uri]);
    expect([resolveResource('https://mcp.example/x?y', [mcp]), resolveResource('https://mcp.example/x', [mcp]), resolveResource('x', [mcp])]).toEqual([
      'https://mcp.example/x?y', 'https://mcp.example/x', null,
    ]);
    expect(resolveResource(`${mcp.uri}x`, [mcp]), 'one letter more is another').toBe(`${mcp.uri}x`);
    expect(resolveResource('https://mcp.example/mcp/?x=1', [mcp]), 'by its other name, with a query').toBe(mcp.uri);
    const [mounted, mail] = [{ ...mcp, names: ['https://mcp.example/mcp/notes', 'https://mcp.example/mcp/mail'] }, resource('https://mcp.example/mcp/mail')];
    const named = ['notes', 'notes/', 'notes?a=b', 'mail', 'mail/', 'other'].map((name) => resolveResource(`https://mcp.example/mcp/${name}`, [mounted, mail]));
    expect(named, 'a mounted server, unless it is a resource of its own').toEqual([mcp.uri, mcp.uri, mcp.uri, mail.uri, mail.uri, 'https://mcp.example/mcp/other']);
  }); // prettier-ignore

  it('is above what lies below its path, on whole segments, and without a query', () => {
    const above = ['https://a.example', 'https://a.example/', 'https://a.example/x', 'https://a.example/x/'];
    expect(above.map((uri) => isAbove(uri, 'https://a.example/x/mcp'))).toEqual([true, true, true, true]);
    const others = ['https://a.example/x/m', 'https://a.example/x/mcp', 'https://a.example/x/mcp/', 'https://a.exam', 'https://b.example', 'https://a.example/y', 'mcp', ''];
    expect(others.map((uri) => isAbove(uri, 'https://a.example/x/mcp'))).toEqual(others.map(() => false));
    expect(isAbove('https://a.example/?x', 'https://a.example/?x/mcp'), 'a query is no path').toBe(false);
  }); // prettier-ignore

  it('covers with a grant its resource, or with one for every route what lies below the issuer', () => {
    const every = everyRouteOf('https://mcp.example/a');
    expect([isEveryRoute(every), isEveryRoute(mcp.uri), isEveryRoute(`${every}x`)]).toEqual([true, false, false]);
    expect(['https://mcp.example/a', 'https://mcp.example/a/b'].map((uri) => isWithin(every, uri))).toEqual([true, true]);
    expect(['https://mcp.example/ab', 'https://mcp.example', 'https://x.example/a/b'].map((uri) => isWithin(every, uri))).toEqual([false, false, false]);
    expect([isWithin(mcp.uri, mcp.uri), isWithin(mcp.uri, `${mcp.uri}/x`), isWithin(mcp.uri, other.uri)]).toEqual([true, false, false]);
    const all = { ...of(mcp, other), everyRoute: { ...resource('https://mcp.example'), uri: every, accessTokenTTL: 7 } };
    expect([findResource([], all), findResource([every], all)]).toEqual([all.everyRoute, all.everyRoute]);
    expect(findResource([mcp.uri], all)).toBe(mcp);
    const ttls = { accessTokenTTL: 3600, refreshTokenIdleTTL: 100, refreshTokenGrace: 5 };
    expect([lifetimesFor({ ...all, ...ttls }, every).access, lifetimesFor({ ...all, ...ttls }, mcp.uri).access]).toEqual([7, 3600]);
  }); // prettier-ignore

  it.each([
    'xhttps://mcp.example', 'https://mcp.example/x#y', 'https://mcp.example?x#y', 'https://mcp.example/x y', 'https://mcp.example?x y', 'https://mcp.example/x\\y',
    'https://mcp.example?x\\y', 'https://a b.example', 'httpss://mcp.example', 'https://mcp.example/x\n',
  ])('SEC-111 finds no resource in %j either', (text) => {
    expect([canonicalResource(text), canonicalResource('http://mcp.example?')]).toEqual([null, 'http://mcp.example?']);
  }); // prettier-ignore

  it('lets a resource have its own life of tokens', () => {
    const lifetimes = { access: 3600, refresh: 100, grace: 5 };
    const ttls = { accessTokenTTL: 3600, refreshTokenIdleTTL: 100, refreshTokenGrace: 5 };
    const settings = { ...of({ ...mcp, accessTokenTTL: 60 }, other), ...ttls };
    expect(lifetimesFor(settings, mcp.uri)).toEqual({ ...lifetimes, access: 60 });
    expect(lifetimesFor(settings, other.uri)).toEqual(lifetimes);
    expect(lifetimesFor(settings, 'https://mcp.example/unknown')).toEqual(lifetimes);
  });

  it('ends a grant with its refresh tokens, or with the longest access token where there are none', () => {
    const ttls = {
      accessTokenTTL: 3600,
      refreshTokenTTL: 90_000,
      refreshTokenIdleTTL: 100,
      refreshTokenGrace: 5,
      authorizationCodeTTL: 60,
    };
    const long = { ...of({ ...mcp, accessTokenTTL: 7200 }, other), ...ttls };
    const short = { ...of({ ...mcp, accessTokenTTL: 60 }, other), ...ttls };
    expect([longestAccessTTL(long), longestAccessTTL(short)]).toEqual([7200, 3600]);
    expect([grantTTL(long), grantTTL({ ...long, refreshTokenTTL: 0 }), grantTTL({ ...short, refreshTokenTTL: 0 })]).toEqual([
      90_000, 7260, 3660,
    ]);
  });

  it('SEC-112 covers a path and what lies below it, on whole segments', () => {
    expect(['/mcp', '/mcp/', '/mcp/x'].map((path) => covers('/mcp', path))).toEqual([true, true, true]);
    expect(['/mcp2', '/mc', '/MCP', '/', '/mcp-v2', '/x/mcp'].map((path) => covers('/mcp', path))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect([covers('/', '/'), covers('/', '/x'), covers('/', '//x')]).toEqual([true, false, false]);
  });
});
