/** Wanted languages: what a request and a browser ask for. */

const MAX_LENGTH = 500;

/** Languages of `ui_locales`, best first (OpenID Connect Core §3.1.2.1). */
export function localesOf(uiLocales: string | undefined): readonly string[] {
  return uiLocales === undefined || uiLocales.length > MAX_LENGTH ? [] : uiLocales.split(' ').filter((tag) => tag !== '');
}

/** Languages of `Accept-Language`, best first (RFC 9110 §12.5.4). */
export function acceptedOf(acceptLanguage: string | null): readonly string[] {
  if (acceptLanguage === null || acceptLanguage.length > MAX_LENGTH) return [];
  return acceptLanguage
    .split(',')
    .map((one) => {
      const [tag = '', weight] = one.split(';').map((part) => part.trim());
      return { tag, weight: weight === undefined ? 1 : Number(/^q=([01](?:\.\d{0,3})?)$/.exec(weight)?.[1] ?? 0) };
    })
    .filter(({ tag, weight }) => weight > 0 && /^[A-Za-z0-9-]+$/.test(tag))
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}
