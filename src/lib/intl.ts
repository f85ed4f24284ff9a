/** Formatters of `Intl`, each made once: making one takes up to 0.3 ms, and 30 kB that are not given back soon. */

/** By kind, language and options, of which a server has few. */
const known = new Map<string, unknown>();

/** The formatter that `new kind(lang, options)` is. */
export function formatter<Options, Format>(kind: new (lang: string, options: Options) => Format, lang: string, options: Options): Format {
  const key = [kind.name, lang, JSON.stringify(options)].join(' ');
  const found = (known.get(key) as Format | undefined) ?? new kind(lang, options);
  known.set(key, found);
  return found;
}
