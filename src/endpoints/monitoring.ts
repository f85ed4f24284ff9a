/**
 * What a load balancer and Prometheus ask: whether the process runs, whether the store works, and what was counted. No answer holds more than that.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { checkHealth, type Health, metricsText } from '../core/monitoring.ts';
import { equalTexts } from '../lib/bytes.ts';
import { makeSingleFlight, type SingleFlight } from '../lib/single-flight.ts';
import { OAuthError } from '../model/error.ts';
import type { Seconds, Store } from '../model/store.ts';
import type { Call, Endpoint } from './endpoint.ts';

/** For how long an answer of the store counts: anyone may ask, and each look writes. */
const LOOK_EVERY: Seconds = 5;

interface Look {
  readonly at: Seconds;
  readonly health: Health;
}

const looks = new WeakMap<Store, { last?: Look; readonly flight: SingleFlight<Look> }>();

/** GET /health: the process answers. */
export const health: Endpoint = async () => answer({ ok: true }, 200);

/** GET /ready: the store works. */
export async function ready({ as }: Call): Promise<Response> {
  const { ok, reason } = await lookAt(as);
  return ok ? answer({ ok }, 200) : answer({ ok, reason }, 503, { 'retry-after': String(LOOK_EVERY) });
}

/** GET /metrics, with the token. */
export async function metrics({ as, request }: Call): Promise<Response> {
  const sent = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  const [own, other] = [await as.secrets.hash(as.settings.scrapeToken ?? ''), await as.secrets.hash(sent)];
  if (sent === '' || !equalTexts(own, other))
    throw new OAuthError('invalid_token', 'scrape_token_wrong', { status: 401, headers: { 'www-authenticate': 'Bearer' } });
  const text = metricsText(as, (await lookAt(as)).ok);
  return new Response(text, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' } });
}

/** What the store answered last; the first to ask again looks, and those who ask meanwhile get what it finds. */
async function lookAt(as: AuthServer): Promise<Health> {
  const own: { last?: Look; readonly flight: SingleFlight<Look> } = looks.get(as.store) ?? { flight: makeSingleFlight() };
  looks.set(as.store, own);
  if (own.last && Math.abs(as.now() - own.last.at) < LOOK_EVERY) return own.last.health;
  const at = as.now();
  own.last = await own.flight('', async () => ({ at, health: await checkHealth(as, false) }));
  return own.last.health;
}

function answer(body: object, status: number, headers: { readonly [name: string]: string } = {}): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } });
}
