/**
 * Authorization code grant: redeems a code, once, for the first tokens of a grant (RFC 6749 §4.1.3, OAuth 2.1 §4.1.3).
 * One read and one write for a public client.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { MintedTokens } from '../core/records/secrets.ts';
import { isOutage, OAuthError } from '../model/error.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import type { TokensReason } from '../model/on-tokens.ts';
import type { Params } from '../model/params.ts';
import { checkVerifier } from '../model/pkce.ts';
import { parseScope } from '../model/scope.ts';
import { grantIdOf, unwrap } from '../model/token.ts';
import { redeem, type Verdict } from '../model/grant-transitions.ts';
import {
  changeGrant,
  type IssuedTokens,
  requestedResource,
  scopeRulesOf,
  type SealedTokens,
  signAccessToken,
  tryThere,
} from './token-request.ts';
import type { Amend, WouldIssue } from './on-tokens.ts';

/** Result of a redemption: the current grant, and the response. */
type Redemption = { readonly grant: Grant; readonly answer: IssuedTokens };

/** Redeems the code of a request. */
export async function authorizationCode(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const code = params.required('code');
  const verifier = checkVerifier(params.optional('code_verifier'));
  const challenge = await as.secrets.hash(verifier); // as `S256` has it (RFC 7636 §4.2)
  return redeemCode(params, caller, as, { code, challenge, redirectUri: params.optional('redirect_uri') });
}

/** A code with what was presented beside it. */
interface PresentedCode {
  readonly code: string;
  readonly challenge: string;
  readonly redirectUri?: string | undefined;
  readonly reason?: TokensReason;
}

/** Redeems a code from the request, or one that a device waited for. */
export async function redeemCode(
  params: Params,
  caller: Caller,
  as: AuthServer,
  { code, challenge, redirectUri, reason = 'authorization_code' }: PresentedCode,
): Promise<IssuedTokens> {
  const grantId = grantIdOf('code', code);
  if (grantId === null) throw new OAuthError('invalid_grant', 'code_malformed');
  const tokens = await as.secrets.mint(grantId);
  const proof = {
    code: await as.secrets.proof(code),
    clientId: caller.clientId,
    challenge,
    redirectUri,
    resource: requestedResource(params, as),
    scope: parseScope(params.optional('scope')),
    expandScopes: as.settings.expandScopes,
    rules: scopeRulesOf(as.settings),
    jkt: caller.key?.jkt,
    now: as.now(),
  };
  const attempt: { given: SealedTokens | null } = { given: null };
  try {
    const mintedFor = (current: Grant): MintedTokens => (current.lifetimes.refresh === 0 ? { ...tokens, refresh: null } : tokens);
    const check = async (current: Grant): Promise<Verdict<WouldIssue>> => {
      const verdict = redeem(proof, mintedFor(current))(current);
      if ('error' in verdict) return verdict;
      const isNew = verdict.result.kind === 'issued' && current.code;
      return { result: isNew ? { scope: verdict.result.access.scope, key: unwrap(current.code, proof.code.pad) } : null };
    };
    const answerWith = (grant: Grant, { scope, expiresAt, jkt }: GrantAccess, accessToken: string): Redemption => {
      const refreshToken = mintedFor(grant).refresh && tokens.refreshToken;
      attempt.given = { access: accessToken, refresh: refreshToken };
      return { grant, answer: { accessToken, refreshToken, scope, resource: grant.resource, expiresAt, jkt } };
    };
    attempt.given = { access: tokens.accessToken, refresh: tokens.refreshToken }; // if the answer to this is lost
    const { issued, known } = await tryThere(as, caller, grantId, { kind: 'redeem', proof }, tokens);
    const transition = async (current: Grant, amend?: Amend): Promise<Verdict<Redemption>> => {
      const verdict = redeem(proof, mintedFor(current))(current);
      if ('error' in verdict) return verdict;
      attempt.given = null; // an earlier attempt was certainly not written
      const { grant: next = current, result } = verdict;
      if (result.kind === 'repeated') {
        const { repeatAnswer, openSealedTokens } = await import('./repeated-answer.ts');
        attempt.given = await openSealedTokens(as, grantId, code, result.sealedAnswer);
        return { grant: next, result: { grant: next, answer: await repeatAnswer(as, next, attempt.given) } };
      }
      const given = amend?.(next, result.access) ?? { grant: next, access: result.access };
      const { grant, access, accessToken } = await signAccessToken(as, given.grant, given.access, tokens);
      return { grant, result: answerWith(grant, access, accessToken) };
    };
    const issue = async (amend?: Amend): Promise<Redemption> =>
      issued
        ? answerWith(issued.grant, issued.access, tokens.accessToken)
        : changeGrant(as, caller, grantId, (current) => transition(current, amend), known);
    const asking = { as, caller, grantId, reason, check, issue } as const;
    const { grant, answer } = await (as.settings.onTokens === null ? issue() : (await import('./on-tokens.ts')).issueAsked(asking));
    void as.clientPlaces?.note(grant.code?.redirectUri, as.place);
    as.emit({ kind: 'grant.redeemed', grantId, clientId: caller.clientId, userId: grant.userId });
    return answer;
  } catch (error) {
    if (attempt.given && isOutage(error)) await (await import('./repeated-answer.ts')).keepForRetry(as, grantId, code, attempt.given);
    throw error;
  }
}
