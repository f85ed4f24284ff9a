/** The version of this package. Its own `package.json` lies two folders up, in `src` as in `dist`. */
import { readFileSync } from 'node:fs';

/** As in `package.json`. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
