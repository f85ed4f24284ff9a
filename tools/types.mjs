/**
 * Writes the declarations that are published into `dist/types`: of each file that an export of package.json leads to, the statements that it
 * leads to. `tsc` declares every module for the tests; what of that no application can reach would be a third of the package.
 */
import { parse } from '@babel/parser';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of the server's inside: without a public name, what they say is for readers of the source. */
const INSIDE = /^(core|endpoints|lib|pages|server|stores|words)\b/;
/** A member that only other modules of ours use: constructors that take what is inside a provider led to a tenth of all declarations. */
const INTERNAL = /^ +\/\*\* @internal\b[^*]*\*\/\n.*;\n/gm;
const COMMENT = /[ \t]*\/\*\*.*?\*\/\n?/gs;

/**
 * One file: its statements, and which of them are kept.
 * @typedef {{ text: string, body: any[], kept: Set<any>, names: Map<string, any[]>, imports: Map<string, { from: string, name: string }>, used: Set<string>, out: Set<string> }} File
 */

/** @param {string} root @param {readonly string[]} entries paths below `dist/types` */
export function writeTypes(root, entries) {
  /** @type {Map<string, File>} */
  const files = new Map();
  const names = new Set(entries.flatMap((entry) => exportsOf(fileAt(entry))));
  for (const entry of entries) for (const name of exportsOf(fileAt(entry))) keepExport(entry, name);
  rmSync(join(root, 'dist/types'), { recursive: true, force: true });
  for (const [path, file] of files) {
    const to = join(root, 'dist/types', path);
    mkdirSync(dirname(to), { recursive: true });
    const text = printed(file);
    const isInside = INSIDE.test(path) && ![...file.out].some((name) => names.has(name));
    writeFileSync(to, isInside ? text.replaceAll(COMMENT, '') : text);
  }

  /** @param {string} path */
  function fileAt(path) {
    const known = files.get(path);
    if (known) return known;
    const text = readFileSync(join(root, 'dist', path), 'utf8').replaceAll(INTERNAL, '');
    const { body } = parse(text, { sourceType: 'module', plugins: [['typescript', { dts: true }]] }).program;
    /** @type {File} */
    const file = { text, body, kept: new Set(), names: new Map(), imports: new Map(), used: new Set(), out: new Set() };
    for (const statement of body) {
      if (statement.type === 'ImportDeclaration') {
        const from = pathOf(path, statement.source.value);
        for (const one of statement.specifiers)
          file.imports.set(one.local.name, { from, name: one.type === 'ImportSpecifier' ? one.imported.name : '*' });
        if (statement.specifiers.length === 0) file.kept.add(statement);
      } else
        for (const name of declared(statement.declaration ?? statement)) file.names.set(name, [...(file.names.get(name) ?? []), statement]);
    }
    files.set(path, file);
    return file;
  }

  /** The names that a file exports. @param {File} file @returns {string[]} */
  function exportsOf(file) {
    const path = [...files].find(([, one]) => one === file)?.[0] ?? '';
    return file.body.flatMap((statement) => {
      if (statement.type === 'ExportAllDeclaration') return exportsOf(fileAt(pathOf(path, statement.source.value)));
      if (statement.type !== 'ExportNamedDeclaration') return [];
      return [...declared(statement.declaration), ...statement.specifiers.map((/** @type {any} */ one) => one.exported.name)];
    });
  }

  /** @param {string} path @param {string} name */
  function keepExport(path, name) {
    if (!path.endsWith('.d.ts')) return; // of another package
    const file = fileAt(path);
    if (file.out.has(name)) return;
    file.out.add(name);
    if (name === '*') for (const one of exportsOf(file)) keepExport(path, one);
    for (const statement of file.body) {
      if (statement.type === 'ExportAllDeclaration') {
        const from = pathOf(path, statement.source.value);
        if (from.endsWith('.d.ts') && exportsOf(fileAt(from)).includes(name)) {
          file.kept.add(statement);
          keepExport(from, name);
        }
      }
      if (statement.type !== 'ExportNamedDeclaration') continue;
      for (const one of statement.specifiers) {
        if (one.exported.name !== name) continue;
        file.kept.add(statement);
        if (statement.source) keepExport(pathOf(path, statement.source.value), one.local.name);
        else keepName(path, one.local.name);
      }
      if (declared(statement.declaration).includes(name)) keepName(path, name);
    }
  }

  /** Keeps what a name means inside a file. @param {string} path @param {string} name */
  function keepName(path, name) {
    const file = fileAt(path);
    if (file.used.has(name)) return;
    file.used.add(name);
    const imported = file.imports.get(name);
    if (imported) keepExport(imported.from, imported.name);
    for (const statement of file.names.get(name) ?? []) {
      file.kept.add(statement);
      if (statement.type === 'ExportNamedDeclaration') file.out.add(name);
      walk(statement, (node) => {
        if (node.type === 'Identifier') keepName(path, node.name);
        if (node.type === 'TSImportType')
          keepExport(pathOf(path, node.argument.value ?? node.argument.literal?.value), node.qualifier?.name ?? '*');
      });
    }
  }

  /** Where a specifier leads below `dist`; itself for another package. @param {string} path @param {string} to */
  function pathOf(path, to) {
    if (!to.startsWith('.')) return to;
    const found = join(dirname(path), to)
      .replaceAll('\\', '/')
      .replace(/\.[jt]s$/, '.d.ts');
    return existsSync(join(root, 'dist', found)) ? found : to;
  }
}

/** The names that a statement declares. @param {any} node @returns {string[]} */
function declared(node) {
  if (!node) return [];
  if (node.type === 'VariableDeclaration') return node.declarations.map((/** @type {any} */ one) => one.id.name);
  return node.id?.name ? [node.id.name] : [];
}

/** @param {any} node @param {(node: any) => void} visit */
function walk(node, visit) {
  if (Array.isArray(node)) return node.forEach((one) => walk(one, visit));
  if (typeof node !== 'object' || node === null || typeof node.type !== 'string') return;
  visit(node);
  for (const [key, child] of Object.entries(node)) if (!/Comments$|^loc$/.test(key)) walk(child, visit);
}

/** What is kept of a file, with the comments before it. @param {File} file */
function printed({ text, body, kept, used, out }) {
  const parts = body.flatMap((statement, at) => {
    if (statement.type === 'ImportDeclaration' && statement.specifiers.length > 0)
      return some(statement, (one) => used.has(one.local.name));
    if (!kept.has(statement)) return [];
    if (statement.type === 'ExportNamedDeclaration' && statement.specifiers.length > 0)
      return some(statement, (one) => out.has(one.exported.name));
    return [text.slice(at === 0 ? startOf(statement) : body[at - 1].end, statement.end).trim()];
  });
  const code = parts.join('\n').replaceAll(/^(?: {4})+/gm, (indent) => ' '.repeat(indent.length / 4)); // of 600 kB it is one
  return `${code}\nexport {};\n`;

  /** The comment right before the first statement; that of the file is about how it is built. @param {any} statement */
  function startOf(statement) {
    return statement.leadingComments?.at(-1)?.start ?? statement.start;
  }

  /** An import or export of some of its names. @param {any} statement @param {(one: any) => boolean} isKept @returns {string[]} */
  function some(statement, isKept) {
    const names = statement.specifiers.filter(isKept);
    if (names.length === 0) return [];
    const whole = names.find((/** @type {any} */ one) => one.type !== 'ImportSpecifier' && one.type !== 'ExportSpecifier');
    if (whole) return [text.slice(statement.start, statement.end)];
    const kind = (statement.importKind ?? statement.exportKind) === 'type' ? 'type ' : '';
    const word = statement.type === 'ImportDeclaration' ? 'import' : 'export';
    const from = statement.source ? ` from ${text.slice(statement.source.start, statement.source.end)}` : '';
    return [`${word} ${kind}{ ${names.map((/** @type {any} */ one) => text.slice(one.start, one.end)).join(', ')} }${from};`];
  }
}
