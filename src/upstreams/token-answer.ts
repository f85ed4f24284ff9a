/** The token answer as RFC 6749 §5 wants it: repaired where the provider has its own ways, and an error never with status 200. */
import { parseJson } from '../lib/json.ts';
import { bodyOf, type Provider, UpstreamError } from './contract.ts';

const DEEPEST = 32;

/** Reads and repairs one; an empty refresh token is none. @throws {UpstreamError} when it is not JSON. */
export async function mended(response: Response, { mend = (body) => body }: Provider): Promise<Response> {
  const parsed = parseJson(await response.text(), DEEPEST);
  if (typeof parsed !== 'object' || parsed === null) throw new UpstreamError('broken', 'token_answer_not_json');
  const { refresh_token: refreshToken, ...rest } = mend(bodyOf(parsed));
  const isNone = refreshToken === undefined || refreshToken === null || refreshToken === '';
  const body = isNone ? rest : { ...rest, refresh_token: refreshToken };
  const status = typeof rest['error'] === 'string' && response.status === 200 ? 400 : response.status;
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}
