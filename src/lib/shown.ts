/** Shown: a value of a request or a token as it may stand in a line of a log: quoted, short, and nothing but printable ASCII. */

const MAX_LENGTH = 120;

/** A value for a person to read; never give it a secret. */
export function forLog(value: unknown): string {
  const text = (value === undefined ? 'nothing' : JSON.stringify(value)).replaceAll(/[^\x20-\x7e]/g, '?');
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
}
