/**
 * The page for a client that waits for an administrator's approval. It grants nothing and opens nothing: once the client is approved, the same
 * request goes on from its link.
 */
import { problemOf } from '../../clients/client-policy.ts';
import { noteWaiting } from '../../core/records/client-status.ts';
import { html } from '../../lib/html.ts';
import type { Client } from '../../model/client.ts';
import { messagePage } from '../../pages/message.ts';
import type { Call } from '../endpoint.ts';

/**
 * The page, if the client waits; null if it may go on.
 *
 * @param again the URL of the same request. @param userId of the signed-in user, for the administrator's list.
 */
export async function waitingClientPage(
  call: Call,
  client: Client,
  again: () => Promise<string>,
  userId: string | undefined,
): Promise<Response | null> {
  const { as, words, network } = call;
  if (as.settings.clientPolicy === null || (await problemOf(as, client)) !== 'client_waiting') return null;
  await noteWaiting(as, client, network, userId);
  const { contact } = as.settings.clientPolicy;
  const say = words.clientPolicy;
  return messagePage({
    words,
    title: say.title,
    message: say.message(html`<strong><bdi>${client.name ?? client.id}</bdi></strong>`),
    whatToDo: html`${contact === null ? say.ask : say.askContact(html`<strong><bdi>${contact}</bdi></strong>`)} ${say.whenApproved}
      <a href="${await again()}">${say.again}</a>`,
    status: 403,
    brand: as.settings.brand,
    mark: 'alert',
  });
}
