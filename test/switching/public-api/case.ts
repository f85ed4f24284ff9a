/** One case of the public API. */
import type { World } from './world.ts';

/** A sentence, and what shows whether it holds: JSON without words that a library may choose. */
export interface Case {
  readonly what: string;
  readonly run: (world: World) => Promise<unknown>;
}

/** Both libraries show the same, or they differ on purpose: for the reason that `differences.ts` gives under this id. */
export type Expected = { readonly both: unknown } | { readonly theirs: unknown; readonly ours: unknown; readonly differs: string };
