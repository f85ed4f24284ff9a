/** The `@example` of every public function and class, as it stands in its docblock, with the public names that it uses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publicSources } from './public-names.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One example. */
export interface DocExample {
  /** What it is the example of, and where that is exported. */
  readonly name: string;
  readonly path: string;
  /** Undefined where there is none. */
  readonly code: string | undefined;
  /** Public names that it uses, each with where it is exported. */
  readonly used: readonly (readonly [name: string, path: string])[];
}

/** All of them. workers-oauth-provider has the names of another library; the Workers of test/switching are its examples. */
export function docExamples(): readonly DocExample[] {
  const sources = [...publicSources()].filter(([path]) => path !== 'portcullis/workers-oauth-provider');
  const subpaths = new Map(sources.flatMap(([path, names]) => [...names.keys()].map((name) => [name, path] as const)).toReversed());
  return sources.flatMap(([path, names]) =>
    [...names].flatMap(([name, file]): readonly DocExample[] => {
      const declared = new RegExp(`((?:/\\*\\*(?:(?!\\*/)[^])*\\*/\n)?)export (?:(?:abstract|async) )*(?:function\\*?|class) ${name}\\b`);
      const found = declared.exec(readFileSync(join(root, file), 'utf8'));
      if (!found) return [];
      const code = /\* @example\n((?: \*(?! @|\/).*\n)+)/.exec(found[1] ?? '')?.[1]?.replaceAll(/^ \* ?/gm, '');
      const uses = (one: string): boolean => code !== undefined && new RegExp(`(?<!(?<!\\.\\.)\\.|[\\w'"])${one}\\b(?! *[:=])`).test(code) && !new RegExp(`(?:const|class|let) (?:\\{[^}]*\\b)?${one}\\b`).test(code); // prettier-ignore
      return [{ name, path, code, used: [...subpaths].filter(([one]) => uses(one)) }];
    }),
  );
}
