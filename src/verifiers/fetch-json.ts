/**
 * Fetches a JSON object from an authorization server that the operator configured: without redirects, bounded in time and size.
 */
import { readStream } from '../lib/http.ts';
import { parseJson } from '../lib/json.ts';
import { SourceUnavailable } from './contract.ts';

const MAX_BYTES = 262_144;
const MAX_DEPTH = 12;
const PATIENCE_MS = 5000;

/** A JSON object. */
export type JsonObject = { readonly [name: string]: unknown };

/**
 * Fetches a JSON object.
 *
 * @param none statuses that give null; by default 404, so that another location can be tried.
 * @throws {SourceUnavailable} for anything else that is not an object.
 */
export async function fetchJson(
  fetcher: typeof fetch,
  url: string,
  step: string,
  init: RequestInit = {},
  none: readonly number[] = [404],
): Promise<JsonObject | null> {
  let response: Response;
  let body: Awaited<ReturnType<typeof readStream>>;
  try {
    const headers = { accept: 'application/json', ...(init.headers as Record<string, string> | undefined) };
    response = await fetcher(url, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
    body = response.body ? await readStream(response.body, MAX_BYTES) : { text: '' };
  } catch (error) {
    throw new SourceUnavailable(step, { cause: error });
  }
  if (none.includes(response.status)) return null;
  if (response.status !== 200) throw new SourceUnavailable(`${step}_status_${response.status}`);
  const value = 'text' in body ? parseJson(body.text, MAX_DEPTH) : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SourceUnavailable(`${step}_malformed`);
  return value as JsonObject;
}
