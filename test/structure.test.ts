/** The house rules, held by a test: who may import whom, how long a file may be, where a runtime's modules may stand. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TEMPLATES } from '../src/pages/theme.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A wing: the folder below `src`, or the name of a file that stands in `src` itself. */
const MAY_IMPORT: { readonly [wing: string]: readonly string[] } = {
  lib: [],
  words: ['lib'],
  model: ['lib', 'words'], // its types alone: a login says its texts in the language of the page
  pages: ['lib', 'model', 'words'],
  stores: ['lib', 'model'],
  former: ['lib', 'model'],
  'workers-oauth-provider': ['lib', 'model', 'core', 'guard', 'stores', 'former', 'options', 'provider'], // another library's names over ours
  'mcp-sdk-v1': ['lib', 'model', 'guard', 'verifiers', 'options', 'provider', 'node'], // another library's names over ours, for Express
  testing: ['lib', 'model'],
  upstreams: ['lib', 'model', 'words'],
  logins: ['lib', 'model', 'pages', 'words', 'upstreams'],
  core: ['lib', 'model'],
  guard: ['lib', 'model'],
  verifiers: ['lib', 'model', 'guard'],
  mcp: ['lib', 'model', 'guard'],
  clients: ['lib', 'model', 'core'],
  grants: ['lib', 'model', 'core', 'clients'],
  endpoints: ['lib', 'model', 'core', 'clients', 'grants', 'pages', 'words'],
  'server.ts': ['lib', 'model', 'endpoints'],
  'site.ts': ['lib', 'model', 'pages', 'endpoints', 'grants', 'server.ts'],
  options: ['lib', 'model', 'guard', 'pages', 'words'],
  provider: ['lib', 'model', 'core', 'clients', 'grants', 'endpoints', 'guard', 'stores', 'server.ts', 'site.ts', 'options'],
  admin: ['lib', 'words', 'model', 'core', 'pages', 'endpoints', 'options', 'provider'], // a value that the application passes to the provider
  'opentelemetry.ts': ['lib', 'model'],
  'own-pages.ts': ['core', 'options', 'provider'],
  'index.ts': ['lib', 'pages', 'words', 'model', 'core', 'guard', 'logins', 'stores', 'options', 'provider'],
  node: ['lib', 'model', 'guard', 'mcp', 'core', 'stores', 'provider', 'options', 'index.ts'],
  worker: ['lib', 'model', 'core', 'stores', 'mcp', 'provider', 'options', 'index.ts', 'workers-oauth-provider'], // of mcp the type of news alone
  cli: ['lib', 'model', 'pages', 'words', 'stores', 'former', 'node', 'admin', 'options', 'index.ts'],
};

interface Source {
  readonly path: string;
  readonly wing: string;
  readonly text: string;
  /** Paths below `src` for our own files, bare names for packages. */
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const whole = readFileSync(join(root, 'src', path), 'utf8');
    // The files of `portcullis init` hold the source of another program, which imports for itself.
    const text = path.startsWith('cli/init/') ? (whole.split('`/**')[0] ?? '') : whole;
    const named = [...text.matchAll(/^\s*(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm)];
    const imports = named
      .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
      .map((name) => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name));
    return { path, wing: wingOf(path), text, imports };
  });

function wingOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** The body of each loop: a block, or a statement up to its semicolon. */
function loopsIn(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:for(?: await)? \(|while \(|do \{)/g)].map(({ 0: head, index }) => {
    const start = head.startsWith('do') ? index + head.length - 1 : closing(text, index + head.length - 1) + 2;
    return text[start] === '{' ? text.slice(start, closing(text, start) + 1) : text.slice(start, text.indexOf(';\n', start));
  });
}

/** Where the bracket that opens at a place is closed. */
function closing(text: string, at: number): number {
  let depth = 0;
  for (let next = at; next < text.length; next++) {
    if ('({['.includes(text[next] ?? '')) depth++;
    else if (')}]'.includes(text[next] ?? '') && --depth === 0) return next;
  }
  return text.length;
}

const own = (name: string): boolean => sources.some((source) => source.path === name);

describe('the house', () => {
  it('has only the wings that are written down', () => {
    expect([...new Set(sources.map((source) => source.wing))].filter((wing) => !Object.hasOwn(MAY_IMPORT, wing))).toEqual([]);
    expect(sources.length).toBeGreaterThan(60);
  });

  it('has no arrow against the layers', () => {
    const against = sources.flatMap(({ path, wing, imports }) =>
      imports
        .filter(own)
        .filter((name) => wingOf(name) !== wing && !MAY_IMPORT[wing]?.includes(wingOf(name)))
        .map((name) => `${path} → ${name}`),
    );
    expect(against).toEqual([]);
  });

  it('has no import cycle, type imports included', () => {
    const graph = new Map(sources.map((source) => [source.path, source.imports.filter(own)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) return void cycles.push([...way.slice(way.indexOf(path)), path].join(' → '));
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) walk(next, [...way, path]);
      done.add(path);
    };
    for (const path of graph.keys()) walk(path, []);
    expect(cycles).toEqual([]);
  });

  it('imports only files that exist', () => {
    const missing = sources.flatMap(({ path, imports }) =>
      imports.filter((name) => name.endsWith('.ts') && !own(name)).map((name) => `${path} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('writes on condition in a loop in one file only, so that each contended write waits and ends the same way (F-22)', () => {
    const looped = sources.flatMap(({ path, text }) => loopsIn(text).map((body) => ({ path, body })));
    const contending = looped.filter(({ body }) => /\.write\(|\.remove\([^)]*[vV]ersion\)/.test(body));
    // Sealing anew writes each record once, an outbox is emptied while its stream is open, and the suite counts without the verb.
    const known = ['core/reseal.ts', 'mcp/sessions/notifications.ts', 'testing/store-case.ts'];
    expect(contending.map(({ path }) => path).filter((path) => !known.includes(path))).toEqual([]);
    expect(loopsIn('for (;;) { if (a) { store.write(b); } }')).toEqual(['{ if (a) { store.write(b); } }']);
    expect(loopsIn('do { x.write(); } while (y);')[0]).toBe('{ x.write(); }');
  });

  it('listens for the end of a signal through onAbort, whose listener is removed; elsewhere only where the signal is made (F-61)', () => {
    const own = ['lib/async.ts', 'lib/safe-fetch.ts', 'testing/fake-parts.ts', 'upstreams/ask.ts'];
    const others = sources.filter(({ path, text }) => text.includes("addEventListener('abort'") && !own.includes(path));
    expect(others.map(({ path }) => path)).toEqual([]);
  });

  it('has no file above 300 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path)).toEqual([]);
  });

  it('has no folder of more than 25 files, but the model and the islands', () => {
    const large = Map.groupBy(sources, ({ path }) => dirname(path));
    const over = [...large].filter(
      ([folder, { length }]) => length > 25 && !['model', 'stores', 'upstreams', 'verifiers'].includes(folder),
    );
    expect(over.map(([folder, { length }]) => `${folder}: ${length}`)).toEqual([]);
  });

  it('keeps node: to node/, cli/ and the Node-only store with its WAL-index, cloudflare: to worker/', () => {
    const node = sources.filter(({ imports }) => imports.some((name) => name.startsWith('node:'))).map(({ path }) => path);
    expect(node.filter((path) => !/^(node|cli)\/|^stores\/(sqlite|sqlite-file|wal-index)\.ts$/.test(path))).toEqual([]);
    const worker = sources.filter(({ imports }) => imports.some((name) => name.startsWith('cloudflare:'))).map(({ path }) => path);
    expect(worker.filter((path) => !path.startsWith('worker/'))).toEqual([]);
  });

  it('keeps the MCP SDK to mcp/ and cli/', () => {
    const sdk = sources.filter(({ imports }) => imports.some((name) => name.startsWith('@modelcontextprotocol/')));
    expect(sdk.filter(({ wing }) => wing !== 'mcp' && wing !== 'cli').map(({ path }) => path)).toEqual([]);
  });

  it('imports few other packages, each for the wings that need it, and nothing that everyone loads leads to the upstreams', () => {
    const MAY_USE: { readonly [name: string]: RegExp } = {
      oauth4webapi: /^upstreams\//,
      jose: /^(verifiers|guard|clients|grants|core|endpoints|logins|upstreams)\//,
      '@simplewebauthn/server': /^logins\/passkey-verifier\.ts$/,
      '@simplewebauthn/server/helpers': /^logins\/passkey-verifier\.ts$/,
      uqr: /^(logins|pages)\//,
      '@opentelemetry/api': /^opentelemetry\.ts$/, // types alone: it is passed in
    };
    const against = sources.flatMap(({ path, imports }) =>
      imports
        .filter((name) => !own(name) && !/^(node:|cloudflare:|@modelcontextprotocol\/)/.test(name))
        .filter((name) => !MAY_USE[name]?.test(path))
        .map((name) => `${path} → ${name}`),
    );
    expect(against).toEqual([]);
    const outside = sources
      .filter(({ wing }) => wing !== 'upstreams')
      .flatMap(({ imports }) => imports.filter((name) => wingOf(name) === 'upstreams'));
    expect([...new Set(outside)]).toEqual(['upstreams/contract.ts']);
  });

  it('asks questions in one file of the command line, which loads their library when it asks', () => {
    const asking = sources.filter(({ text }) => text.includes("'@clack/prompts'")).map(({ path }) => path);
    expect(asking).toEqual(['cli/init/init.ts']);
    const leading = sources.filter(({ imports }) => imports.includes('cli/init/init.ts')).map(({ path }) => path);
    expect(leading).toEqual(['cli/commands.ts']);
  });

  it('leads to passkeys by their own subpath only, and from there to their library when it is needed', () => {
    const outside = sources
      .filter(({ path }) => !path.startsWith('logins/passkey'))
      .filter(({ imports }) => imports.some((name) => name.startsWith('logins/passkey')));
    expect(outside.map(({ path }) => path)).toEqual([]);
    const verifier = sources.find(({ path }) => path === 'logins/passkey-verifier.ts')?.text ?? '';
    expect(verifier.match(/^import (?!type).*@simplewebauthn/gm)).toBeNull();
    expect(verifier).toContain("import('@simplewebauthn/server')");
  });

  it('hands a server nothing but what the gate has judged, and reads a body in one place (F-01)', () => {
    const saying = (what: RegExp): readonly string[] =>
      sources.filter(({ wing, text }) => wing === 'mcp' && what.test(text)).map(({ path }) => path.replace('mcp/', ''));
    expect(saying(/\bas (?:unknown as )?(?:readonly )?Judged/)).toEqual(['policy/gate.ts']);
    expect(saying(/\bparsedBody\b|\.onmessage\b|\.handleRequest\(/).toSorted()).toEqual([
      'handler.ts',
      'response.ts',
      'sdk.ts',
      'sessions/post-exchange.ts',
    ]);
    expect(saying(/\breadBody\b|\brequest\.(?:json|text|arrayBuffer|bytes|blob|formData)\(/)).toEqual(['policy/read-messages.ts']);
  });

  it('starts every file with what stands in it, and documents every export', () => {
    const headless = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path);
    expect(headless).toEqual([]);
    const bare = sources.flatMap(({ path, text }) => {
      const lines = text.split('\n');
      const isExport = (line: string): boolean => /^export (async )?(abstract )?(function|const|class|interface|type) \w/.test(line);
      const isOverload = (line: string): boolean => /^export function .*;$/.test(line);
      return lines.flatMap((line, at) =>
        isExport(line) && !isOverload(lines[at - 1] ?? '') && !/\*\/\s*$/.test(lines[at - 1] ?? '') ? [`${path}: ${line}`] : [],
      );
    });
    expect(bare).toEqual([]);
  });

  it('keeps no promise that several requests could wait for: in workerd it hangs with the request that made it (F-51, F-52)', () => {
    /** Promises that one request, one process of the command line or one server of Node has for itself. */
    const OF_ONE: { readonly [place: string]: string } = {
      'cli/credentials.ts: let answer: Promise': 'the sign-in of one run',
      'endpoints/endpoint.ts: hostSession?: Promise': 'who is signed in, of one request',
      'mcp/agent.ts: let database: Promise': 'the database of one request',
      'mcp/agent-state.ts: let work: Promise': 'the changes of one request, one after the other',
      'mcp/sessions/exchange-records.ts: let work: Promise': 'the stream of one request',
      'testing/faulty-store.ts: readonly killed: Promise': 'the death of a store in one test',
      'node/serve.ts: let stopping: Promise': 'the end of one process',
      'node/http/answer.ts: Set<Promise': 'what runs after an answer, which nothing but the end of the process waits for',
    };
    const KEPT = [
      /\b(?:let|var) \w+: [^=;]*?(?<!Awaited<)\b(?:Promise|PromiseLike|ReturnType(?!<typeof set))\b(?=<)/g, // a variable that is set later
      /^(?:export )?const \w+: Promise\b(?=<)/gm, // of a module
      /^\s+(?:static |readonly |private )*#?\w+\??: Promise\b(?=<[^;=]*[;=]\s*$)/gm, // a field, or a member of what is kept
      /\b(?:Weak)?(?:Map|Set)<(?:[^()=;]|=>)*?\bPromise\b(?=<)/g, // a collection
      /\?\?= *(?:import\(|new Promise|Promise\.)/g,
    ];
    const found = sources.flatMap(({ path, text }) => {
      const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/ .*/g, '');
      return KEPT.flatMap((kept) => [...code.matchAll(kept)].map(([match]) => `${path}: ${match.trim()}`));
    });
    expect(found.filter((one) => !Object.hasOwn(OF_ONE, one))).toEqual([]);
    expect(Object.keys(OF_ONE).filter((one) => !found.includes(one))).toEqual([]);
    const probes = ['let a: Promise<void> | undefined;', 'new Map<string, Promise<T>>()', '  #ready: Promise<void> | undefined;', 'WeakMap<S, Map<A, Promise<K>>>', 'x ??= import(y)', '  readonly answer: Promise<readonly string[]>;', 'Map<string, { readonly access: Promise<C | null>; readonly until: S }>'];
    expect(probes.filter((probe) => !KEPT.some((kept) => probe.search(kept) >= 0))).toEqual([]);
  }); // prettier-ignore

  it('assigns no function literal to a property while it answers: V8 makes it in its old generation, where it keeps its request', () => {
    const LITERAL = /[\w)\]!]\.#?\w+ (\?\?)?=\s+(async )?(function\b|\w+ =>|\([^)]*\)(: [^=]+)? =>)/;
    const answering = sources.filter(({ path }) => /^(node\/http|provider|endpoints|grants|clients|core|guard|mcp)\//.test(path));
    expect(answering.filter(({ text }) => LITERAL.test(text)).map(({ path }) => path)).toEqual([]);
    expect(['this.#a = () => b;', 'a.b = async (c: D): Promise<E> =>', 'a.b = function () {}', 'a.b =\n  c => d'].every((one) => LITERAL.test(one))).toBe(true);
  }); // prettier-ignore

  it('gives no object literal an accessor while it answers: V8 keeps it, with its request, until its next full collection', () => {
    const ACCESSOR = /^ {4,}[gs]et \w+\(/m; // one of a class stands further left
    const answering = sources.filter(({ path }) => /^(node\/http|provider|endpoints|grants|clients|core|guard|mcp|lib)\//.test(path));
    expect(answering.filter(({ text }) => ACCESSOR.test(text)).map(({ path }) => path)).toEqual([]);
    expect(ACCESSOR.test('  return {\n    get a() {')).toBe(true);
  });

  it('says neither `any` nor `enum`, and exports nothing by default', () => {
    // Names and shapes of another library, which has both.
    const isTheirs = (path: string): boolean => path.includes('workers-oauth-provider');
    const said = sources.filter(
      ({ path, text }) =>
        !isTheirs(path) &&
        /(: ?any\b|\bas any\b|<any\b|^export default |^(export )?(const )?enum )/m.test(text.replace(/\/\*[\s\S]*?\*\//g, '')),
    );
    expect(said.map(({ path }) => path)).toEqual([]);
  });

  it('has a template for every page, and a policy that lets the form of each page through', () => {
    const pages = sources.filter(({ path, text }) => path.startsWith('pages/') && /\bpage\(\{/.test(text) && path !== 'pages/layout.ts');
    const shown = pages.flatMap(({ text }) => [...text.matchAll(/page: '(\w+)'/g)].map(([, name]) => name));
    expect(new Set(shown)).toEqual(new Set(Object.keys(TEMPLATES)));
    const withForm = pages.filter(({ text }) => text.includes('<form'));
    const count = (text: string, what: RegExp): number => [...text.matchAll(what)].length;
    expect(withForm.reduce((sum, { text }) => sum + count(text, /\bpage\(\{/g), 0)).toBeGreaterThan(5);
    const unset = withForm.filter(({ text }) => count(text, /\bformAction\b/g) < count(text, /\bpage\(\{/g)); // one for each page of the file
    expect(unset.map(({ path }) => path)).toEqual([]);
  });

  it('has every subpath that package.json promises', () => {
    const { exports: subpaths } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
    const files = JSON.stringify(subpaths).match(/(?<=\.\/dist\/(?:types\/)?)(?!types\/)[^"]+?(?=\.d\.ts"|\.js")/g) ?? [];
    expect(files.length).toBeGreaterThan(10);
    const missing = files.filter((file) => !existsSync(join(root, 'src', `${file}.ts`)));
    expect(missing).toEqual([]);
    const elsewhere = JSON.stringify(subpaths).match(/"types":"(?!\.\/dist\/types\/)[^"]+"/g);
    expect(elsewhere).toBeNull(); // tools/types.mjs writes them there; the repository finds them by `paths` of test/tsconfig.json
  });
});
