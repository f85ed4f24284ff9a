import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/endpoints/endpoint.ts';
import type { SignedIn } from '../../../src/endpoints/sign-in/sign-in.ts';
import type { Client } from '../../../src/model/client.ts';
import type { Organization } from '../../../src/model/identity.ts';
import { grantableScope, organizationOf } from '../../../src/endpoints/authorize/pending.ts';

const [ONE, TWO]: readonly Organization[] = [{ id: 'o1', name: 'One' }, { id: 'o2', name: 'Two', permissions: ['p2'] }] as unknown as Organization[]; // prettier-ignore
const user = (more: object = {}): SignedIn => ({ userId: 'u', claims: { sub: 'u' }, ...more }) as unknown as SignedIn;

describe('endpoints/authorize/pending: what may be granted', () => {
  it('is for no organization, the only one, or the one that was chosen, and open until one is', () => {
    expect([organizationOf(user(), 'o1'), organizationOf(user({ organizations: [] }), 'o1')]).toEqual([null, null]);
    expect([organizationOf(user({ organizations: [ONE] }), undefined), organizationOf(user({ organizations: [ONE] }), 'o9')]).toEqual([ONE, ONE]); // prettier-ignore
    const several = user({ organizations: [ONE, TWO] });
    expect([organizationOf(several, 'o2'), organizationOf(several, 'o9'), organizationOf(several, undefined)]).toEqual([
      TWO,
      'open',
      'open',
    ]);
  });

  /** What is granted of three scopes, and what the application was asked. */
  async function ask(
    signedIn: SignedIn,
    organization: Organization | null,
    client?: Client,
    given: readonly string[] | Error = ['a', 'c'],
  ) {
    const asked: unknown[] = [];
    const grantableScopes = async (...all: unknown[]): Promise<readonly string[]> => {
      asked.push(...all);
      if (given instanceof Error) throw given;
      return given;
    };
    const settings = { grantableScopes, expandScopes: (scope: readonly string[]) => (scope.includes('c') ? [...scope, 'd'] : scope) };
    const call = { as: { settings }, env: 'env' } as unknown as Call;
    return { granted: await grantableScope(call, signedIn, organization, ['a', 'b', 'd'], client), asked };
  }

  it('grants of the scopes those that the application gives, and what they include', async () => {
    const { granted, asked } = await ask(user(), null);
    expect(granted).toEqual(['a', 'd']);
    expect(asked).toEqual([{ userId: 'u', claims: { sub: 'u' } }, 'env']);
    expect(Object.keys(asked[0] as object)).toEqual(['userId', 'claims']);
    expect((await ask(user(), null, undefined, [])).granted).toEqual([]);
    await expect(ask(user(), null, undefined, new Error('down'))).rejects.toThrow('down');
  });

  it('SEC-195 grants nothing for a part of a text that was given in the place of the list', async () => {
    const given = 'abba' as never;
    const settings = { grantableScopes: () => given, expandScopes: (scope: readonly string[]) => scope };
    const call = { as: { settings }, env: 'env' } as unknown as Call;
    expect(await grantableScope(call, user(), null, ['ab', 'abba'])).toEqual([]);
  });

  it('tells the application who asks for whom: permissions of the organization before those of the user, and the client', async () => {
    const signedIn = user({ permissions: ['p'] });
    expect((await ask(signedIn, null)).asked[0]).toEqual({ userId: 'u', claims: { sub: 'u' }, permissions: ['p'] });
    expect((await ask(signedIn, ONE ?? null)).asked[0]).toMatchObject({ permissions: ['p'], organization: ONE });
    expect((await ask(signedIn, TWO ?? null)).asked[0]).toMatchObject({ permissions: ['p2'], organization: TWO });
    const client = { id: 'c', redirectUris: ['https://a.example'], secretHash: 's', name: 'C', documentHost: 'a.example', entered: true } as unknown as Client;
    expect((await ask(user(), null, client)).asked[0]).toMatchObject({ client: { id: 'c', name: 'C', documentHost: 'a.example', redirectUris: ['https://a.example'], entered: true } });
    const { asked } = await ask(user(), null, { id: 'c', redirectUris: [] } as unknown as Client);
    expect(Object.keys((asked[0] as { client: object }).client)).toEqual(['id', 'redirectUris']);
    const { client: told } = (await ask(user(), null, client)).asked[0] as { client: object };
    expect(told).not.toHaveProperty('secretHash');
  }); // prettier-ignore

  it('grants what was asked for where the application decides nothing', async () => {
    const call = { as: { settings: { grantableScopes: null } } } as unknown as Call;
    expect(await grantableScope(call, user(), null, ['a', 'b'])).toEqual(['a', 'b']);
  });
});
