/**
 * The accessibility tree that Chromium makes of each page: what a screen reader gets. It is kept in `test/e2e/trees` and compared, so that a
 * lost label, role or state is seen. `UPDATE_TREES=1 node test/e2e/run.ts NAME` writes it anew; read the difference before you keep it.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { settled } from './chromium.ts';
import { ROOT } from './processes.ts';

const FOLDER = join(ROOT, 'test/e2e/trees');
/** Roles without a meaning of their own. */
const SKIPPED = new Set(['none', 'generic', 'InlineTextBox', 'LineBreak', 'ListMarker', 'MenuListPopup', 'DisclosureTriangle']);
const STATES = new Set(['checked', 'disabled', 'expanded', 'focused', 'level', 'required', 'invalid', 'multiline']);

interface Node {
  readonly nodeId: string;
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly description?: { readonly value: string };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[];
  readonly childIds?: readonly string[];
}

/** Compares the tree of a page with the kept one, or writes it. */
export async function checkTree(page: Page, name: string): Promise<void> {
  await settled(page);
  const tree = await treeOf(page);
  const file = join(FOLDER, `${name}.txt`);
  if (process.env['UPDATE_TREES'] === undefined) {
    assert.ok(existsSync(file), `There is no ${file}; write it with UPDATE_TREES=1.`);
    return assert.equal(tree, readFileSync(file, 'utf8'));
  }
  mkdirSync(FOLDER, { recursive: true });
  return writeFileSync(file, tree);
}

async function treeOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as unknown as { nodes: readonly Node[] };
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const lines: string[] = [];
  const walk = (node: Node, depth: number, outer: string): void => {
    const { role, name, description, properties = [], ignored, childIds = [] } = node;
    const said = plain(name?.value ?? '');
    const isShown = !ignored && role !== undefined && !SKIPPED.has(role.value) && !(role.value === 'StaticText' && said === outer);
    if (isShown) {
      const states = properties.filter(({ name: state, value }) => STATES.has(state) && value.value !== false && value.value !== 'false');
      const more = states.map(
        ({ name: state, value }) => ` ${state}${value.value === true || value.value === 'true' ? '' : `=${String(value.value)}`}`,
      );
      const about = description?.value ? ` (${plain(description.value)})` : '';
      lines.push(`${'  '.repeat(depth)}${role.value}${said === '' ? '' : ` "${said}"`}${more.join('')}${about}`);
    }
    for (const id of childIds) {
      const child = byId.get(id);
      if (child) walk(child, depth + (isShown ? 1 : 0), isShown ? said : outer);
    }
  };
  const [root] = nodes;
  if (root) walk(root, 0, '');
  return `${lines.join('\n')}\n`;
}

/** A text without what differs from visit to visit: ports, ids, days, times. */
function plain(text: string): string {
  return text
    .replaceAll(/(?:localhost|127\.0\.0\.1):\d+/g, 'HOST')
    .replaceAll(/\b[\w-]{22}\b/g, 'ID')
    .replaceAll(/\b[A-Z][a-z]+ \d{1,2}, \d{4}\b/g, 'DAY')
    .replaceAll(/\b\d\d:\d\d UTC\b/g, 'TIME')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
