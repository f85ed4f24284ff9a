/** Sign in with Slack, against a fake that refuses what Slack's documentation says Slack refuses. */
import { describe, expect, it } from 'vitest';
import { makeFakeSlack } from '../../src/testing/fake-slack.ts';
import type { Fault } from '../../src/testing/fake-parts.ts';
import { slack, type SlackOptions } from '../../src/upstreams/work-accounts.ts';
import { APP, arrival, failureIn, locationOf, realNow, REDIRECT, trip } from '../support/provider-trip.ts';
import { soonOver } from '../support/soon-over.ts';

const TOKEN = '/api/openid.connect.token';
const make = async (more: Partial<SlackOptions> = {}) => {
  const fake = await makeFakeSlack({ ...APP, redirectUri: REDIRECT, now: realNow });
  return { fake, provider: slack({ ...APP, fetch: fake.fetch, ...more }) };
};

describe('upstreams/work-accounts, slack', () => {
  it('identifies a user by workspace and id, with the workspace as organization', async () => {
    const { fake, provider } = await make();
    expect(await trip(provider, fake.visit)).toMatchObject({
      issuer: 'https://slack.com', subject: 'T0R7GR:U0R7JM', organization: 'T0R7GR',
      claims: { name: 'Sila Slack', email: 'sila@corp.example', email_verified: true },
    }); // prettier-ignore
  });

  it('accepts one workspace only if configured, and requests it from Slack', async () => {
    const { fake, provider } = await make({ team: 'T1' });
    expect((await locationOf(provider)).searchParams.get('team')).toBe('T1');
    expect(await failureIn(trip(provider, fake.visit))).toBe('refused team_not_allowed');
    fake.user = { ...fake.user, team: 'T1' };
    expect((await trip(provider, fake.visit)).subject).toBe('T1:U0R7JM');
    fake.forge = ({ claims }) => void delete claims['https://slack.com/team_id'];
    expect(await failureIn(trip(provider, fake.visit))).toBe('broken team_missing');
  });

  it('takes an error that comes with status 200 for one: wrong secret, wrong redirect URI, a code used before', async () => {
    const wrong = await make({ clientSecret: 'another' });
    expect(await failureIn(trip(wrong.provider, wrong.fake.visit))).toBe('broken token_bad_client_secret');
    const { fake, provider } = await make();
    expect(await failureIn(arrival(provider, fake.visit, { redirectUri: `${REDIRECT}/other` }))).toBe('broken token_bad_redirect_uri');
    let once: Promise<string> | undefined;
    const same = (location: string): Promise<string> => (once ??= fake.visit(location));
    const back = await arrival(provider, same).then(() => same(''));
    await expect(fake.visit((await locationOf(provider)).href.replace('callback', 'elsewhere'))).rejects.toThrow(
      'is not registered at the provider',
    );
    expect(await failureIn(arrival(provider, async () => back))).toBe('broken token_code_already_used');
  });

  it('rotates where the app turned rotation on; a refresh token used before ends the connection', async () => {
    const { fake, provider } = await make();
    expect(await arrival(provider, fake.visit)).toMatchObject({ tokens: { accessToken: expect.stringMatching(/^xoxp-/) } });
    fake.ways.lifetime = 43_200;
    const { tokens } = await arrival(provider, fake.visit);
    const next = await provider.refresh({ tokens, now: realNow(), env: {} });
    expect([typeof next.refreshToken, next.refreshToken === tokens.refreshToken]).toEqual(['string', false]);
    expect(await failureIn(provider.refresh({ tokens, now: realNow(), env: {} }))).toBe('refused refresh_invalid_refresh_token');
    expect(await failureIn(provider.refresh({ tokens: next, now: realNow(), env: {} }))).toBe('refused refresh_invalid_refresh_token');
  });

  it('gives a token back, and is content where it was gone already', async () => {
    const { fake, provider } = await make();
    const { tokens } = await arrival(provider, fake.visit);
    expect(await provider.revoke({ tokens, env: {} })).toBe(true);
    expect(fake.tokens.isGood(tokens.accessToken, realNow())).toBe(false);
    expect(await provider.revoke({ tokens, env: {} })).toBe(true);
    fake.faults.set('/api/auth.revoke', { status: 200, body: { ok: false, error: 'fatal_error' } });
    expect(await failureIn(provider.revoke({ tokens, env: {} }))).toBe('broken revoke_refused');
  });

  it.each<[Fault, string]>([
    ['down', 'unavailable network'],
    ['hangs', 'unavailable deadline'],
    ['cut', 'unavailable network'],
    ['html', 'broken token_answer_not_json'],
    ['huge', 'broken answer_too_large'],
    [{ status: 429, headers: { 'retry-after': '30' }, body: { ok: false, error: 'ratelimited' } }, 'unavailable status_429'],
    [{ status: 200, body: { ok: false, error: 'ratelimited' } }, 'broken token_other'],
  ])('SEC-142 fails closed where Slack is %j', async (fault, failure) => {
    const { fake, provider } = await make();
    await locationOf(provider); // discovery
    fake.faults.set(TOKEN, fault);
    const come = (): Promise<string> => failureIn(trip(provider, fake.visit));
    expect(fault === 'hangs' ? (await soonOver(come)).result : await come()).toBe(failure);
  });
});
