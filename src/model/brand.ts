/**
 * What pages show of the server and of other sites: name, look and logo, made from the options once, at start-up; and the marks on buttons.
 */
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

/** A mark, as path data only, so that no page loads one from another site. SVG path data in a box of 24 by 24: one path in the colour of the text, or a path for each colour. */
export type Icon = string | { readonly [colour: string]: string };

/** Colours and paths of an icon. */
export function pathsOf(icon: Icon): [colour: string, path: string][] {
  return Object.entries(typeof icon === 'string' ? { currentColor: icon } : icon);
}

/** @throws {TypeError} for what is no path data, such as a URL or a whole SVG. */
export function checkIcon(owner: string, icon: Icon | undefined): void {
  if (icon !== undefined && !pathsOf(icon).every(([, path]) => /^M[\d\s,.a-z+-]+$/i.test(path)))
    throw new TypeError(`${owner}: \`icon\` must be SVG path data in a box of 24 by 24, such as "M4 4h16v16H4z".`);
}
