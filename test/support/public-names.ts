/** The names that the package exports, by subpath: what `docs/reference/names.md` lists. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Subpath of package.json → exported names, sorted. Names of the runtimes' own faces (`workerd`, `node`) are those of the common one. */
export function publicNames(): ReadonlyMap<string, readonly string[]> {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    exports: Record<string, string | { readonly types: string }>;
  };
  return new Map(
    Object.entries(exports).flatMap(([subpath, target]) => {
      if (typeof target === 'string') return [];
      const source = target.types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts');
      return [[subpath.replace('.', 'portcullis'), [...namesOf(source)].toSorted()] as const];
    }),
  );
}

/** @throws where a file says `export default` or anything else that is not understood here. */
function namesOf(path: string): ReadonlySet<string> {
  const text = readFileSync(root + path, 'utf8').replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const names = new Set<string>();
  for (const [, star, list, name] of text.matchAll(
    /^export (?:(\* from '[^']+')|(?:type )?\{([^}]*)\}|(?:declare |abstract |async )*(?:function\*?|const|let|class|interface|type) (\w+))/gm,
  )) {
    if (name !== undefined) names.add(name);
    else if (list !== undefined)
      for (const one of list.split(',')) {
        const exported = one
          .trim()
          .replace(/^type /, '')
          .split(' as ')
          .at(-1);
        if (exported) names.add(exported);
      }
    else if (star !== undefined) {
      const from = star.slice("* from '".length, -1);
      for (const one of namesOf(join(dirname(path), from))) names.add(one);
    }
  }
  return names;
}
