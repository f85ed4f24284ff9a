/**
 * Refreshing what is in the vault: whoever finds an access token at its end takes a lease on the record by a conditional
 * write, asks the site, and writes the answer. Everybody else waits for that write, in whatever process (docs/decisions/0022).
 *
 *   good → given │ leased → still good? given : wait │ else lease → refresh → (write │ remove │ be quiet for a while)
 */
import { base64url, fromBase64url } from '../lib/base64url.ts';
import type { NewEvent } from '../model/event.ts';
import type { Seconds, Store } from '../model/store.ts';
import { type Refreshed, type TokenKeeper, UpstreamTokenError, type UpstreamRef, type UpstreamTokens } from '../model/upstream.ts';
import type { Held } from './held.ts';
import type { Keys } from './keys.ts';
import type { VaultRecord } from './vault.ts';
