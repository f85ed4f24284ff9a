/**
 * Users: who an outside identity is here. One identity is one user, found by (issuer, subject) and by nothing else: an
 * e-mail address can be given to somebody else, or be claimed at a site that never checked it (OpenID Connect Core §5.7).
 */
import type { Identity } from '../model/identity.ts';
import type { AuthServer } from './auth-server.ts';

/** The user's id: the account's own for an identity that we vouch for, else one of ours, made at the first sign-in. */
export async function userIdOf(as: AuthServer, { issuer, subject }: Identity): Promise<string> {
  const { keys, records, settings } = as;
  if (issuer === settings.issuer) return subject;
  if (issuer === '' || subject === '') throw new TypeError('An identity needs an issuer and a subject.');
  const hash = await keys.hash(`identity\n${JSON.stringify([issuer, subject])}`);
  return records.userOf(hash, { userId: keys.id(), issuer, createdAt: as.now() });
}
