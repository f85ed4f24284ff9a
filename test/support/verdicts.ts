/** What a refusal looks like, said once: a page of ours, an error told by redirect, JSON, a challenge of the guard. */
import { expect } from 'vitest';
import type { BrowserPage } from '../../src/testing/browser.ts';
import type { JsonAnswer } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER } from './app.ts';

/** A local page with a status of 4xx: no redirect, nothing of the hostile input in it, nothing that a browser keeps. */
export function expectPage(page: BrowserPage, { status = 400, never = [] }: { status?: number; never?: readonly string[] } = {}): void {
  expect(page.status).toBe(status);
  expect(page.location).toBeNull();
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('cache-control')).toContain('no-store');
  for (const input of never) expect(page.text).not.toContain(input);
}

/** An error told to the client by a redirect it registered: exact state, one issuer, nothing in a fragment. */
export function expectRedirect(page: BrowserPage, error: string, state: string | null = 'st4te'): void {
  expect(page.location, `a redirect with ${error}, not ${page.status} ${page.text.slice(0, 200)}`).not.toBeNull();
  expect([302, 303]).toContain(page.status);
  const { searchParams, hash } = new URL(page.location ?? '');
  expect(searchParams.getAll('error')).toEqual([error]);
  expect(searchParams.getAll('state')).toEqual(state === null ? [] : [state]);
  expect(searchParams.getAll('iss')).toEqual([ISSUER]);
  expect([searchParams.has('code'), hash]).toEqual([false, '']);
}

/** A JSON error that no cache keeps, with nothing in it but the code and a general text. */
export function expectJson(answer: JsonAnswer, error: string, status = 400): void {
  expect({ status: answer.status, error: answer.body['error'] }).toEqual({ status, error });
  expect(answer.headers.get('cache-control')).toContain('no-store');
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(Object.keys(answer.body).toSorted()).toEqual(['error', 'error_description']);
}

/** 401 of the guard; `error` null where no token was sent. */
export function expectChallenge({ status, response }: { status: number; response: Response }, error: 'invalid_token' | null): void {
  expect(status).toBe(401);
  const header = response.headers.get('www-authenticate') ?? '';
  expect(header).toMatch(/^Bearer /);
  expect(header).toContain('resource_metadata="');
  expect(/error="([^"]*)"/.exec(header)?.[1] ?? null).toBe(error);
}

/** The private reason of the last refusal. */
export function lastReason(app: App): string | undefined {
  const last = app.events.findLast((event) => event.kind === 'request.refused');
  return last?.kind === 'request.refused' ? last.reason : undefined;
}

/** Runs something that must leave no record behind and change none. */
export async function expectNothingWritten<T>(app: App, run: () => Promise<T>): Promise<T> {
  const before = { writes: app.counts.writes, removes: app.counts.removes };
  const result = await run();
  expect({ writes: app.counts.writes, removes: app.counts.removes }).toEqual(before);
  return result;
}

/** The JSON answer in a response. */
export async function answerOf(response: Response): Promise<JsonAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}
