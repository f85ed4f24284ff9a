/**
 * Theme: the colours and other values by which an operator styles the pages. Checked and computed once, at start-up: a
 * colour with too little contrast is rejected, and the stylesheet is hashed for the policy before the first request.
 */
import { parseUrl } from '../lib/url.ts';
import { BLACK, contrast, formatColour, mix, parseColour, readable, TEXT_CONTRAST, WHITE, type Colour } from './colour.ts';
import type { Brand } from '../model/brand.ts';
import { sheetOf, STYLE, SURFACES } from './style.ts';

/** A colour `#rrggbb` for the light theme (the dark one is then computed), or for both. */
export type ThemeColour = string | { readonly light: string; readonly dark: string };

/** Look of the pages. */
export interface Theme {
  /** An image beside the name: a path on this server, an https URL, or a `data:` URL of an image. */
  readonly logo?: string | undefined;
  /** Colour of buttons, links and ticks. Must have the contrast of text. */
  readonly accent?: ThemeColour | undefined;
  /** Background colour around the card on wide screens. */
  readonly background?: ThemeColour | undefined;
  /** CSS after ours. The Content-Security-Policy allows it by its hash, and no resource of another origin. */
  readonly css?: string | undefined;
}

const SCHEMES = ['light', 'dark'] as const;
type Scheme = (typeof SCHEMES)[number];

/** The brand with its stylesheet. @throws {TypeError} naming the value and the fix. */
export function brandOf(name: string, { logo, accent, background, css }: Theme): Brand {
  const image = logo === undefined ? {} : { logo: checkedLogo(logo) };
  if (accent === undefined && background === undefined && css === undefined) return { name, ...image };
  if (css !== undefined && (typeof css !== 'string' || css.includes('<')))
    refuse('css', 'must be CSS without the sign "<", which could end the stylesheet; write it as \\3c in strings');
  const rules = SCHEMES.map((scheme) => {
    const values = { ...accentValues(accent, scheme), ...groundValues(background, scheme) };
    const text = Object.entries(values).map(([property, value]) => `--${property}:${formatColour(value)}`);
    return text.length === 0 ? '' : `:root{${text.join(';')}}`;
  });
  const [light = '', dark = ''] = rules;
  return { name, ...image, sheet: sheetOf(`${STYLE}${light}${dark && `@media (prefers-color-scheme:dark){${dark}}`}${css ?? ''}`) };
}

function accentValues(given: ThemeColour | undefined, scheme: Scheme): { readonly [property: string]: Colour } {
  if (given === undefined) return {};
  const surfaces = Object.values(SURFACES[scheme]);
  const strong = scheme === 'light' ? BLACK : WHITE;
  const wanted = colourOf('accent', given, scheme);
  const accent = wanted ?? readable(mix(colourOf('accent', given, 'light') ?? WHITE, WHITE, 0.25), WHITE, surfaces);
  const weakest = Math.min(...surfaces.map((surface) => contrast(accent, surface)));
  if (weakest < TEXT_CONTRAST) {
    const better = formatColour(readable(accent, strong, surfaces));
    const measured = (Math.floor(weakest * 10) / 10).toFixed(1);
    refuse(
      'accent',
      `${formatColour(accent)} has a contrast of ${measured} to the ${scheme} page, and text needs ${TEXT_CONTRAST}; take ${better}`,
    );
  }
  const on = contrast(accent, WHITE) >= contrast(accent, BLACK) ? WHITE : BLACK;
  return {
    accent,
    'accent-on': on,
    'accent-deep': mix(accent, on === WHITE ? BLACK : WHITE, 0.18),
    tint: mix(SURFACES[scheme].card, accent, 0.1),
  };
}

function groundValues(given: ThemeColour | undefined, scheme: Scheme): { readonly [property: string]: Colour } {
  if (given === undefined) return {};
  const ground = colourOf('background', given, scheme) ?? mix(colourOf('background', given, 'light') ?? BLACK, BLACK, 0.9);
  return { ground };
}

/** The given colour for this scheme; null if the dark one has to be computed. */
function colourOf(option: string, given: ThemeColour, scheme: Scheme): Colour | null {
  if (typeof given === 'string' && scheme === 'dark') return null;
  const text: unknown = typeof given === 'string' ? given : given?.[scheme];
  return (
    parseColour(text) ??
    refuse(option, `must be a colour such as "#2c4fcb", or { light, dark } with one each; it is ${JSON.stringify(text)}`)
  );
}

function checkedLogo(logo: unknown): string {
  const ok =
    typeof logo === 'string' &&
    (/^\/(?!\/)[\w\-./~%]*$/.test(logo) ||
      /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/.test(logo) ||
      (/^https:\/\/[^\s"'<>;,]+$/.test(logo) && parseUrl(logo) !== null));
  return ok
    ? logo
    : refuse('logo', 'must be a path such as "/logo.svg", an https URL, or a data: URL of a PNG, JPEG, GIF, WebP or SVG image');
}

function refuse(option: string, problem: string): never {
  throw new TypeError(`OAuthProvider: \`pages.${option}\` ${problem}.`);
}
