/** The names that the package exports, by subpath: what `docs/reference/names.md` lists. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Subpath of package.json → exported names, sorted. Names of the runtimes' own entries (`workerd`, `node`) are those of the common one. */
export function publicNames(): ReadonlyMap<string, readonly string[]> {
  return new Map([...publicSources()].map(([subpath, names]) => [subpath, [...names.keys()].toSorted()]));
}

/** Subpath of package.json → exported names, each with the file of `src` that declares it. */
export function publicSources(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    exports: Record<string, string | { readonly types: string }>;
  };
  return new Map(
    Object.entries(exports).flatMap(([subpath, target]) => {
      if (typeof target === 'string') return [];
      const source = target.types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts');
      return [[subpath.replace('.', 'portcullis'), namesOf(source)] as const];
    }),
  );
}

/** @throws for `export default`, or a form of export that is not understood here. */
function namesOf(path: string): ReadonlyMap<string, string> {
  const text = readFileSync(root + path, 'utf8').replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const names = new Map<string, string>();
  for (const [, star, list, from, name] of text.matchAll(
    /^export (?:\* from '([^']+)'|(?:type )?\{([^}]*)\}(?: from '([^']+)')?|(?:declare |abstract |async )*(?:function\*?|const|let|class|interface|type) (\w+))/gm,
  )) {
    if (name !== undefined) names.set(name, path);
    else if (star !== undefined) for (const [one, file] of namesOf(join(dirname(path), star))) names.set(one, file);
    else
      for (const one of (list ?? '').split(',')) {
        const [inner, exported = inner] = one
          .trim()
          .replace(/^type /, '')
          .split(' as ');
        if (exported && inner) names.set(exported, from === undefined ? path : (namesOf(join(dirname(path), from)).get(inner) ?? path));
      }
  }
  return names;
}
