/** Marks of upstream providers, which pages draw on buttons: path data only, so that no page loads one from another site. */

/** SVG path data in a box of 24 by 24: one path in the colour of the text, or a path for each colour. */
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
