/** Reading pages without a browser: their structure, their text, and what tries to break out of it. */

/** Strings that break out of text, attributes, comments, titles, styles and scripts where anything is left unescaped. */
export const MARKUP_ATTACKS: readonly string[] = [
  `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=alert() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert()//>\\x3e`,
  `"><img src=x onerror=alert(1)>`,
  `' autofocus onfocus=alert(1) x='`,
  '` onmouseover=alert(1) `',
  '</title></style><script>alert(1)</script><!--',
  '&lt;script&gt;&#x3c;script&#62;',
  '\u202Edoc edualC\u202C تطبيق \u0000',
  '${alert(1)} {{7*7}} <%= 1 %>',
];

/** The tags of a page with their attributes' names, without values and text. */
export function skeleton(text: string): readonly string[] {
  return (text.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
}

/** What a reader sees: text without tags, references decoded. */
export function shownText(text: string): string {
  return text
    .replace(/<style>[^]*?<\/style>/, '')
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}
