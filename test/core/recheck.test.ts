/** What a login is asked at a refresh, and what its answer does. With real upstreams: `journeys/recheck.test.ts`. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { makeSecrets, sealRefs, type Secrets } from '../../src/core/records/secrets.ts';
import { noParts } from '../../src/core/no-parts.ts';
import { recheck } from '../../src/core/recheck.ts';
import type { Grant } from '../../src/model/grant.ts';
import type { Verdict } from '../../src/model/identity.ts';
import type { UpstreamRef } from '../../src/model/upstream.ts';
import { KEY, openGrant, START } from '../support/grants.ts';

const secrets: Secrets = makeSecrets(makeRuntime());
const REF = { id: 'r1', account: { provider: 'site', id: 'a1' } } as unknown as UpstreamRef;
const sealedOrigin = (standing: unknown, grantId = 'grant'): Promise<string> => secrets.sealWith(KEY, standing, `grant:${grantId}:origin`);

interface World {
  readonly verdict?: Verdict | Error;
  readonly now?: number;
  readonly login?: object;
  readonly token?: string | Error;
}

/** The answer, what the login was asked, and the events. */
async function run(grant: Grant, { verdict = 'yes', now = START + 3600, login = {}, token = 'upstream-token' }: World = {}) {
  const asked: unknown[] = [];
  const events: unknown[] = [];
  const recheckOf = async (standing: unknown, context: unknown): Promise<Verdict> => {
    asked.push([standing, context]);
    if (verdict instanceof Error) throw verdict;
    return verdict;
  };
  const as = {
    settings: { logins: [{ id: 'other' }, { id: 'site', kind: 'redirect', recheck: recheckOf, ...login }] },
    secrets,
    env: { NAME: 'env' },
    now: () => now,
    emit: (event: unknown) => events.push(event),
    vault: {
      upstreamsOf: (id: string, open: () => Promise<readonly UpstreamRef[]>) => (provider: string, options: { account?: string }) => ({
        async token() {
          if (token instanceof Error) throw token;
          const ref = (await open()).find(({ account }) => options.account === undefined || account.id === options.account);
          if (!ref) throw new Error('not linked');
          return `${token} of ${id} at ${provider} for ${ref?.account.id}`;
        },
      }),
    },
  } as unknown as AuthServer;
  return { result: await recheck(as, grant, KEY), asked, events };
}
const TOKEN = 'upstream-token of grant at site for a1';

async function signedIn(more: Partial<Grant> = {}): Promise<Grant> {
  const upstreams = await sealRefs(secrets, 'grant', KEY, [REF]);
  return openGrant({ origin: { login: 'site', sealed: await sealedOrigin({ id: 7 }) }, upstreams, ...more });
}

describe('core/recheck', () => {
  it('ends what a login opened where the server is built without logins, and nothing else', async () => {
    const [own, signed] = [openGrant(), await signedIn()];
    expect([await noParts.recheck({} as never, own, KEY), await noParts.recheck({} as never, signed, KEY)]).toEqual([own, null]);
  });

  it('asks nothing of a grant without a sign-in, or of a login that always agrees', async () => {
    const [none, plain] = [openGrant(), openGrant({ origin: { login: 'site' } })];
    const sealed = await signedIn();
    expect(await run(none)).toEqual({ result: none, asked: [], events: [] });
    expect(await run(plain)).toEqual({ result: plain, asked: [], events: [] });
    expect(await run(sealed, { login: { recheck: undefined } })).toEqual({ result: sealed, asked: [], events: [] });
    expect(await run(sealed, { login: { kind: 'form' } })).toEqual({ result: sealed, asked: [], events: [] });
  });

  it('ends the grant of a login that was removed', async () => {
    expect(await run(openGrant({ origin: { login: 'gone' } }))).toEqual({ result: null, asked: [], events: [] });
  });

  it('asks the login with its stored values and a token, and stores the time of a positive answer', async () => {
    const grant = await signedIn();
    const { result, asked, events } = await run(grant);
    expect([asked, events]).toEqual([[[{ id: 7 }, { env: { NAME: 'env' }, token: TOKEN }]], []]);
    expect(result).toEqual({ ...grant, origin: { ...grant.origin, askedAt: START + 3600 } });
  });

  it('asks with the account that signed in, and not with another one that was connected at the same site', async () => {
    const other = { ...REF, id: 'r2', account: { provider: 'site', id: 'a2' }, connected: true } as UpstreamRef;
    for (const [refs, token] of [
      [[other, REF], TOKEN],
      [[other], null],
    ] as const) {
      const upstreams = await sealRefs(secrets, 'grant', KEY, refs);
      const grant = await signedIn({ origin: { login: 'site', sealed: await sealedOrigin({ subject: 'a1' }) }, upstreams });
      expect((await run(grant)).asked).toEqual([[{ subject: 'a1' }, { env: { NAME: 'env' }, token }]]);
    }
  });

  it('asks with a token once an hour, from the sign-in or from the last time', async () => {
    const tokenAt = async (now: number, askedAt?: number): Promise<unknown> => {
      const grant = await signedIn();
      const origin = { ...grant.origin, login: 'site', ...(askedAt === undefined ? {} : { askedAt }) };
      const { result, asked } = await run({ ...grant, origin }, { now });
      expect(result?.origin?.askedAt).toBe(asked.flat().some((one) => (one as { token?: string }).token === TOKEN) ? now : askedAt);
      return (asked[0] as [unknown, { token: string | null }])[1].token;
    };
    expect(await tokenAt(START + 3599)).toBeNull();
    expect(await tokenAt(START + 3600)).toBe(TOKEN);
    expect(await tokenAt(START + 9000, START + 5401)).toBeNull();
    expect(await tokenAt(START + 9000, START + 5400)).toBe(TOKEN);
  });

  it('asks without a token where none is kept, or none can be had now', async () => {
    const { upstreams: _, ...without } = await signedIn();
    for (const [grant, token] of [[without, 'x'], [await signedIn(), new Error('down')]] as const) {
      const { result, asked, events } = await run(grant, { token });
      expect([asked, events]).toEqual([[[{ id: 7 }, { env: { NAME: 'env' }, token: null }]], []]);
      expect(result).toBe(grant);
    }
  }); // prettier-ignore

  it('ends the grant at a negative answer, and does not change it at any other', async () => {
    const grant = await signedIn();
    expect((await run(grant, { verdict: 'no' })).result).toBeNull();
    expect((await run(grant, { verdict: 'unknown' })).result).toBe(grant);
    const error = new Error('unreachable');
    const { result, events } = await run(grant, { verdict: error });
    expect(result).toBe(grant);
    expect(events).toEqual([{ kind: 'request.failed', endpoint: 'recheck', requestId: expect.stringMatching(/^[\w-]{22}$/), error }]);
  });

  it('does not ask with what was sealed for another grant', async () => {
    const grant = await signedIn({ origin: { login: 'site', sealed: await sealedOrigin({ id: 7 }, 'other') } });
    expect(await run(grant)).toEqual({ result: grant, asked: [], events: [] });
  });
});
