/** Names that all members of a fleet share; apart from it, for members that are Workers. */

/** What all members believe to be called. */
export const FLEET_ISSUER = 'http://localhost:9999';
/** Who signs in. */
export const FLEET_PERSON = { username: 'alice', password: 'correct horse battery' } as const;
