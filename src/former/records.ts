/** What the readers of other servers' records have in common. */
import { base64url } from '../lib/bytes.ts';

/** SHA-256 of a text, base64url. */
export async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

/** The members of a record that are texts, under our names. @param names of the members there, by ours. */
export function textsIn<Names extends { readonly [name: string]: string }>(
  record: { readonly [name: string]: unknown },
  names: Names,
): { readonly [name in keyof Names]?: string } {
  const entries = Object.entries(names).flatMap(([name, there]) => (typeof record[there] === 'string' ? [[name, record[there]]] : []));
  return Object.fromEntries(entries) as { readonly [name in keyof Names]?: string };
}
