/** On loopback a refusal says why and what to do; a public server says neither (issue 13: diagnosis). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sentenceFor } from '../../src/model/advice/sentences.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { appOn, type App } from '../support/app.ts';

const LOCAL = ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787'];
const PUBLIC = ['https://mcp.example', 'https://localhost.example', 'https://127.0.0.1.example'];

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

const serverAt = (issuer: string): Promise<App> => {
  const clock = makeClock();
  return appOn(memoryStore(clock), clock, { issuer });
};
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** What a newcomer meets: the request, and the reason that it comes to. */
const refusals: readonly (readonly [reason: string, ask: (issuer: string, id: string) => Request])[] = [
  ['missing_grant_type', (issuer) => new Request(`${issuer}/token`, { method: 'POST', headers: FORM, body: 'client_id=x' })],
  ['media_type', (issuer) => new Request(`${issuer}/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })],
  ['secret_in_url', (issuer) => new Request(`${issuer}/token?code=x`, { method: 'POST', headers: FORM, body: '' })],
  ['method', (issuer) => new Request(`${issuer}/token`)],
  ['code_malformed', (issuer, id) => new Request(`${issuer}/token`, { method: 'POST', headers: FORM, body: `grant_type=authorization_code&client_id=${id}&code=x&code_verifier=${'v'.repeat(43)}` })],
  ['redirects_missing', (issuer) => new Request(`${issuer}/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })],
  ['token_malformed', (issuer) => new Request(`${issuer}/mcp`, { method: 'POST', headers: { authorization: 'Bearer access_x' }, body: '{}' })],
  ['client_unknown', (issuer) => new Request(`${issuer}/authorize?client_id=nobody`)],
  ['redirect_unregistered', (issuer, id) => new Request(`${issuer}/authorize?client_id=${id}&redirect_uri=https://elsewhere.example/cb`)],
  ['challenge_missing', (issuer, id) => new Request(`${issuer}/authorize?client_id=${id}&redirect_uri=http://localhost:3334/callback&response_type=code`)],
]; // prettier-ignore

/** Everything that the caller sees. */
async function seen(app: App, request: Request): Promise<string> {
  const answer = await app.send(request);
  const location = decodeURIComponent((answer.headers.get('location') ?? '').replaceAll('+', ' '));
  const text = (await answer.text()).replaceAll('&#39;', "'").replaceAll('&quot;', '"');
  return `${location}\n${decodeURIComponent(text.replaceAll(/%(?![0-9A-F]{2})/g, '%25')).replaceAll('+', ' ')}`;
}

describe.each(refusals)('the refusal %s', (reason, ask) => {
  it.each(LOCAL)('says why and what to do at %s', async (issuer) => {
    const app = await serverAt(issuer);
    const { id } = await app.client();
    const text = await seen(app, ask(issuer, id));
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.refused', reason });
    expect(text).toContain(`[${reason}`);
    expect(text).toContain(sentenceFor(reason)?.replaceAll('"', "'") ?? 'no advice');
  });

  it.each(PUBLIC)('says neither at %s', async (issuer) => {
    const app = await serverAt(issuer);
    const { id } = await app.client();
    const text = await seen(app, ask(issuer, id));
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.refused', reason });
    expect(text).not.toContain(`[${reason}`);
    expect(text).not.toContain(sentenceFor(reason) ?? 'no advice');
  });
});
