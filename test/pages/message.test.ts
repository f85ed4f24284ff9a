import { describe, expect, it } from 'vitest';
import { OAuthError } from '../../src/model/error.ts';
import { errorPage, messagePage, requestOverPage } from '../../src/pages/message.ts';
import { ENGLISH as words } from '../../src/words/words.ts';
import { MARKUP_ATTACKS, shownText, skeleton } from './markup.ts';

describe('pages/message', () => {
  it('says one thing, without a form', async () => {
    const answer = messagePage({ words, title: 'Done', message: 'You can close this page.' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'none'");
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(shownText(await answer.text())).toMatch(/Done[^]*You can close this page\./);
  });

  it('sends a user who is too late back to the app (SEC-128)', async () => {
    const answer = requestOverPage({ words });
    expect(answer.status).toBe(400);
    expect(shownText(await answer.text())).toContain('connect again');
  });
});

describe('pages/error', () => {
  it('tells a person what happened and what to do, and the developer what it was, as on the wire', async () => {
    const error = new OAuthError('invalid_request', 'missing_state', { hint: 'The parameter state is missing.', status: 404 });
    const answer = errorPage({ words, error });
    expect(answer.status).toBe(404);
    expect(shownText(await answer.text())).toMatch(
      /Something is wrong[^]*does not accept[^]*What to do now[^]*Technical detail: The parameter state is missing\./,
    );
  });

  it('has words of its own for what people meet', async () => {
    const error = new OAuthError('invalid_client', 'client_unknown', { hint: 'Detail.' });
    const text = shownText(await errorPage({ words, error }).text());
    expect(text).toContain('not registered here');
    expect(text).not.toContain('Detail.');
  });

  it('names the contact of the client policy to the user of a refused app', async () => {
    const error = new OAuthError('unauthorized_client', 'client_blocked');
    const page = async (contact: string | null) => shownText(await errorPage({ words, error, contact }).text());
    expect(await page('it@acme.example')).toMatch(/This app is not allowed here[^]*What to do now[^]*Ask[^]*it@acme\.example/);
    expect(await page(null)).not.toContain('What to do now');
  });

  it('tells nothing of what broke, but how to name the request when asking for help', async () => {
    const error = new OAuthError('server_error', 'unexpected', { cause: new Error('secret') });
    const text = shownText(await errorPage({ words, error, requestId: 'req_1' }).text());
    expect(text).toMatch(/went wrong[^]*Try again in a moment[^]*req_1/);
    expect(text).not.toMatch(/secret|Technical detail/);
  });

  it.each(MARKUP_ATTACKS)('shows %j as text (SEC-165)', async (attack) => {
    const filled = (value: string): Promise<string> =>
      messagePage({ words, title: value, message: value, whatToDo: value, detail: value, requestId: value }).text();
    expect(skeleton(await filled(attack))).toEqual(skeleton(await filled('x')));
    expect(shownText(await filled(attack)).split(attack)).toHaveLength(7);
  });
});
