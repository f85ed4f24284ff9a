/** The browser for tests: what of a page it sends. */
import { describe, expect, it } from 'vitest';
import { type BrowserPage, makeBrowser } from '../../src/testing/browser.ts';

const page = (text: string): BrowserPage => ({ url: 'https://mcp.example/a', status: 200, headers: new Headers(), text, location: null });

describe('testing/browser', () => {
  it('submits the first form of a page, with what is hidden or ticked in it', async () => {
    const sent: { url: string; body: string }[] = [];
    const browser = makeBrowser(async (request) => {
      sent.push({ url: request.url, body: await request.text() });
      return new Response('');
    });
    const text = `<form action="/one"><input type="hidden" name="account" value="a&#38;b"><input type="checkbox" name="scope" value="x" checked>
      <input type="checkbox" name="scope" value="y"><input type="text" name="name" value="typed"></form>
      <form action="/two"><input type="hidden" name="account" value="a&#38;b"><input type="hidden" name="other" value="1"></form>`;
    await browser.submit(page(text), { decision: 'approve' });
    await browser.submit(page(text), { account: null, scope: ['y', 'z'] });
    await browser.submit(page('<p>No form</p>'), { decision: 'deny' });
    expect(sent).toEqual([
      { url: 'https://mcp.example/one', body: 'account=a%26b&scope=x&decision=approve' },
      { url: 'https://mcp.example/one', body: 'scope=y&scope=z' },
      { url: 'https://mcp.example/a', body: 'decision=deny' },
    ]);
  });
});
