/**
 * Faults that Portcullis once had, or that a careless change would make, as edits of the source. `tools/catch-rate.ts` puts them back one at
 * a time and lets the simulation look for them; no rule of the simulation knows any of them.
 */

/** One fault. */
export interface Fault {
  readonly id: string;
  readonly what: string;
  readonly file: string;
  /** What stands in the source once, and what stands there with the fault. */
  readonly good: string;
  readonly bad: string;
  /** What else has to be changed, where one place is guarded by another. */
  readonly also?: Pick<Fault, 'file' | 'good' | 'bad'>;
}

/** The source with a fault in it. @throws {Error} where the text to replace does not stand there exactly once. */
export function withFault(text: string, { id, what, file, good, bad }: Pick<Fault, 'id' | 'what' | 'file' | 'good' | 'bad'>): string {
  if (text.split(good).length !== 2)
    throw new Error(`${id} (${what}): ${file} does not hold the text to replace exactly once. Write the fault anew.`);
  return text.replace(good, () => bad);
}

/** All edits of a fault: of its own file, and of another. */
export const editsOf = (fault: Fault): readonly Pick<Fault, 'id' | 'what' | 'file' | 'good' | 'bad'>[] =>
  fault.also === undefined ? [fault] : [fault, { ...fault.also, id: fault.id, what: fault.what }];

const TRANSITIONS = 'src/model/grant-transitions.ts';

export const FAULTS: readonly Fault[] = [
  {
    id: 'F-01', what: 'the messages of a batch are dispatched unjudged', file: 'src/mcp/policy/gate.ts',
    good: `const verdict = need ? await judge(need, asking.access, call.args, policy.implied) : closed(asking.access);`,
    bad: `const verdict: Verdict = isBatch ? { kind: 'allowed' } : need ? await judge(need, asking.access, call.args, policy.implied) : closed(asking.access);`,
  },
  {
    id: 'F-11', what: 'a key that differs is refused before reuse is noticed', file: TRANSITIONS,
    good: `    if (!live && !(retired && isKeyRight)) return ended(grant, 'refresh_reused', proof.now);
    if (!isKeyRight) return refuse('key_differs');`,
    bad: `    if (!isKeyRight) return refuse('key_differs');
    if (!live && !retired) return ended(grant, 'refresh_reused', proof.now);`,
  },
  {
    id: 'F-13', what: 'a retired token leads to its successor, though that is retired as well', file: 'src/grants/repeated-answer.ts',
    good: `    next && tokens.refresh !== null;`,
    bad: `    next && tokens.refresh === 'never';`,
  },
  {
    id: 'F-16', what: 'a device poll forgets the request before it redeems', file: 'src/grants/device-code.ts',
    good: `  const tokens = await redeemCode(params, caller, as, { ...polled, reason: DEVICE_CODE });
  await forgetDevice(as, polled.hash);`,
    bad: `  await forgetDevice(as, polled.hash);
  const tokens = await redeemCode(params, caller, as, { ...polled, reason: DEVICE_CODE });`,
  },
  {
    id: 'F-17', what: 'a code whose answer was our 503 is spent for good', file: 'src/grants/authorization-code.ts',
    good: `if (attempt.given && isOutage(error))`,
    bad: `if (attempt.given === undefined && isOutage(error))`,
  },
  {
    id: 'F-62', what: 'a state under a secret that is not given reads as absent', file: 'src/core/records/user-states.ts',
    good: `if (!opened) throw unreadable(STATE_PURPOSE);`,
    bad: `if (!opened) return null;`,
  },
  {
    id: 'R-02', what: 'a second click finds no answer', file: 'src/core/records/sign-in-flow.ts',
    good: `const answer = stored && ((await as.secrets.openUnder(secret, stored.value.sealed, \`answered:\${hash}\`)) as T | null);`,
    bad: `const answer = stored && secret === '' ? ((await as.secrets.openUnder(secret, stored.value.sealed, \`answered:\${hash}\`)) as T | null) : null;`,
  },
  {
    id: 'R-04', what: 'required scopes can be narrowed away', file: 'src/grants/token-request.ts',
    good: `required: resourceOf(settings, resource)?.requiredScopes ?? []`,
    bad: `required: resourceOf(settings, \`\${resource}#\`)?.requiredScopes ?? []`,
  },
  {
    id: 'R-05', what: 'an unknown scope refuses a refresh', file: 'src/grants/token-request.ts',
    good: `strict: unknownScopes === 'refuse'`, bad: `strict: unknownScopes === 'refuse' || known.length > 0`,
  },
  {
    id: 'R-22', what: 'the same code twice within a moment ends the grant', file: TRANSITIONS,
    good: `<= REPEAT_WINDOW ?`, bad: `< -REPEAT_WINDOW ?`,
  },
  {
    id: 'R-31', what: 'a token answer without token_type is none', file: 'src/upstreams/tokens.ts',
    good: `if (isGood && textIn(repaired, 'access_token') !== undefined) {`,
    bad: `if (isGood && textIn(repaired, 'access_token') !== undefined && textIn(repaired, 'token_type') !== undefined) {`,
  },
  {
    id: 'R-33', what: 'a web page in front of a site ends the account there', file: 'src/upstreams/tokens.ts',
    good: `if (parsed === null) throw new UpstreamError('broken',`,
    bad: `if (parsed === null) throw new UpstreamError(isRefresh && response.status < 500 ? 'refused' : 'broken',`,
  },
  {
    id: 'FLT-03', what: 'a rotated token leads nowhere', file: TRANSITIONS,
    good: `if (lifetimes.grace === 0) return inGraceNow;`, bad: `if (lifetimes.grace >= 0) return inGraceNow;`,
  },
  {
    id: 'FLT-05', what: 'a read that fails is "not there"', file: 'src/core/store-retry.ts',
    good: `    read: (key, known) => retriedRead(() => store.read(key, known)),`,
    bad: `    read: (key, known) => retriedRead(() => store.read(key, known)).catch(() => null),`,
  },
  {
    id: 'SEC-030', what: 'a code is good as often as it comes', file: TRANSITIONS,
    good: `if (code.spent) return redeemAgain(grant, code, proof);`, bad: `if (code.spent && code.failures > 99) return redeemAgain(grant, code, proof);`,
  },
  {
    id: 'SEC-044', what: 'reuse of a refresh token ends nothing', file: TRANSITIONS,
    good: `return ended(grant, 'refresh_reused', proof.now);`, bad: `return refuse('refresh_reused');`,
  },
  {
    id: 'SEC-040', what: 'a grant that ended lets its access tokens live', file: 'src/core/verify.ts',
    good: `if (before !== undefined && isTrustedFromCache(as, before, now))`, bad: `if (before !== undefined)`,
  },
  {
    id: 'SEC-180', what: 'permissions are not asked for', file: 'src/model/access.ts',
    good: `if (!maySee(need, access)) return { kind: 'denied', reason: 'permission_missing' };`, bad: ``,
  },
  {
    id: 'S-122', what: 'scopes of a tool are not asked for', file: 'src/mcp/policy/policy.ts',
    good: `  return requireAny([{ scopes: all }], handler, options);`, bad: `  return requireAny([{ scopes: all.slice(9) }], handler, options);`,
  },
  {
    id: 'SEC-216', what: 'a proof counts as often as it comes', file: 'src/core/records/one-time.ts',
    good: `'absent', { until: until + 1 })) !== null;`, bad: `'any', { until: until + 1 })) !== null;`,
  },
  {
    id: 'SEC-191', what: 'a state is written over what others wrote meanwhile', file: 'src/core/records/user-states.ts',
    good: `return store.write(key, record, since ?? 'absent',`, bad: `return store.write(key, record, since === undefined ? 'any' : 'any',`,
  },
  {
    id: 'F-02', what: 'a completion is judged by its uri, though the SDK goes by its type', file: 'src/mcp/policy/gate.ts',
    good: `return ref?.type === 'ref/prompt' ? calls('prompt', [ref.name]) : calls('resource', [ref?.uri], true);`,
    bad: `return ref?.uri === undefined ? [] : calls('resource', [ref.uri], true);`,
  },
  {
    id: 'F-03', what: 'what is in a list is judged by what was asked under its id', file: 'src/mcp/policy/gate.ts',
    good: `const seen = withoutUnseen(policy, access, kind, items);`,
    bad: `const seen = withoutUnseen(policy, access, 'tool', items);`,
    also: {
      file: 'src/mcp/policy/read-messages.ts',
      good: `if (isBatch && hasIdTwice(messages))`, bad: `if (isBatch && hasIdTwice(messages) && messages.length > 99)`,
    },
  },
  {
    id: 'F-04', what: 'the first need that matches a resource is the only one', file: 'src/mcp/policy/policy.ts',
    good: `return needs.includes(null) ? null : combineNeeds(needs.filter((need) => need !== null));`,
    bad: `return needs.includes(null) ? null : combineNeeds(needs.filter((need) => need !== null).slice(0, 1));`,
  },
  {
    id: 'F-08', what: 'tools see cookies and keys of the request', file: 'src/mcp/tool-context.ts',
    good: `/authoriz|cookie|credential|passw|secret|(?:api|functions|subscription)[-_]?key|token|`,
    bad: `/authoriz|credential|passw|secret|token|`,
  },
  {
    id: 'F-12', what: 'an import refuses records whose names an epoch or a tenant begins', file: 'src/stores/move.ts',
    good: `return typeof value === 'string' && value.indexOf(':') > 0;`,
    bad: `return typeof value === 'string' && /^[a-z-]+:/.test(value);`,
  },
  {
    id: 'F-18', what: 'a token of an exchange outlives the token that was exchanged', file: 'src/core/verify.ts',
    good: `(findAccess(parent, grant.subjectHash ?? '', now) ? null : 'subject_token_over')`,
    bad: `(findAccess(parent, grant.subjectHash ?? '', now) || grant.subjectHash ? null : 'subject_token_over')`,
  },
  {
    id: 'F-21', what: 'resealing always leaves something', file: 'src/core/reseal.ts',
    good: `if (typeof sealed !== 'string' || !sealed.startsWith('s1.')) return sealed ?? null;`,
    bad: `if (typeof sealed !== 'string' || !sealed.startsWith('s1.')) return sealed ?? null;
      isLost ||= key.startsWith('state:');`,
  },
  {
    id: 'F-35', what: 'guesses from elsewhere keep the owner out', file: 'src/core/attempts.ts',
    good: 'const networkName = (kind: string, account: string, from = network): string => `${kind}\\n${account}\\n${from}`;',
    bad: 'const networkName = (kind: string, account: string, _from = network): string => `${kind}\\n${account}`;',
  },
  {
    id: 'F-38', what: 'a browser is sent to a client that no site vouches for', file: 'src/endpoints/authorize/authorize.ts',
    good: `return isTrusted || user`, bad: `return isTrusted || user || location`,
  },
  {
    id: 'F-40', what: 'our own redirect counts as the doing of the person', file: 'src/endpoints/sign-in/browser-context.ts',
    good: `  if (new URL(request.url).searchParams.has(RETURNED)) return false;
  return entered === true || request.headers.get('sec-fetch-site') === 'none';`,
    bad: `  return entered === true || ['none', 'same-origin'].includes(request.headers.get('sec-fetch-site') ?? '');`,
  },
  {
    id: 'F-46', what: 'answers of tools may be kept by caches', file: 'src/lib/http.ts',
    good: `const value = mediaTypeOf(response.headers) === 'text/event-stream' ? 'no-store, no-transform' : 'no-store';`,
    bad: `const value = mediaTypeOf(response.headers) === 'text/event-stream' ? 'no-transform' : 'max-age=60';`,
  },
  {
    id: 'F-63', what: 'a restore under a new epoch loses what users stored', file: 'src/model/store.ts',
    good: `  'state',
  'totp',`, bad: `  'totp',`,
  },
  {
    id: 'R-01', what: 'form-action binds what a page of the client does next', file: 'src/pages/layout.ts',
    good: `...(formAction === 'leaves' ? [] : [`, bad: `...(formAction === undefined ? [] : [`,
  },
  {
    id: 'R-03', what: 'a client is unknown while the host of its document is down', file: 'src/clients/metadata-document.ts',
    good: `if (isHostDown(answer)) return whileDown(as, id, answer);`, bad: ``,
  },
  {
    id: 'R-06', what: 'offline_access beside other scopes is dropped', file: 'src/endpoints/authorize/authorization-request.ts',
    good: `...(asked.length > rights.length ? { offline: true } : {}),`,
    bad: `...(asked.length > rights.length && rights.length === 0 ? { offline: true } : {}),`,
  },
  {
    id: 'R-07', what: 'schemes of known apps are registered and then refused', file: 'src/model/redirect.ts',
    good: `const isSchemeGood = kind !== 'private-use' || isUsableScheme(wanted, schemes);`, bad: `const isSchemeGood = kind !== 'private-use';`,
  },
  {
    id: 'R-08', what: 'a resource that is named twice is several', file: 'src/model/resource.ts',
    good: `if (meant.size > 1)`, bad: `if (asked.length > 1)`,
  },
  {
    id: 'R-09', what: 'a client that chose no method is held to one', file: 'src/clients/confidential.ts',
    good: `return authMethod === method || (!methodChosen && authMethod.startsWith('client_secret'));`, bad: `return authMethod === method || methodChosen === undefined && authMethod === method;`,
  },
  {
    id: 'R-10', what: 'a secret in a Basic header must be form-encoded', file: 'src/clients/confidential.ts',
    good: `const readings = [parseBasic(authorization), rawBasic(authorization)].filter(`,
    bad: `const readings = [parseBasic(authorization)].filter(`,
  },
  {
    id: 'R-11', what: 'an address with a slash at its end is another resource', file: 'src/guard/answers.ts',
    good: `const names = [description.resource, ...more].flatMap((name) => [name, otherSpelling(name)]).filter((name) => name !== null);`,
    bad: `const names = [description.resource, ...more].flatMap((name) => [name, otherSpelling('')]).filter((name) => name !== null);`,
  },
  {
    id: 'R-12', what: 'a client must name one of several routes', file: 'src/provider/host.ts',
    good: `everyRoute: defaultResource === undefined ? everyRouteIn(resources, issuer) : undefined,`,
    bad: `everyRoute: defaultResource === '' ? everyRouteIn(resources, issuer) : undefined,`,
  },
  {
    id: 'R-12b', what: 'required scopes can be unticked where no route is named', file: 'src/endpoints/authorize/consent.ts',
    good: `return resourceOf(as.settings, pending.resource)?.requiredScopes ?? [];`,
    bad: `return as.settings.resources.find(({ uri }) => uri === pending.resource)?.requiredScopes ?? [];`,
    also: {
      file: 'src/endpoints/authorize/consent-page.ts',
      good: `resourceOf(settings, pending.resource)`, bad: `settings.resources.find((one) => one.uri === pending.resource && resourceOf !== null)`,
    },
  },
  {
    id: 'R-13', what: 'who asks for unknown scopes only is refused', file: 'src/model/scope.ts',
    good: `  return accepted.length === 0 ? defaults : accepted;`,
    bad: `  if (accepted.length === 0 && asked.length > 0) throw new OAuthError('invalid_scope', 'scope_unknown');
  return accepted.length === 0 ? defaults : accepted;`,
  },
  {
    id: 'R-14', what: 'only origins of web pages can be allowed', file: 'src/options/option-checks.ts',
    good: `return WEB.test(protocol) ? origin === text : /`, bad: `return WEB.test(protocol) ? origin === text : origin === text && /`,
  },
  {
    id: 'R-18', what: 'a charset other than UTF-8 is refused', file: 'src/endpoints/endpoint.ts',
    good: `if (!isUtf8 && !WITH_ASCII.test(charset))`, bad: `if (!isUtf8 && WITH_ASCII !== null)`,
  },
  {
    id: 'R-19', what: 'HEAD is no method of the authorization endpoint', file: 'src/site.ts',
    good: `methods: { GET: greeting(authorize), HEAD: authorize, POST: authorize },`, bad: `methods: { GET: greeting(authorize), POST: authorize },`,
  },
  {
    id: 'R-20', what: 'a link that cannot be shown refuses the whole client', file: 'src/clients/metadata.ts',
    good: `.map((name) => webUriOf(given.get(name)));`, bad: `.map((name) => {
    const shown = webUriOf(given.get(name));
    if (shown === undefined && given.get(name) !== undefined) throw invalid('uri', 'A link must be public.');
    return shown;
  });`,
  },
  {
    id: 'R-21', what: 'a preflight for other headers is refused', file: 'src/server.ts',
    good: `askedHeaders(request) ?? 'Authorization, Content-Type, DPoP, MCP-Protocol-Version'`,
    bad: `(request.url === '' ? askedHeaders(request) : null) ?? 'Authorization, Content-Type, DPoP, MCP-Protocol-Version'`,
  },
  {
    id: 'R-32', what: 'the end that a signed token says itself is not read', file: 'src/upstreams/tokens.ts',
    good: `const expiresAt = expiresIn === undefined ? endIn(accessToken, now) : now + Math.floor(expiresIn);`,
    bad: `const expiresAt = expiresIn === undefined ? endIn('', now) : now + Math.floor(expiresIn);`,
  },
  {
    id: 'R-38', what: 'a sign-in fails where the profile cannot be read', file: 'src/upstreams/code-flow.ts',
    good: `  if (profile['sub'] === undefined) return {};
`, bad: ``,
  },
  {
    id: 'R-51', what: 'a slow tool sends no byte until it is done', file: 'src/mcp/response.ts',
    good: `const PATIENCE_MS = 5000;`, bad: `const PATIENCE_MS = 50_000;`,
  },
  {
    id: 'R-52', what: 'only the two media types by name are acceptable', file: 'src/lib/http.ts',
    good: 'const specific = RANGE.test(range) ? [`*/*`, `${main}/*`, type].indexOf(range) : -1;',
    bad: `const specific = RANGE.test(range) && main !== '' && range === type ? 2 : -1;`,
  },
  {
    id: 'R-53', what: 'what a server says through its own object is dropped', file: 'src/mcp/handler.ts',
    good: `          relateToRequest(server, body);
`, bad: `          void relateToRequest;
`,
  },
  {
    id: 'F-19', what: 'a policy of the operator that says nothing says yes', file: 'src/endpoints/oauth/register.ts',
    good: `if (policy !== null && (await policy(metadata, request)) !== true)`, bad: `if (policy !== null && (await policy(metadata, request)) === false)`,
  },
  {
    id: 'F-22', what: 'a quota that cannot be counted is no limit', file: 'src/endpoints/oauth/register.ts',
    good: `if (!(await takeSlot(as, quota)) && !(await takeOldestSlot(as)))`, bad: `if (!(await takeSlot(as, quota).catch(() => true)) && as.now() === 0 && !(await takeOldestSlot(as)))`,
  },
  {
    id: 'F-34', what: 'a password of the configuration is never renewed', file: 'src/core/users/new-accounts.ts',
    good: `if (seed.hash !== null && (await isRight(password, seed.hash))) return 'same';`, bad: `if (seed.hash !== null) return 'same';`,
  },
  {
    id: 'F-36', what: 'a mail is sent before the answer, to those who are there', file: 'src/logins/password-change.ts',
    good: `services.after(() => sendTo(typed, call, rules));`, bad: `await sendTo(typed, call, rules);`,
  },
  {
    id: 'F-42', what: 'who may come in is decided once', file: 'src/core/recheck.ts',
    good: `    if (verdict === 'no') return null;
`, bad: ``,
  },
  {
    id: 'F-45', what: 'each of many looks at one new document is counted', file: 'src/clients/metadata-document.ts',
    good: `  let isMine = false;
`, bad: `  let isMine = false;
  await countFetch(as, network);
`,
  },
  {
    id: 'F-66', what: 'a write that a failover lost looks like theft', file: 'src/grants/refresh-token.ts',
    good: `leadsBack: as.store.mayLose === true`, bad: `leadsBack: as.store.mayLose === undefined`,
  },
  {
    id: 'F-69', what: 'a full store cannot revoke', file: 'src/core/records/grant-records.ts',
    good: `if (!isEnded(value) || !isNothingDone(error) || typeof when !== 'number' || !(await store.remove(key, when))) throw error;`,
    bad: `if (!isEnded(value) || !isNothingDone(error) || typeof when === 'number' || !(await store.remove(key, when))) throw error;`,
  },
  {
    id: 'R-15', what: 'registrations that nobody uses keep others out', file: 'src/endpoints/oauth/register.ts',
    good: `if (!(await takeSlot(as, quota)) && !(await takeOldestSlot(as)))`, bad: `if (!(await takeSlot(as, quota)) && (takeOldestSlot === null || as.now() > 0))`,
    also: { file: 'src/endpoints/oauth/register.ts', good: `const UNUSED_TTL: Seconds = 86_400;`, bad: `const UNUSED_TTL: Seconds = 90 * 86_400;` },
  },
]; // prettier-ignore
