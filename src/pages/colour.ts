/** Colours of a theme: parsed strictly, mixed, and compared by contrast (WCAG 2.2 §1.4.3). */

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Minimum contrast of text to its background. */
export const TEXT_CONTRAST = 4.5;

/** The lightest. */
export const WHITE: Colour = [255, 255, 255];
/** The darkest. */
export const BLACK: Colour = [0, 0, 0];

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
export function mix([red, green, blue]: Colour, other: Colour, share: number): Colour {
  const part = (own: number, its: number): number => Math.round(own + (its - own) * share);
  return [part(red, other[0]), part(green, other[1]), part(blue, other[2])];
}

/** The contrast of two colours, 1 to 21. */
export function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Moves a colour towards another until it is readable on all of these backgrounds. */
export function readable(colour: Colour, towards: Colour, on: readonly Colour[]): Colour {
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
