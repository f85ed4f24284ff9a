/**
 * Device verification page (RFC 8628 §3.3). The user types the code that the device shows, then gets the usual consent page.
 * A link with the code only fills the field: the user has to compare the code and continue.
 *
 *   same origin → limit → code → client → pending for this browser → consent page
 */
import { resolveClient } from '../../clients/find.ts';
import type { Client } from '../../model/client.ts';
import { findDevice } from '../../core/records/devices.ts';
import { networkAround } from '../../lib/network.ts';
import { requestedPart } from '../../model/scope.ts';
import { devicePage } from '../../pages/device.ts';
import { messagePage } from '../../pages/message.ts';
import { openPending, otherBrowser } from './pending.ts';
import { consentPage } from './consent-page.ts';
import { readForm, type Call } from '../endpoint.ts';
import { isSameOrigin, sessionOf } from '../sign-in/browser-context.ts';

const GUESSES = 20;
/** Limit for an IPv6 /48 as a whole. */
const GUESSES_AROUND = 100;
const WINDOW = 600;

/** GET and POST of the page. */
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
