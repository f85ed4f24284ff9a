/**
 * `portcullis/languages`: the languages of the pages beside English, to be passed in `pages: { languages }`. A bundle contains those that are
 * imported and no others.
 */
import { ar } from './ar.ts';
import { de } from './de.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { it } from './it.ts';
import { ja } from './ja.ts';
import { ko } from './ko.ts';
import type { Language } from './words.ts';
import { ptBr } from './pt-br.ts';
import { zhHans } from './zh-hans.ts';

export type { Language } from './words.ts';

/** Arabic, from right to left. */
export const arabic: Language = { tag: 'ar', words: ar };
/** Simplified Chinese. */
export const chinese: Language = { tag: 'zh-Hans', also: ['zh'], words: zhHans };
/** French. */
export const french: Language = { tag: 'fr', words: fr };
/** German. */
export const german: Language = { tag: 'de', words: de };
/** Italian. */
export const italian: Language = { tag: 'it', words: it };
/** Japanese. */
export const japanese: Language = { tag: 'ja', words: ja };
/** Korean. */
export const korean: Language = { tag: 'ko', words: ko };
/** Brazilian Portuguese. */
export const portuguese: Language = { tag: 'pt-BR', also: ['pt'], words: ptBr };
/** Spanish. */
export const spanish: Language = { tag: 'es', words: es };

/**
 * All of them. With English, which is always there, the pages speak ten languages.
 *
 * @example
 * import { OAuthProvider, password } from 'portcullis';
 * import { allLanguages } from 'portcullis/languages';
 *
 * export const app = new OAuthProvider({
 *   apiRoute: '/mcp',
 *   apiHandler: () => new Response('called'),
 *   logins: [password()],
 *   pages: { languages: allLanguages },
 * });
 */
export const allLanguages: readonly Language[] = [arabic, chinese, french, german, italian, japanese, korean, portuguese, spanish];
