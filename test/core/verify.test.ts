import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/model/grant.ts';
import type { Context } from '../../src/model/context.ts';
import { makeApp, RESOURCE } from '../support/app.ts';

describe('core/verify', () => {
  it('returns user, client, resource, expiry and props', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const { access } = await app.call(tokens.access);
    expect(access).toEqual({
      userId: app.aliceId, clientId: client.id, grantId: tokens.access.slice(7, 29), scope: ['read', 'write'], resource: RESOURCE, expiresAt: app.clock.now() + 3600,
      props: { claims: { sub: app.aliceId, preferred_username: 'alice', name: 'Alice' } },
    }); // prettier-ignore
  });

  it('parses the props when a handler first reads them, and takes what the application sets in their place', async () => {
    const seen: unknown[] = [];
    const app = await makeApp('memory', {
      apiHandler: (_request: Request, _env: unknown, ctx: Context) => {
        const { get } = Object.getOwnPropertyDescriptor(ctx.auth, 'props') ?? {};
        seen.push(get !== undefined, ctx.props === ctx.auth?.props, ctx.props === ctx.auth?.props, Object.keys(ctx).includes('props'));
        ctx.props = 'own';
        seen.push(ctx.props, { ...ctx.auth }.props);
        return Response.json(null);
      },
    });
    const { tokens } = await app.signedIn();
    await app.call(tokens.access);
    const props = { claims: { sub: app.aliceId, preferred_username: 'alice', name: 'Alice' } };
    expect(seen).toEqual([true, true, true, true, 'own', props]);
  });

  it('expires to the second', async () => {
    const app = await makeApp('memory', { accessTokenTTL: 60 });
    const { tokens } = await app.signedIn();
    app.clock.pass(59);
    expect((await app.call(tokens.access)).status).toBe(200);
    app.clock.pass(1);
    expect((await app.call(tokens.access)).status).toBe(401);
  });

  it('SEC-213 rejects a record that was edited: sealed props and keys are bound to their grant', async () => {
    const app = await makeApp('memory');
    const [mine, theirs] = [await app.signedIn(), await app.signedIn()];
    const keyOf = (token: string): `grant:${string}` => `grant:${token.slice(7, 29)}`;
    const rows = await Promise.all(
      [mine, theirs].map(async ({ tokens }) => (await app.store.read(keyOf(tokens.access)))?.value as unknown as Grant),
    );
    const [own, other] = [rows[0]!, rows[1]!];
    for (const forged of [
      { ...own, sealedProps: other.sealedProps },
      { ...own, access: [{ ...own.access[0]!, wrappedKey: other.access[0]!.wrappedKey }] },
      { ...own, sealedProps: '' },
    ]) {
      await app.store.write(keyOf(mine.tokens.access), forged, 'any');
      expect((await app.call(mine.tokens.access)).status).toBe(401);
    }
    await app.store.write(keyOf(mine.tokens.access), own, 'any');
    expect((await app.call(mine.tokens.access)).status).toBe(200);
  });

  it('gives each call its own copy, so that a handler changes no other call', async () => {
    const spoil = (_request: Request, _env: unknown, { auth }: Context): Response => {
      const seen = Response.json({ auth });
      const { scope, props } = auth as unknown as { scope: string[]; props: { claims: { name: string } } };
      scope.push('admin');
      props.claims.name = 'Mallory';
      return seen;
    };
    const app = await makeApp('memory', { apiHandler: spoil });
    const { tokens } = await app.signedIn();
    const first = (await app.call(tokens.access)).access;
    expect(first?.scope).toEqual(['read', 'write']);
    for (let round = 0; round < 3; round++) expect((await app.call(tokens.access)).access).toEqual(first);
  });

  it('grants access only by the stored grant (I1)', async () => {
    const app = await makeApp('memory');
    const { tokens } = await app.signedIn();
    await app.store.remove(`grant:${tokens.access.slice(7, 29)}`);
    expect((await app.call(tokens.access)).status).toBe(401);
  });
});
