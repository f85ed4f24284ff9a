import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';

describe('lib/html', () => {
  it('escapes every sign that could leave text or a quoted attribute', () => {
    expect(html`<p title="${`&<>"'\``}">${`&<>"'\``}</p>`.toString()).toBe(
      '<p title="&#38;&#60;&#62;&#34;&#39;&#96;">&#38;&#60;&#62;&#34;&#39;&#96;</p>',
    );
  });

  it('lets stand what the tag itself made, and escapes it only once', () => {
    const name = html`<b>${'A & B'}</b>`;
    expect(html`<p>${name}</p>`.toString()).toBe('<p><b>A &#38; B</b></p>');
  });

  it('shows nothing for nothing, yet shows a zero', () => {
    expect(html`[${null}${undefined}${false}${''}${0}]`.toString()).toBe('[0]');
  });

  it('joins lists, nested ones too, and escapes their texts', () => {
    expect(html`${['<', [html`<i></i>`, '>']]}`.toString()).toBe('&#60;<i></i>&#62;');
  });

  it('escapes text that came already escaped: input is shown as it was', () => {
    expect(html`${'&lt;b&gt;'}`.toString()).toBe('&#38;lt;b&#38;gt;');
  });

  it('does not take an object for safe that only looks like it', () => {
    const forged = { toString: () => '<script>' } as unknown as string;
    expect(() => html`${forged}`).toThrow(TypeError);
  });
});
