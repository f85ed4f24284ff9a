/** `portcullis login` with a real browser: the page in every look, the code to compare, the way back to 127.0.0.1, and a command with the session. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { adminApi } from '../../src/admin/index.ts';
import { adminLanguages } from '../../src/admin/words/index.ts';
import { runCommand } from '../../src/cli/commands.ts';
import { password } from '../../src/logins/password.ts';
import { allLanguages } from '../../src/words/index.ts';
import { ALICE } from './app.ts';
import { photograph, visit } from './chromium.ts';
import { startHere } from './here.ts';
import { fewLooks } from './looks.ts';
import { freshFolder } from './processes.ts';
import { check } from './report.ts';
import { checkTree } from './trees.ts';

/** Every check of it. */
export async function checkCommandLine(browser: Browser): Promise<void> {
  process.env['XDG_STATE_HOME'] = freshFolder('command-line-state');
  const { url, stop } = await startHere('command-line', () => ({
    admin: adminApi({ permission: 'admin', languages: adminLanguages }),
    pages: { languages: allLanguages },
    logins: [password({ accounts: () => [{ ...ALICE, permissions: ['admin'] }] })],
  }));
  try {
    for (const [look, how] of fewLooks())
      await check(`command line: the page is accessible, and was photographed: ${look}`, () =>
        visit(browser, url, ({ page }) => login(page, url, { look, decision: 'deny' }), how),
      );
    await check('command line: it signs in by the browser, and lists users with its session', () =>
      visit(browser, url, async ({ page }) => {
        await login(page, url, { decision: 'allow' });
        const { code, out } = await run(['user', 'list', '--server', url, '--json'], async () => undefined);
        assert.equal(code, 0);
        assert.match(out, /"username":"alice"/);
      }),
    );
  } finally {
    await stop();
  }
}

/** Runs the command, and does what a person does with the page that it opens. */
async function login(
  page: Page,
  url: string,
  { look, decision }: { readonly look?: string; readonly decision: 'allow' | 'deny' },
): Promise<void> {
  const { code, err } = await run(['login', '--server', url], async (link, said) => {
    await page.goto(link);
    await page.locator('input[name=username]').fill(ALICE.username);
    await page.locator('input[name=password]').fill(ALICE.password);
    await page.locator('button[value=sign-in]').click();
    await page.locator('button[value=allow]').waitFor();
    const shown = /code: (\S+)/.exec(said)?.[1] ?? 'none';
    assert.equal(await page.locator('.panel strong').innerText(), shown);
    if (look !== undefined) await photograph(page, `command-line-${look}`);
    if (look === 'desktop') {
      await page.locator('.panel strong, .panel .hint').evaluateAll((all) => all.forEach((one, at) => (one.textContent = `value ${at}`))); // which differ each time
      await checkTree(page, 'command-line');
    }
    await page.locator(`button[value=${decision}]`).click();
    await page.waitForURL('http://127.0.0.1:*/callback?*');
  });
  assert.equal(code, decision === 'allow' ? 0 : 1, err);
}

async function run(
  argv: readonly string[],
  person: (link: string, said: string) => Promise<void>,
): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  let acting = Promise.resolve();
  const code = await runCommand(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    open(link) {
      acting = person(link, err.join('\n'));
      acting.catch(() => undefined); // awaited below
    },
    after(seconds, fire) {
      const timer = setTimeout(fire, Math.min(seconds, 600) * 1000); // the person may have failed
      return () => clearTimeout(timer);
    },
  });
  await acting;
  return { code, out: out.join('\n'), err: err.join('\n') };
}
