/** Which language the pages speak, and what an operator can say and show instead of ours. */
import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import type { PagesOptions } from '../../src/options/pages.ts';
import { type App, makeApp } from '../support/app.ts';

const pages: PagesOptions = {
  accent: '#0a6e4f',
  words: {
    nl: {
      approve: { allow: 'Toestaan', deny: 'Weigeren', tickOne: 'Kies er een.' },
      refused: { credentials_wrong: 'Klopt niet.' },
      scopes: { read: 'Lezen' },
    },
    he: { approve: { deny: 'Lo' } },
  },
};
const withPages = (option: PagesOptions = pages): Promise<App> =>
  makeApp('memory', { pages: option, scopesSupported: { read: 'Read it' } });
const langOf = (text: string): string => /<html lang="([^"]*)" dir="([^"]*)"/.exec(text)?.slice(1).join(' ') ?? '';

describe('the language of the pages', () => {
  it("is the browser's, and the same after a wrong password", async () => {
    const app = await withPages();
    const [browser, client] = [app.browser(), await app.client()];
    const page = await browser.get(await client.authorizeUrl(), { 'accept-language': 'nl-BE, en;q=0.5' });
    expect(langOf(page.text)).toBe('nl ltr');
    expect(page.text).toMatch(/Weigeren[^]*|Lezen/);
    expect(page.text).toContain('Lezen');
    const again = await browser.submit(page, { decision: 'approve', username: 'alice', password: 'wrong' }, { 'accept-language': 'nl' });
    expect([again.status, langOf(again.text), again.text.includes('Klopt niet.')]).toEqual([403, 'nl ltr', true]);
  });

  it('is the one that the client asks for by ui_locales, for as long as its request lasts', async () => {
    const app = await withPages();
    const [browser, client] = [app.browser(), await app.client()];
    const url = new URL(await client.authorizeUrl());
    url.searchParams.set('ui_locales', 'xx he-IL nl');
    const page = await browser.get(url.href, { 'accept-language': 'nl' });
    expect(langOf(page.text)).toBe('he rtl');
    const again = await browser.submit(page, { decision: 'approve', username: 'alice', password: 'wrong' }, { 'accept-language': 'nl' });
    expect([again.status, langOf(again.text)]).toEqual([403, 'he rtl']);
  });

  it('is English if no known language is requested, and SEC-165 shows no part of the request', async () => {
    const app = await withPages();
    const [browser, client] = [app.browser(), await app.client()];
    const url = new URL(await client.authorizeUrl());
    url.searchParams.set('ui_locales', '"><script>alert(1)</script> xx');
    const page = await browser.get(url.href, { 'accept-language': '"><b>, *' });
    expect(langOf(page.text)).toBe('en ltr');
    expect(page.text).not.toMatch(/<script>|"><b>/);
  });

  it('is not the language of the wire: errors for programs stay English', async () => {
    const app = await withPages();
    const answer = await app.ask('POST', '/token', 'grant_type=magic', {
      'content-type': 'application/x-www-form-urlencoded',
      'accept-language': 'nl',
    });
    expect(((await answer.json()) as { error_description: string }).error_description).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe("an operator's own pages", () => {
  const shows = async (option: PagesOptions): Promise<string> => {
    const app = await withPages(option);
    return (await app.browser().get(await (await app.client()).authorizeUrl())).text;
  };

  it('have the colours of the theme', async () => {
    expect(await shows(pages)).toContain('--accent:#0a6e4f');
  });

  it('stand in our document, with our headers, and with what we would have shown', async () => {
    const app = await withPages({
      templates: {
        approve: (view, ours) =>
          html`<p id="own">${view.client.name}</p>
            ${ours}`,
      },
    });
    const client = await app.client({ client_name: 'A & B' });
    const page = await app.browser().get(await client.authorizeUrl());
    expect(page.text).toMatch(/<p id="own">A &#38; B<\/p>\s*<h1/);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('show our page if a template throws or returns something else, so that the user can still decide', async () => {
    const broken: PagesOptions[] = [
      { templates: { approve: () => { throw new Error('no') } } },
      { templates: { approve: () => '<script>' as never } },
    ]; // prettier-ignore
    for (const option of broken) {
      const text = await shows(option);
      expect(text).toContain('value="approve"');
      expect(text).not.toContain('<script>');
    }
  });
});
