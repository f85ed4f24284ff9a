import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { formOf, type Letter, newPasswordField, send, unfit } from '../../src/logins/password-rules.ts';
import { ENGLISH } from '../../src/words/words.ts';

const words = ENGLISH;
const CLOSED = { signUp: 'closed' } as const;

describe('logins/password-rules', () => {
  it('says why a text can be no password, and asks the list of breached ones with the environment', async () => {
    const asked: unknown[] = [];
    const isBreached = async (...all: unknown[]) => (asked.push(all), all[0] === 'password1');
    for (const bad of ['', 'x'.repeat(7), 'x'.repeat(1025)]) expect(await unfit(bad, { ...CLOSED, isBreached }, 'env', words)).toBe(words.password.unfit);
    expect(asked).toEqual([]);
    expect(await unfit('password1', { ...CLOSED, isBreached }, 'env', words)).toBe(words.password.breached);
    expect([await unfit('password2', { ...CLOSED, isBreached }, 'env', words), await unfit('password1', CLOSED, 'env', words)]).toEqual([null, null]);
    expect(asked).toEqual([['password1', 'env'], ['password2', 'env']]);
  }); // prettier-ignore

  it('sets none while the list of breached passwords does not answer: 503', async () => {
    const cause = new Error('down');
    const failing = unfit('password1', { ...CLOSED, isBreached: () => Promise.reject(cause) }, 'env', words);
    await expect(failing).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'breach_list_unavailable', cause });
  });

  it('sends a message as text and as a page, with the link alone as a link', async () => {
    const sent: { html: string }[] = [];
    const letter: Letter = { kind: 'verification', to: 'a@b.example', subject: 'A <b>', text: 'Hello & welcome\n\nhttps://as.example/x?a=1&b=2\nBye', url: 'https://as.example/x?a=1&b=2' }; // prettier-ignore
    const sendEmail = Object.assign(async (...all: unknown[]) => void sent.push(...(all as { html: string }[])), {});
    await send({ ...CLOSED, sendEmail: sendEmail as never }, letter, 'env', words);
    expect(sent).toEqual([{ ...letter, lang: words.lang, html: expect.any(String) }, 'env']);
    const page = sent[0]?.html ?? '';
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en" dir="ltr">/);
    expect([...page.matchAll(/<p>.*?<\/p>/g)].map(([line]) => line)).toEqual(['<p>Hello &#38; welcome</p>', '<p><a href="https://as.example/x?a=1&#38;b=2">https://as.example/x?a=1&#38;b=2</a></p>', '<p>Bye</p>']); // prettier-ignore
    expect(page).toContain('<title>A &#60;b&#62;</title>');
    await expect(send(CLOSED, letter, 'env', words)).resolves.toBeUndefined();
  });

  it('makes a form with its fields, and shows the error of the last try where a screen reader finds it', () => {
    const plain = formOf('/act', [html`<i>one</i>`, 'two'], 'Go').toString();
    expect(plain).toMatch(/^<form method="post" action="\/act"\s*>/);
    expect([plain.includes('<div class="part"><i>one</i>two</div>'), plain.includes('<button class="main">Go</button>'), plain.includes('problem')]).toEqual([true, true, false]); // prettier-ignore
    const wrong = formOf('/act', [], 'Go', 'No <good>').toString();
    expect(wrong).toMatch(/^<form method="post" action="\/act"\s+aria-describedby="problem">/);
    expect(wrong).toContain('<div class="problem" id="problem" role="alert" tabindex="-1" autofocus>No &#60;good&#62;</div>');
    const field = newPasswordField('New', words).toString();
    for (const part of ['name="new-password"', 'autocomplete="new-password"', 'type="password"', String(words.password.rule)]) expect(field).toContain(part);
  }); // prettier-ignore

  it('marks in a form the field that the error is about: the first, the named one, or no field; and no field without an error', () => {
    const fields = [html`<input name="a"><input name="b">`];
    const marked = (problem?: string | null, wrong?: string | null): string | undefined =>
      /<input aria-invalid="true"[^>]*name="(\w)"/.exec(formOf('/act', fields, 'Go', problem, wrong).toString())?.[1];
    expect([marked(), marked(null, 'a'), marked('No'), marked('No', 'b'), marked('No', null)]).toEqual([undefined, undefined, 'a', 'b', undefined]);
  }); // prettier-ignore
});
