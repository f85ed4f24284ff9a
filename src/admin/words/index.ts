/** The languages of the admin page beside English. A server that does not pass them to `adminApi` does not bundle them. */
import { ar } from './ar.ts';
import { de } from './de.ts';
import type { AdminLanguages } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { it } from './it.ts';
import { ja } from './ja.ts';
import { ko } from './ko.ts';
import { ptBr } from './pt-br.ts';
import { zhHans } from './zh-hans.ts';

/**
 * The languages of the admin page beside English, for `adminApi`. A page is in one of them if the option `pages.languages` has it, too.
 *
 * @example
 * const admin = adminApi({ permission: 'admin', languages: adminLanguages });
 */
export const adminLanguages: AdminLanguages = { ar, de, es, fr, it, ja, ko, 'pt-BR': ptBr, 'zh-Hans': zhHans };
