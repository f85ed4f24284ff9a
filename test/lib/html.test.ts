import { describe, expect, it } from 'vitest';
import { field, html, type Html, markWrong } from '../../src/lib/html.ts';

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

  it('marks the first field that a user types into as wrong, and describes it by the message before its hint', () => {
    const secret = html`<input type="hidden" name="s" value="${'"><input>'}" />`;
    const [code, other] = [field('code', 'Code', 'off', { hint: 'Six digits' }), field('other', 'Other', 'off')];
    const marked = markWrong(html`${secret}${code}${other}`).toString();
    expect(marked).toBe(
      html`${secret}${code}${other}`
        .toString()
        .replace(/<input(?=\s+id="field-code")/, '<input aria-invalid="true"')
        .replace('aria-describedby="field-code-hint"', 'aria-describedby="problem field-code-hint"'),
    );
    expect(markWrong(other).toString()).toContain('<input aria-invalid="true" aria-describedby="problem"');
    expect(markWrong(html`<p>${'<input>'}</p>`).toString()).toBe('<p>&#60;input&#62;</p>');
  });

  it('opens the details that hold the wrong field, and no others', () => {
    const details = (name: string): Html =>
      html`<details>
        <summary>${name}</summary>
        ${field(name, name, 'off')}
      </details>`;
    const open = (name?: string): string[] =>
      [
        ...markWrong(html`${details('a')}${field('b', 'b', 'off')}${details('c')}`, name)
          .toString()
          .matchAll(/<details open>\s*<summary>(.)/g),
      ].map(([, which = '']) => which);
    expect(['a', 'b', 'c', undefined].map(open)).toEqual([['a'], [], ['c'], ['a']]);
  });
});
