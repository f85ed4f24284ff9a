/** Reads the `Cookie` header, and writes cookies with the few attributes that sign-in needs (RFC 6265bis). */

/** Attributes of a cookie. */
export interface CookieOptions {
  /** Its lifetime in seconds; 0 removes it. */
  readonly maxAge: number;
  /** False only on `http://localhost`. */
  readonly secure: boolean;
}

/** The value of a cookie, or undefined. A repeated name counts as absent: one of the two may be an attacker's. */
export function readCookie(header: string | null, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** A `Set-Cookie` value: host-only, `HttpOnly`, `SameSite=Lax`, for every path. */
export function writeCookie(name: string, value: string, { maxAge, secure }: CookieOptions): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
