/**
 * Parses token responses as leniently as RFC 6749 §5.1 allows: anything with 2xx and an access token is a success. An odd member counts as
 * unknown and is never fatal.
 */
import { parseJson } from '../lib/json.ts';
import type { Seconds } from '../model/store.ts';
import { type Body, bodyOf, type Provider, UpstreamError } from './contract.ts';
import { withTypedClaims } from './jwt.ts';
import { endOf } from './refresh-ends.ts';

const MAX_DEPTH = 32;
/** A longer lifetime than this is not a number of seconds. */
const MAX_LIFE: Seconds = 400 * 86_400;

/** A parsed token response. */
export interface TokenAnswer {
  /** For `oauth4webapi`: 200 and valid members, or an error with its status. */
  readonly response: Response;
  /** The refresh token in it, even if nothing else is usable: with rotation, the old one is spent. */
  readonly refreshToken: string | undefined;
  /** The ID token as it was signed; in `response` its claims have the right types. */
  readonly idToken?: string;
}

/** Parses a token response. @throws {UpstreamError} `refused` if it ends a grant, `broken` if it cannot be parsed. */
export async function readAnswer(
  response: Response,
  { repair = (body) => body, openid }: Provider,
  isRefresh: boolean,
): Promise<TokenAnswer> {
  const parsed = parsedOf(await response.text(), response.headers.get('content-type') ?? '');
  const isGood = response.status >= 200 && response.status < 300;
  if (parsed === null) throw new UpstreamError('broken', isGood ? 'token_answer_not_json' : `token_status_${response.status}`);
  const repaired = repairedBy(repair, parsed);
  const refreshToken = textIn(repaired, 'refresh_token') ?? textIn(parsed, 'refresh_token');
  const answer = (body: Body, status: number): TokenAnswer => ({
    response: Response.json(body, { status }),
    refreshToken: isGood ? refreshToken : undefined,
  });
  if (isGood && textIn(repaired, 'access_token') !== undefined) {
    const body = normalized(repaired);
    // An ID token that is not used needs no verification: sites of plain OAuth 2 send ones that do not conform.
    const idToken = isRefresh || !openid ? undefined : textIn(body, 'id_token')?.trim();
    return idToken === undefined
      ? answer({ ...body, id_token: undefined }, 200)
      : { ...answer({ ...body, id_token: withTypedClaims(idToken) }, 200), idToken };
  }
  const end = isRefresh ? endOf(repaired, response.status) : null;
  if (end !== null && refreshToken === undefined) throw new UpstreamError('refused', `refresh_${end}`);
  return answer(repaired, isGood && textIn(repaired, 'error') !== undefined ? 400 : response.status); // GitHub and Slack report errors with 200
}

/** If a repair throws, the response is an error, but its refresh token is not lost. */
function repairedBy(repair: (body: Body) => Body, body: Body): Body {
  try {
    return repair(body);
  } catch {
    return { error: 'repair_failed' };
  }
}

/** JSON, or a form, which old servers send. */
function parsedOf(text: string, type: string): Body | null {
  const parsed = parseJson(text, MAX_DEPTH);
  if (typeof parsed === 'object' && parsed !== null) return bodyOf(parsed);
  const isForm = /form-urlencoded|text\/plain/.test(type) && /^[\w.]+=[^\s<>]*$/.test(text.trim());
  return isForm ? Object.fromEntries(new URLSearchParams(text.trim())) : null;
}

function normalized(given: Body): Body {
  const { error: _error, token_type, refresh_token: _refresh, expires_in, scope, ...rest } = given;
  const life = lifeIn(expires_in);
  const scopes = Array.isArray(scope) ? scope.filter((one) => typeof one === 'string').join(' ') : scope;
  const refreshToken = textIn(given, 'refresh_token');
  return {
    ...rest,
    token_type: typeof token_type === 'string' && /^mac$/i.test(token_type) ? token_type : 'bearer', // we proved no key that a token could be bound to
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(life === undefined ? {} : { expires_in: life }),
    ...(typeof scopes === 'string' ? { scope: scopes } : {}),
  };
}

function lifeIn(value: unknown): Seconds | undefined {
  const seconds = typeof value === 'string' && /^\d{1,9}(?:\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds <= MAX_LIFE ? Math.ceil(seconds) : undefined;
}

function textIn(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
