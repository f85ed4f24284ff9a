/**
 * Load: a process that asks one server over keep-alive connections, one request at a time on each, until a bounded number of
 * requests is answered. It takes jobs and gives results over Node's process channel, so it is never charged to a server.
 */
import { createConnection } from 'node:net';
import { HOST } from './servers/answers.ts';

/** What to ask. */
export interface Job {
  readonly port: number;
  readonly path: string;
  readonly requests: number;
  readonly connections: number;
  /** Expected status; anything else is a failure. */
  readonly status: number;
  /** Without it the request is a GET. */
  readonly form?: Readonly<Record<string, string>>;
  /** A JSON body in place of a form. */
  readonly json?: string;
  /** More lines of the head, each with its end of line. */
  readonly head?: string;
  /** Where a value of its own goes into each request: the bearer token, or a field of the form. */
  readonly vary?: { readonly place: 'bearer' | 'head' | 'code' | 'refresh_token' | 'token'; readonly values: readonly string[] };
  /** Requests a second, sent when they are due whether or not others were answered; without it, a connection sends when it has its answer. */
  readonly rate?: number;
  /** Each connection goes on with the refresh token that it was answered. */
  readonly chain?: boolean;
}

/** What came of it. */
export interface Result {
  readonly failures: number;
  /** The first failure's answer. */
  readonly sample: string;
  readonly milliseconds: number;
  /** Of each request that was answered, from when it was due, in milliseconds. */
  readonly waits: readonly number[];
  /** Tokens that were answered. */
  readonly access: readonly string[];
  readonly refresh: readonly string[];
}

/** The longest that a job may take. */
const LIMIT_MS = 120_000;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Runs a job. */
export async function run(job: Job): Promise<Result> {
  const access: string[] = [];
  const refresh: string[] = [];
  const waits: number[] = [];
  const due: number[] = Array.from({ length: job.connections }, () => performance.now());
  let [failures, sample, sent] = [0, '', 0];
  const began = performance.now();
  const next = (previous: Answer | null, lane: number): string | null => {
    if (previous) waits.push(performance.now() - (due[lane] ?? 0));
    if (previous && previous.status !== job.status) {
      if (failures++ === 0) sample = `${previous.status} ${previous.body.slice(0, 300)}`;
      if (failures > 50) return null;
    }
    const tokens = previous && job.form && previous.status === 200 ? (JSON.parse(previous.body) as Record<string, string>) : null;
    if (tokens?.['access_token'] !== undefined) access.push(tokens['access_token']);
    if (tokens?.['refresh_token'] !== undefined) refresh.push(tokens['refresh_token']);
    if (sent >= job.requests || performance.now() - began > LIMIT_MS) return null;
    const values = job.vary?.values ?? [''];
    const own = job.chain ? (tokens?.['refresh_token'] ?? values[lane]) : values[sent % values.length];
    due[lane] = job.rate === undefined ? performance.now() : began + (sent / job.rate) * 1000;
    sent++;
    return requestOf(job, own ?? '');
  };
  const converseIn = (lane: number): Promise<void> =>
    converse(
      job.port,
      (previous) => next(previous, lane),
      () => (due[lane] ?? 0) - performance.now(),
    );
  await Promise.all(Array.from({ length: job.connections }, (_, lane) => converseIn(lane)));
  if (sent < job.requests && failures === 0) [failures, sample] = [job.requests - sent, 'out of time'];
  return { failures, sample, milliseconds: performance.now() - began, waits, access, refresh };
}

function requestOf({ path, form, json, head: more = 'accept: application/json\r\n', vary }: Job, value: string): string {
  const head = `${form || json !== undefined ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nhost: ${HOST}\r\nuser-agent: bench\r\n${more}`;
  const bearer = vary?.place === 'bearer' ? `authorization: Bearer ${value}\r\n` : vary?.place === 'head' ? value : '';
  if (json !== undefined) return `${head}${bearer}content-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`;
  if (!form) return `${head}${bearer}\r\n`;
  const own = vary && vary.place !== 'bearer' && vary.place !== 'head' ? { [vary.place]: value } : {};
  const body = new URLSearchParams({ ...form, ...own }).toString();
  return `${head}${bearer}content-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/**
 * One connection: `next` is given the answer before and says what to send, null for nothing more; `early` how many milliseconds too early
 * that would be now.
 */
function converse(port: number, next: (previous: Answer | null) => string | null, early: () => number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
    let held = '';
    const go = (previous: Answer | null): void => {
      const request = next(previous);
      if (request !== null)
        return early() > 1 ? void setTimeout(() => socket.write(request, 'latin1'), early()) : void socket.write(request, 'latin1');
      socket.end();
      resolve();
    };
    socket.once('connect', () => go(null));
    socket.once('error', reject);
    socket.once('close', () => resolve());
    socket.setEncoding('latin1').on('data', (text: string) => {
      held += text;
      const answer = parse(held);
      if (!answer) return;
      held = '';
      go(answer);
    });
  });
}

const CLOSED = 'the server hung up';

/** A whole answer, or null while it is still coming. Answers here are ASCII, and one comes at a time. */
function parse(text: string): Answer | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const rest = text.slice(end + 4);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? { status, body: rest } : null;
  if (!head.includes('transfer-encoding: chunked')) return status === 204 ? { status, body: '' } : { status: 0, body: CLOSED };
  return rest.endsWith('0\r\n\r\n') ? { status, body: unchunked(rest) } : null;
}

function unchunked(text: string): string {
  let [body, at] = ['', 0];
  for (;;) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    if (!(size > 0)) return body;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}

process.on('message', (job: Job) => {
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
