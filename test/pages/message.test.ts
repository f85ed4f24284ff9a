import { describe, expect, it } from 'vitest';
import { errorPage } from '../../src/pages/error.ts';
import { messagePage, requestOverPage } from '../../src/pages/message.ts';
import { MARKUP_ATTACKS, shownText, skeleton } from './markup.ts';

describe('pages/message', () => {
  it('says one thing, without a form', async () => {
    const answer = messagePage({ title: 'Done', message: 'You can close this page.' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'none'");
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(shownText(await answer.text())).toMatch(/Done[^]*You can close this page\./);
  });

  it('sends whoever comes too late back to the app (SEC-128)', async () => {
    const answer = requestOverPage();
    expect(answer.status).toBe(400);
    expect(shownText(await answer.text())).toContain('connect again');
  });
});

describe('pages/error', () => {
  it('tells what happened, what to do, and how to name the request when asking for help', async () => {
    const answer = errorPage({ title: 'No such app', message: 'It is not known here.', status: 404, requestId: 'req_1' });
    expect(answer.status).toBe(404);
    expect(shownText(await answer.text())).toMatch(/No such app[^]*It is not known here\.[^]*What to do now[^]*req_1/);
  });

  it.each(MARKUP_ATTACKS)('shows %j as text (SEC-165)', async (attack) => {
    const filled = (value: string): Promise<string> =>
      errorPage({ title: value, message: value, whatToDo: value, requestId: value, status: 400 }).text();
    expect(skeleton(await filled(attack))).toEqual(skeleton(await filled('x')));
    expect(shownText(await filled(attack)).split(attack)).toHaveLength(6);
  });
});
