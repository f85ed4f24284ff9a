/**
 * Device answer: what a person decided reaches the device that waits; the browser goes to a page that says so.
 */
import { OAuthError } from '../../model/error.ts';
import type { PendingAuthorization } from '../../model/pending-authorization.ts';
import { grantIdOf } from '../../model/token.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { Call } from '../endpoint.ts';

/** Tells the device, once. A grant that comes too late is ended. @param by hash of the form's pendingId. @param code of the grant, null for a no. */
export async function answerWaitingDevice(
  { as }: Call,
  device: NonNullable<PendingAuthorization['device']>,
  by: string,
  code: string | null,
): Promise<void> {
  const { answerDevice } = await import('../../core/records/devices.ts');
  if (await answerDevice(as, device.hash, by, code)) return;
  const grantId = code === null ? null : grantIdOf('code', code);
  if (grantId !== null) await as.records.changeGrant(grantId, revoke('revoked', as.now()));
  throw new OAuthError('invalid_request', 'device_over', { hint: 'The device waits no longer. Start again there.' });
}
