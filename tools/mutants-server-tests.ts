/**
 * The nearest tests (`npm run mutants -- --near`) of server files whose tests have another path: a source file with a test of its own, or
 * a journey.
 */

/** By the path of the source. */
export const SERVER_TESTS: { readonly [file: string]: string } = {
  'src/core/records/records.ts': 'src/{core/attempts,core/users/identities,core/users/accounts,admin/users,journeys/abuse}.ts',
  'src/core/users/identities.ts': 'src/{journeys/{sign-ins,account},endpoints/account/linked-accounts}.ts',
  'src/core/users/sign-out.ts': 'src/provider/disabled-users.ts',
  'src/core/records/sign-in-flow.ts': 'src/{endpoints/authorize/{repeated-answer,issue-code,step},journeys/{upstream,identifier}}.ts',
  'src/core/records/one-time.ts': 'src/endpoints/oauth/{par,register}.ts',
  'src/core/records/grant-records.ts': 'src/core/records/records.ts',
  'src/core/audit/append.ts': 'src/core/audit/audit-log.ts',
  'src/grants/token-request.ts':
    'src/{grants/{authorization-code,direct-grant,jwt-bearer,refresh-token,token-exchange},journeys/signed-tokens}.ts',
  'src/grants/former-grants.ts': 'src/former/workers-oauth-kv.ts',
  'src/grants/repeated-answer.ts': 'src/{grants/refresh-token,model/grant-transitions,journeys/{lost-answers,refresh}}.ts',
  'src/grants/direct-grant.ts': 'src/grants/{on-tokens,jwt-bearer,token-exchange}.ts',
  'src/core/records/client-status.ts': 'src/journeys/client-policy.ts',
  'src/core/users/security-mail.ts': 'src/journeys/security-mail.ts',
  'src/endpoints/account/access-keys.ts': 'src/journeys/access-keys.ts',
  'src/core/signatures.ts': 'src/journeys/{dpop,proof-order}.ts',
  'src/core/signing-keys.ts': 'src/journeys/signed-tokens.ts',
  'src/core/vault/vault-refresh.ts': 'src/core/vault/vault.ts',
  'src/core/verify.ts':
    'src/{provider/tokens,journeys/access-keys,journeys/client-policy,endpoints/oauth/introspect,grants/direct-grant,grants/token-exchange,journeys/cached-tokens,journeys/dpop,journeys/refusal-reasons,journeys/resources,journeys/vault}.ts',
  'src/endpoints/authorize/authorization-request.ts':
    'src/{journeys/client-policy,provider/own-pages,grants/token-request,endpoints/authorize-redirect,endpoints/login-hint,endpoints/authorize/authorize,endpoints/oauth/par}.ts',
  'src/endpoints/authorize/authorize.ts':
    'src/{journeys/{consent,client-policy,words,step-up,abuse},endpoints/{authorize-redirect,login-hint,oauth/par}}.ts',
  'src/endpoints/authorize/issue-code.ts': 'src/{endpoints/authorize/{consent,repeated-answer},journeys/{consent,scopes,words}}.ts',
  'src/endpoints/authorize/consent.ts':
    'src/{journeys/{consent,step-up,device,sign-ins,vault},endpoints/{cross-site,authorize/issue-code-scopes,authorize/step}}.ts',
  'src/endpoints/oauth/token.ts': 'src/{journeys/dpop,clients/confidential}.ts',
  'src/endpoints/authorize/consent-page.ts': 'src/{endpoints/login-hint,journeys/consent}.ts',
  'src/endpoints/authorize/device.ts': 'src/journeys/device{,-clients}.ts',
  'src/endpoints/authorize/step.ts': 'src/{provider/disabled-users,endpoints/cross-site,logins/totp,journeys/{identifier,attempts}}.ts',
  'src/endpoints/authorize/upstream-sign-in.ts':
    'src/{provider/disabled-users,journeys/{upstream,upstream-trouble,sign-ins,connect},endpoints/{cross-site,authorize/upstream-sign-in-auth-time}}.ts',
  'src/endpoints/account/login.ts':
    'src/{endpoints/{cross-site,authorize/step},journeys/{existing-session,own-login,identifier,password,security-mail,sign-ins}}.ts',
  'src/endpoints/oauth/register.ts': 'src/journeys/client-policy.ts',
  'src/endpoints/sign-in/session.ts': 'src/{endpoints/sign-in/browser-context,endpoints/account/login,journeys/existing-session}.ts',
  'src/endpoints/sign-in/sign-in.ts':
    'src/{endpoints/{account/login,authorize/{step,upstream-sign-in-callback,consent}},journeys/{existing-session,identifier,security-mail,own-login,password,sign-ins,attempts,account},provider/disabled-users,logins/totp}.ts',
  'src/grants/device-code.ts': 'src/journeys/device{,-clients}.ts',
  'src/grants/authorization-code.ts': 'src/{grants/token-request,grants/on-tokens,journeys/lost-answers,journeys/signed-tokens}.ts',
  'src/core/recheck.ts': 'src/journeys/recheck.ts',
  'src/grants/refresh-token.ts':
    'src/{grants/token-request,grants/on-tokens,former/workers-oauth-kv,journeys/lost-answers,journeys/recheck,journeys/refresh,journeys/signed-tokens,journeys/places}.ts',
  'src/logins/password.ts': 'src/journeys/password.ts',
  'src/logins/totp.ts': 'src/journeys/account.ts',
  'src/grants/token-exchange.ts': 'src/journeys/access-keys.ts',
  'src/endpoints/oauth/introspect.ts': 'src/journeys/access-keys.ts',
  'src/guard/answers.ts': 'src/{guard/guard,provider/tokens}.ts',
  'src/guard/guard.ts': 'src/provider/{telemetry,tokens}.ts',
  'src/mcp/policy/gate.ts': 'src/provider/telemetry.ts',
  'src/model/grant.ts': 'src/model/grant-transitions.ts',
};
