/** Grant types that most servers never use, as a part: the token endpoint with every one, and the check of their option. */
import type { Call } from '../endpoints/endpoint.ts';
import { lazy } from '../lib/lazy.ts';
import { issuersOf } from '../options/issuers.ts';
import type { RareGrants } from './parts.ts';

/** The part. */
export const rareGrants: RareGrants = {
  issuersOf,
  token: lazy(async () => {
    const [{ token }, { rareGrantTypes }] = await Promise.all([
      import('../endpoints/oauth/token.ts'),
      import('../grants/rare-grant-types.ts'),
    ]);
    return (call: Call) => token(call, rareGrantTypes);
  }),
};
