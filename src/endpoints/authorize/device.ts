/**
 * Device authorization (RFC 8628). The endpoint issues a device code and a user code to a device without a browser (§3.1, §3.2). On the page the
 * user types the code that the device shows, then gets the usual consent page (§3.3); a link with the code only fills the field: the user has to
 * compare the code and continue.
 *
 *   endpoint: caller → resource → scope → client → registered for it → limit → codes
 *   page: same origin → limit → code → client → pending for this browser → consent page
 */
import { failed, withGiveBack } from '../../clients/caller.ts';
import { resolveClient } from '../../clients/find.ts';
import { findDevice, INTERVAL, openDevice } from '../../core/records/devices.ts';
import { CROSS_ORIGIN, json, networkAround } from '../../lib/http.ts';
import { type Client, DEVICE_CODE } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import { DEVICE_TTL } from '../../model/pending-authorization.ts';
import { findResource } from '../../model/resource.ts';
import { requestedPart } from '../../model/scope.ts';
import { devicePage } from '../../pages/login.ts';
import { messagePage } from '../../pages/message.ts';
import { type Call, readForm } from '../endpoint.ts';
import { parseClientRequest } from '../oauth/token.ts';
import { isSameOrigin } from '../sign-in/browser-context.ts';
import { sessionOf } from '../sign-in/session.ts';
import { scopeOfRequest } from './authorization-request.ts';
import { consentPage } from './consent-page.ts';
import { openPending, otherBrowser } from './pending.ts';

const GUESSES = 20;
/** Limit for an IPv6 /48 as a whole. */
const GUESSES_AROUND = 100;
const WINDOW = 600;

/** GET and POST of the page for the user code. */
export async function device(call: Call): Promise<Response> {
  return call.request.method === 'POST' ? typed(call) : shown(call);
}

async function shown(call: Call): Promise<Response> {
  const { as, url, words } = call;
  const result = url.searchParams.get('result');
  const { brand } = as.settings;
  if (result === 'done') return messagePage({ words, title: words.device.doneTitle, message: words.device.done, brand });
  if (result === 'refused')
    return messagePage({ words, title: words.device.refusedTitle, message: words.device.refused, brand, mark: 'alert' });
  return devicePage({ action: as.settings.paths.device, userCode: (url.searchParams.get('user_code') ?? '').slice(0, 20), words, brand });
}

async function typed(call: Call): Promise<Response> {
  const { as, words, network } = call;
  if (!isSameOrigin(call, false)) throw otherBrowser('cross_site');
  const form = await readForm(call.request);
  const userCode = form.optional('user_code') ?? '';
  const again = (more: { error?: string; retryAfter?: number; status: number }): Response =>
    devicePage({ action: as.settings.paths.device, userCode: userCode.slice(0, 20), words, brand: as.settings.brand, ...more });
  const session = await sessionOf(call);
  // RFC 8628 §5.1. Signed-in users are counted by user: a flood from their network must not lock them out.
  const around = session === null ? networkAround(network) : null;
  const wait =
    (await as.limit(`user code\n${session === null ? network : `user\n${session.userId}`}`, GUESSES, WINDOW)) ??
    (around === null ? null : await as.limit(`user code\n${around}`, GUESSES_AROUND, WINDOW));
  if (wait !== null) return again({ retryAfter: wait, status: 429 });
  const found = await findDevice(as, userCode);
  const client = found && (await resolveClient(as, found.record.clientId, network));
  if (!found || !client) return again({ error: words.device.unknown, status: 400 });
  const waiting = as.settings.clientPolicy && (await waits(call, client, found.userCode, session?.userId));
  if (waiting) return waiting;
  const { resource, challenge, expiresAt } = found.record;
  const asked = {
    ...requestedPart(found.record),
    redirectUri: as.settings.origin + as.settings.paths.device,
    resource,
    challenge,
    lang: words.lang,
    device: { hash: found.hash, userCode: found.userCode },
  };
  const { cookie, ...opened } = await openPending(as, client, asked, expiresAt);
  const page = await consentPage(call, { ...opened, client, session });
  page.headers.append('set-cookie', cookie);
  return page;
}

async function waits(call: Call, client: Client, userCode: string, userId: string | undefined): Promise<Response | null> {
  const { waitingClientPage } = await import('./waiting-client.ts');
  return waitingClientPage(call, client, async () => `${call.as.settings.paths.device}?user_code=${userCode}`, userId);
}

const MAX_REQUESTS = 60;
const REQUESTS_WINDOW = 600;

/** POST of the device authorization endpoint. */
export async function deviceAuthorization(call: Call): Promise<Response> {
  const { as, network } = call;
  const { settings } = as;
  const { form, caller } = await parseClientRequest(call);
  const resource = findResource(form.all('resource'), settings);
  const scope = scopeOfRequest(settings, resource, form.optional('scope'));
  const client = caller.kind === 'confidential' ? caller.client : await resolveClient(as, caller.clientId, network);
  if (!client || (caller.kind === 'public' && client.authMethod !== 'none'))
    throw failed('none', client ? 'secret_missing' : 'client_unknown');
  if (!client.grantTypes.includes(DEVICE_CODE)) throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
  const wait = await as.limit(`device\n${network}`, MAX_REQUESTS, REQUESTS_WINDOW);
  if (wait !== null)
    throw new OAuthError('temporarily_unavailable', 'device_limited', { status: 429, headers: { 'retry-after': String(wait) } });
  const request = { clientId: client.id, ...scope, resource: resource.uri };
  const { deviceCode, userCode } = await withGiveBack(caller, () => openDevice(as, request));
  const page = settings.origin + settings.paths.device;
  const answer = {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${userCode}`,
    expires_in: DEVICE_TTL,
    interval: INTERVAL,
  };
  return json(answer, 200, CROSS_ORIGIN);
}
