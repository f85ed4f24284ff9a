import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { page } from '../../src/pages/layout.ts';
import { ENGLISH as words } from '../../src/words/words.ts';
import { plainSheet, STYLE } from '../../src/pages/style.ts';

const plain = { words, title: 'Title', body: html`<h1>Text</h1>` };
const csp = (response: Response): readonly string[] => (response.headers.get('content-security-policy') ?? '').split('; ');

describe('pages/layout', () => {
  it('allows exactly its own stylesheet, by the hash of its text', async () => {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE)));
    expect(plainSheet().source).toBe(`'sha256-${btoa(String.fromCharCode(...hash))}'`);
    expect(await page(plain).text()).toContain(`<style>${STYLE}</style>`);
    expect(STYLE).not.toContain('<');
  });

  it('locks a page without a form down (SEC-130)', () => {
    const answer = page(plain);
    expect(csp(answer)).toEqual([
      "default-src 'none'",
      `style-src ${plainSheet().source}`,
      "img-src 'self' data:",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store, private',
      'referrer-policy': 'no-referrer',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    });
  });

  it('keeps the window tie on which browser clients wait', () => {
    expect(page(plain).headers.get('cross-origin-opener-policy')).toBe('unsafe-none');
  });

  it('lets a form post to its own site, with the Origin that the post is checked by (SEC-125)', () => {
    const answer = page({ ...plain, formAction: 'own' });
    expect(csp(answer)).toContain("form-action 'self'");
    expect(answer.headers.get('referrer-policy')).toBe('same-origin');
  });

  it('does not bind what the site does next to which a form leads (R-01)', () => {
    const answer = page({ ...plain, formAction: 'leaves' });
    expect(answer.headers.get('content-security-policy')).not.toContain('form-action');
    expect(answer.headers.get('referrer-policy')).toBe('same-origin');
  });

  it('is a whole document in English that fits a phone, with title and brand escaped', async () => {
    const text = await page({ ...plain, title: '</title><script>', brand: { name: '<b>', logo: '/logo.svg"' } }).text();
    expect(text).toMatch(/^<!doctype html>\s*<html lang="en" dir="ltr">/);
    expect(text).toContain('content="width=device-width, initial-scale=1"');
    expect(text).toContain('&#60;/title&#62;&#60;script&#62;');
    expect(text).toContain('<bdi>&#60;b&#62;</bdi>');
    expect(text).toContain('src="/logo.svg&#34;"');
    expect(text).not.toContain('<script');
  });

  it('answers with the status and the further headers that it is given', () => {
    const answer = page({ ...plain, status: 429, headers: { 'retry-after': '60' } });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60']);
  });
});
