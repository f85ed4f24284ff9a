/** Formats a value of a request or a token for a log line: quoted, short, and only printable ASCII. */

const MAX_LENGTH = 120;

/** A value for a log line; never pass a secret. */
export function forLog(value: unknown): string {
  const text = (value === undefined ? 'nothing' : JSON.stringify(value)).replaceAll(/[^\x20-\x7e]/g, '?');
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
}
