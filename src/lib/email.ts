/** E-mail addresses, as far as a rule about their domain needs them. */

/**
 * The domain of an address, in one spelling; null unless the text is exactly one plain address. Normalised before it is
 * split, so that a look-alike of `@` or of a letter has the same meaning here as elsewhere.
 */
export function domainOf(address: string): string | null {
  const text = address.normalize('NFKC').toLowerCase();
  const [local, domain, ...more] = text.split('@');
  if (!local || !domain || more.length > 0 || /[\s,;:<>()[\]"\\\p{Cc}\p{Cf}]/u.test(text)) return null;
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain) ? domain : null;
}
