import { describe, expect, it } from 'vitest';
import { accepts, prefersHtml } from '../../src/lib/http.ts';

const JSON_TYPE = 'application/json';
const STREAM = 'text/event-stream';

describe('lib/http', () => {
  it.each([
    null, '', ' ', '*/*', 'application/json, text/event-stream', 'Application/JSON, Text/Event-Stream', 'text/event-stream;q=0.5,application/json;q=0.9',
    'application/*, text/*', 'text/html, */*;q=0.1', 'application/json;charset=utf-8, text/event-stream', 'application/json; q=1.0, text/event-stream; Q=0.001',
    '*/*;q=0, application/json, text/event-stream', 'text/*;q=0, */*, text/event-stream',
  ])('%j takes JSON and streams (R-52)', (header) => {
    expect([accepts(header, JSON_TYPE), accepts(header, STREAM)]).toEqual([true, true]);
  }); // prettier-ignore

  it.each([
    ['application/json', true, false],
    ['text/event-stream', false, true],
    ['text/html', false, false],
    ['*/*, text/event-stream;q=0', true, false],
    ['*/*;q=0', false, false],
    ['application/*;q=0, */*', false, true],
    ['application/json;q=0.0, application/*', false, false],
    ['text/event-streams, application/jsonp', false, false],
    ['json', false, false],
  ] as const)('%j takes JSON: %s, streams: %s (R-52)', (header, json, stream) => {
    expect([accepts(header, JSON_TYPE), accepts(header, STREAM)]).toEqual([json, stream]);
  });

  it.each([
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8', true], // Chromium, Firefox
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true], // Safari
    ['text/html', true],
    [null, false],
    ['*/*', false],
    ['application/json, text/plain, */*', false],
    ['application/json, text/event-stream', false],
    ['text/event-stream', false],
    ['text/html, application/json', false],
    ['text/*', false],
    ['text/html;q=0.5, text/event-stream', false],
    ['text/html;q=0', false],
  ] as const)('%j prefers HTML: %s (N-17)', (header, html) => {
    expect(prefersHtml(header)).toBe(html);
  });
});
