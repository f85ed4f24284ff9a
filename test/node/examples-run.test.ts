/** The `@example` of every public function and class runs, as a module of its own on Node, against what was built; test/docs.test.ts compiles them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { docExamples } from '../support/doc-examples.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the package, so that its own name is known; left out of what is packed. */
const folder = join(root, 'dist/.examples-run');
const cwd = mkdtempSync(join(tmpdir(), 'portcullis-examples-'));
afterAll(() => {
  for (const one of [folder, cwd]) rmSync(one, { recursive: true, force: true });
});

/** Those that cannot run here, and why. Keep it short. */
const NOT_HERE: { readonly [name: string]: string } = {
  PortcullisDatabase: 'a class of workerd; test/worker runs it there',
  PortcullisNews: 'a class of workerd; test/worker runs it there',
  PortcullisStore: 'a class of workerd; test/worker runs it there',
  objectDatabases: 'a module of workerd; test/worker runs it there',
  objectEvents: 'a module of workerd; test/worker runs it there',
};
/** Those that show how an error is thrown. */
const THROWS: { readonly [name: string]: string } = { OAuthError: 'OAuthError: customer_left' };
const GIVEN = 'McpServer, MailMcp, MyMCP, NotesMcp, Pool, TheirAgent, app, check, createClient, createServer, db, env, express, handler, pool, redis, server, sql, transport'; // prettier-ignore

describe('the examples of the public functions and classes', () => {
  it('run', () => {
    const examples = docExamples();
    mkdirSync(folder, { recursive: true });
    const given = pathToFileURL(join(root, 'test/support/examples-given.ts')).href;
    const paths = examples.flatMap(({ name, code = '', used }, at) => {
      if (Object.hasOwn(NOT_HERE, name)) return [];
      const imports = [...new Set(used.map(([, path]) => path))].map((path, index) => {
        const names = used.filter(([, one]) => one === path).map(([one]) => one);
        return `import * as own${index} from '${path}';\nconst { ${names.join(', ')} } = own${index};`; // types are undefined, and only named
      });
      const body = code.replaceAll(/(port: |listen\()8787/g, '$10'); // the port may be taken here
      const file = join(folder, `${name}-${at}.ts`);
      writeFileSync(file, `${imports.join('\n')}\nimport * as given from '${given}';\nconst { ${GIVEN} } = given;\n{\n${body}\n}\n`);
      return [[file, name]];
    });
    expect(paths.length).toBeGreaterThan(100);
    const script = `
      const failed = {};
      for (const [path, name] of ${JSON.stringify(paths)}) await import(path).catch((error) => (failed[name] = error.name + ': ' + (error.reason ?? error.message)));
      console.log('\\n' + JSON.stringify(failed));
      process.exit(0);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], { cwd, encoding: 'utf8', timeout: 240_000 }); // prettier-ignore
    const said = stdout.split('\n').findLast((line) => line.startsWith('{'));
    expect(said === undefined ? stderr : JSON.parse(said)).toEqual(THROWS);
  });

  it('are left out only where they need workerd', () => {
    const examples = docExamples();
    const left = examples.filter(({ name }) => Object.hasOwn(NOT_HERE, name));
    expect(left.map(({ path }) => path)).toEqual(Object.keys(NOT_HERE).map(() => 'portcullis/worker'));
    expect(left.length).toBeLessThan(6);
  });
});
