/**
 * What an operator may change of the pages: colours and other values (the theme), and the content of a page (templates). A theme is checked and
 * computed once, at start-up: a colour with too little contrast is rejected, and the stylesheet is hashed for the policy before the
 * first request. Document, headers and Content-Security-Policy stay ours.
 */
import type { Html } from '../lib/html.ts';
import { parseUrl } from '../lib/url.ts';
import type { Brand } from '../model/display.ts';
import type { AccountPageView, SectionPageView } from './account.ts';
import type { ApproveView } from './approve.ts';
import type { ConfirmView } from './confirm.ts';
import type { DeviceView, LoginPageView, StepPageView } from './login.ts';
import type { HomeView } from './home.ts';
import type { MessageView } from './message.ts';
import { type Colour, sheetOf, STYLE, SURFACES } from './style.ts';

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

/** Renders one page: gets its view and our content. The result must be made with the tag `html`, which escapes values. */
export type Template<View> = (view: View, ours: Html) => Html;

/** A function for each page to replace. A form must keep the field names in the view's docblock. */
export type Templates = {
  /** The consent page. */
  readonly approve?: Template<ApproveView>;
  /** Confirmation after the login: choice of an organization, or fewer scopes than selected. */
  readonly confirm?: Template<ConfirmView>;
  /** The sign-in page without an authorization request. */
  readonly signIn?: Template<LoginPageView>;
  /** A later page of a login, or a second factor. */
  readonly step?: Template<StepPageView>;
  /** The page for a device's user code. */
  readonly device?: Template<DeviceView>;
  /** The account page: connected apps, signed-in browsers, and links to its sections. */
  readonly account?: Template<AccountPageView>;
  /** Pages below the account page and the sign-in page: passkeys, a new password, an invitation. */
  readonly section?: Template<SectionPageView>;
  /** The home page. */
  readonly home?: Template<HomeView>;
  /** Pages with a message, also errors. */
  readonly message?: Template<MessageView>;
};

/** The names of pages with a template. */
export const TEMPLATES: { readonly [page in keyof Required<Templates>]: true } = {
  approve: true,
  confirm: true,
  signIn: true,
  step: true,
  device: true,
  account: true,
  section: true,
  home: true,
  message: true,
};

/** Minimum contrast of text to its background (WCAG 2.2 §1.4.3). */
const TEXT_CONTRAST = 4.5;

/** The lightest. */
const WHITE: Colour = [255, 255, 255];
/** The darkest. */
const BLACK: Colour = [0, 0, 0];

/** Parses `#rgb` or `#rrggbb`; null for anything else, so that only colours get into a stylesheet. */
export function parseColour(text: unknown): Colour | null {
  if (typeof text !== 'string' || !/^#(?:[\da-f]{3}|[\da-f]{6})$/i.test(text)) return null;
  const size = text.length === 4 ? 1 : 2;
  const part = (at: number): number => Number.parseInt(text.slice(1 + at * size, 1 + (at + 1) * size).repeat(3 - size), 16);
  return [part(0), part(1), part(2)];
}

/** Writes `#rrggbb`. */
export function formatColour(colour: Colour): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

/** Mixes a colour with a share of another, 0 to 1. */
function mix([red, green, blue]: Colour, other: Colour, share: number): Colour {
  const part = (own: number, its: number): number => Math.round(own + (its - own) * share);
  return [part(red, other[0]), part(green, other[1]), part(blue, other[2])];
}

/** The contrast of two colours, 1 to 21. */
export function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Moves a colour towards another until it is readable on all of these backgrounds. */
function readable(colour: Colour, towards: Colour, on: readonly Colour[]): Colour {
  for (let share = 0; share < 1; share += 0.02) {
    const mixed = mix(colour, towards, share);
    if (on.every((ground) => contrast(mixed, ground) >= TEXT_CONTRAST)) return mixed;
  }
  return towards;
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
