/** Branding of the pages, made from the options once, at start-up. */
import type { Html } from '../lib/html.ts';

/** A stylesheet with its Content-Security-Policy source, the SHA-256 of the text. */
export interface Sheet {
  readonly text: string;
  readonly source: string;
}

/** Name and look of the pages. */
export interface Brand {
  readonly name: string;
  /** A path on this site, a `data:` URL, or an https URL, whose origin the policy then names. */
  readonly logo?: string;
  /** The built-in stylesheet by default. */
  readonly sheet?: Sheet;
  /** Replacements for the content of the card, by page name. */
  readonly templates?: { readonly [page: string]: ((view: never, ours: Html) => Html) | undefined };
}
