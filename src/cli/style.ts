/** Colours of the terminal: only on a terminal, and not with `NO_COLOR` (no-color.org). */

/** Colours a text. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** The style of a terminal. */
export function styleOf({ hasColours }: { readonly hasColours?: boolean }): Style {
  const code = (on: number, off: number) => (text: string) => (hasColours === true ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: code(1, 22), red: code(31, 39), yellow: code(33, 39), green: code(32, 39), dim: code(2, 22) };
}

/** Whether a stream gets colours. */
export function wantsColours(stream: { readonly isTTY?: boolean }, env: { readonly [name: string]: string | undefined }): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
