/** One code for one answer to one page: what happens to a second, different answer at the same moment, and what the grant then says. */
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/lib/html.ts';
import type { Authenticated, FormLogin } from '../../../src/model/login.ts';
import { tokensOf } from '../../../src/testing/oauth-client.ts';
import { makeApp } from '../../support/app.ts';

async function makeWorld(more: Partial<Authenticated> = {}) {
  const identity = { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } };
  const door: FormLogin = { id: 'door', fields: () => html``, prove: async () => ({ kind: 'proven', identity, ...more }) as Authenticated };
  const app = await makeApp('memory', { logins: [door] });
  const [client, browser] = [await app.client(), app.browser()];
  const page = await browser.get(await client.authorizeUrl({ scope: 'read write' }));
  const approve = (scope: readonly string[] = ['read'], fields: Record<string, string> = {}) =>
    browser.submit(page, { decision: 'approve', scope, ...fields });
  const records = async (kind: string): Promise<number> =>
    ((await app.inner.all?.())?.records ?? []).filter(({ key }) => key.startsWith(`${kind}:`)).length;
  /** Lets no answer be stored before so many requests have come to that. */
  const together = (most: number): void => {
    const [write, all] = [app.inner.write.bind(app.inner), Promise.withResolvers<void>()];
    let come = 0;
    app.inner.write = async (key, ...rest) => {
      if (key.startsWith('answered:') && ++come === most) all.resolve();
      if (key.startsWith('answered:')) await all.promise;
      return write(key, ...rest);
    };
  };
  return { app, client, approve, records, together };
}
const codeIn = (location: string | null): string | null => (location === null ? null : new URL(location).searchParams.get('code'));

describe('endpoints/authorize/issue-code', () => {
  it('answers two different approvals of one page at the same moment with one code, for what one of them said', async () => {
    const { client, approve, records, together } = await makeWorld();
    together(2);
    const answers = await Promise.all([approve(['read']), approve(['read', 'write'])]);
    const codes = answers.map(({ location }) => codeIn(location));
    expect(codes.filter((code) => code === null)).toHaveLength(1);
    expect(await records('grant')).toBe(1);
    const scope = codes[0] === null ? 'read write' : 'read';
    expect((await client.redeem(codes.find((code) => code !== null) ?? '')).body).toMatchObject({ scope });
    expect(answers.find(({ location }) => location === null)?.status).toBe(400);
  });

  it('answers the same approval twice with the same code, and keeps one session', async () => {
    const { approve, records, together } = await makeWorld();
    together(3);
    const codes = (await Promise.all([approve(), approve(), approve()])).map(({ location }) => codeIn(location));
    expect([new Set(codes).size, codes[0]?.startsWith('code_')]).toEqual([1, true]);
    expect([await records('grant'), await records('session'), await records('pending')]).toEqual([1, 1, 0]);
  });

  it('gives the permissions of the organization that was chosen, else those of the user', async () => {
    const [acme, plain] = [
      { id: 'acme', name: 'Acme', permissions: ['admin'], secret: 'x' },
      { id: 'acme', name: 'Acme' },
    ];
    for (const [more, permissions, organization] of [
      [{ permissions: ['editor'] }, ['editor'], undefined],
      [{ permissions: ['editor'], organizations: [acme] }, ['admin'], { id: 'acme', name: 'Acme' }],
      [{ permissions: ['editor'], organizations: [plain] }, ['editor'], { id: 'acme', name: 'Acme' }],
      [{}, undefined, undefined],
    ] as const) {
      const { app, client, approve } = await makeWorld(more as never);
      const tokens = tokensOf(await client.redeem(codeIn((await approve()).location) ?? ''));
      const { access } = await app.call(tokens.access);
      expect(access?.props).toEqual({
        claims: expect.objectContaining({ name: 'Ada' }),
        ...(permissions ? { permissions } : {}),
        ...(organization ? { organization } : {}),
      });
      expect(access?.organization).toEqual(organization);
    }
  });
});
