/** Brand: whose pages these are and how they look, made of the options once, at start-up. */
import type { Html } from '../lib/html.ts';

/** A stylesheet with the name that a Content-Security-Policy knows it by: the SHA-256 of exactly that text. */
export interface Sheet {
  readonly text: string;
  readonly source: string;
}

/** Whose pages these are. */
export interface Brand {
  readonly name: string;
  /** A path on this very site, a `data:` URL, or an https URL, whose origin the policy then names. */
  readonly logo?: string;
  /** Ours unless told. */
  readonly sheet?: Sheet;
  /** What stands in the card instead of our own content, by the page's name. */
  readonly templates?: { readonly [page: string]: ((view: never, ours: Html) => Html) | undefined };
}
