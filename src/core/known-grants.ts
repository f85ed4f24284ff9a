/**
 * Known grants: those that good tokens hang on, as they were read last, with the props that those tokens opened. A token that calls again
 * and again then costs one read and one digest, and neither parsing nor a decryption. Nothing is decided here: every call asks the store,
 * which tells by the version whether the grant is still what it was (docs/decisions/0009). Whoever gets one changes nothing in it.
 */
import type { Grant, GrantAccess } from '../model/grant.ts';
import type { Held } from './held.ts';
import type { Records } from './records.ts';

/** Grants kept; the oldest give way. */
const MOST = 1000;
/** Characters of JSON beyond which opened props are not kept. */
const LONGEST = 4096;

/** What is remembered between calls. */
export interface KnownGrants {
  /** The grant as it stands in the store now: one read. */
  find(id: string): Promise<Grant | null>;
  /** The JSON text of the props that this very token of this very state of its grant opened; or undefined. */
  openedBy(access: GrantAccess): string | undefined;
  keepOpened(access: GrantAccess, text: string): void;
}

/** An empty memory over records. */
export function makeKnownGrants({ readGrant }: Pick<Records, 'readGrant'>): KnownGrants {
  const known = new Map<string, Held<Grant>>();
  const opened = new WeakMap<GrantAccess, string>();
  return {
    async find(id) {
      const before = known.get(id);
      const held = await readGrant(id, before);
      if (held === null) known.delete(id);
      else if (held !== before) {
        if (before === undefined && known.size >= MOST) for (const oldest of known.keys()) if (known.delete(oldest)) break;
        known.set(id, held);
      }
      return held?.value ?? null;
    },
    openedBy: (access) => opened.get(access),
    keepOpened(access, text) {
      if (text.length <= LONGEST) opened.set(access, text);
    },
  };
}
