/** Errors for a sealed record that cannot be opened: 503 and an event that says why, never "not found" (SEC-209). */
import { OAuthError } from '../../model/error.ts';

/** The record is sealed under a secret that is not configured. @param kind of the record, for the operator. */
export function secretMissing(kind: string): OAuthError {
  const cause = new Error(
    `A record of the kind "${kind}" is sealed under a secret that is not given. Put the secret that was in use before back into PORTCULLIS_SECRET (or \`secret\`), after the newest: new,old.`,
  );
  return new OAuthError('temporarily_unavailable', 'secret_missing', { cause, headers: { 'retry-after': '30' } });
}

/** The record should open under a configured secret and does not. @param kind of the record, for the operator. */
export function unreadable(kind: string): OAuthError {
  const cause = new Error(`A record of the kind "${kind}" cannot be read: it was altered, or copied from another server or tenant.`);
  return new OAuthError('temporarily_unavailable', 'record_unreadable', { cause, headers: { 'retry-after': '30' } });
}
