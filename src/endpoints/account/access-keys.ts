/**
 * Page of personal access tokens, below the account page. A token is made by a signed-in person with recent authentication, and by no token:
 * the page takes the session's cookie only.
 */
import { keysOfUser, makeKey } from '../../core/access-keys.ts';
import { endUserGrant } from '../../core/records/grants.ts';
import type { KnownSession } from '../../core/users/sessions.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { type AccessKeyRules, isKeyName, placeOf, withPlace } from '../../model/token.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import type { Params } from '../../model/params.ts';
import { isEveryRoute, type Resource, resourceOf } from '../../model/resource.ts';
import { rightsIn } from '../../model/scope.ts';
import { keysBody, madeKeyBody, newKeyBody } from '../../pages/access-keys.ts';
import { sectionPage } from '../../pages/account.ts';
import { type Call, keysPath, readForm } from '../endpoint.ts';
import { isSameOrigin, redirectTo } from '../sign-in/browser-context.ts';
import { accountMark, originOf, requireRecentSession, requireSession, upstreamAccountsOf } from '../sign-in/session.ts';
import { grantableScope, organizationOf } from '../authorize/pending.ts';

const DAY = 86_400;
/** Lifetimes that the form offers, as far as the operator allows them. */
const TTLS = [7, 30, 90, 365].map((days) => days * DAY);
const USUAL_TTL = 30 * DAY;
/** Tokens that one user may make in an hour. */
const MAX_MADE = 30;

/** GET and POST of the page. */
export async function accessKeys(call: Call): Promise<Response> {
  const rules = call.as.settings.accessKeys as AccessKeyRules; // the page is there only with them
  const isPost = call.request.method === 'POST';
  if (isPost && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const session = await requireSession(call);
  if (session instanceof Response) return session;
  if (isPost) return change(call, session, rules);
  if (!call.url.searchParams.has('new')) return showList(call, session);
  return requireRecentSession(call, session) ?? showForm(call, session, rules);
}

async function change(call: Call, session: KnownSession, rules: AccessKeyRules): Promise<Response> {
  const { as } = call;
  const form = await readForm(call.request);
  // Another user has signed in in another tab meanwhile: show that user's tokens, change nothing.
  if (!equalTexts(form.required('account'), await accountMark(as, session))) return showList(call, session, undefined, 409);
  const path = keysPath(as.settings.paths.account);
  switch (form.required('decision')) {
    case 'revoke': {
      const id = form.required('key');
      if ((await as.records.findGrant(id))?.key?.kind === 'personal') await endUserGrant(as, session.userId, id);
      return redirectTo(path);
    }
    case 'make':
      return requireRecentSession(call, session, undefined, `${path}?new=1`) ?? make(call, session, rules, form);
    default:
      throw new OAuthError('invalid_request', 'decision_unknown');
  }
}

async function make(call: Call, session: KnownSession, rules: AccessKeyRules, form: Params): Promise<Response> {
  const { as, words } = call;
  const { userId, hash } = session;
  const say = words.accessKey;
  const again = (problem: string, status = 400, isNameBad = false): Promise<Response> =>
    showForm(call, session, rules, { form, problem, status, isNameBad });
  const name = form.required('name').trim();
  if (!isKeyName(name)) return again(say.nameBad, 400, true);
  const ttl = Number(form.required('ttl'));
  const resource = resourceIn(call, form.optional('resource'));
  const organization = organizationOf(session, form.optional('organization'));
  if (!ttlsOf(rules).includes(ttl) || !resource || organization === 'open') return again(say.tickOne);
  const scope = await scopeFor(call, session, organization, resource, form.all('scope'));
  if (scope === null) return again(say.tickOne);
  if ((await as.limit(`access-keys\n${userId}`, MAX_MADE, 3600)) !== null) return again(say.tooMany, 429);
  if ((await keysOfUser(as, userId, rules.maxPerUser)).length >= rules.maxPerUser) return again(say.tooMany, 409);
  const made = await makeKey(as, {
    id: await idOf(call, hash, form.required('once')),
    kind: 'personal',
    name,
    userId,
    scope,
    resource: resource.uri,
    ttl,
    claims: session.claims,
    organization: organization ?? undefined,
    linked: (await upstreamAccountsOf(call, session)) ?? [],
    origin: await originOf(call, session),
  });
  if (made === null) return showList(call, session, say.twice, 409);
  // Signing out ends the sessions first and the grants second: a token stored between the two finds its session gone.
  if (!(await as.records.findSession(hash))) {
    await endUserGrant(as, userId, made.grant.id);
    return redirectTo(as.settings.paths.login);
  }
  const body = madeKeyBody({ key: made.key, name, url: urlOf(call, resource), back: keysPath(as.settings.paths.account) }, words);
  return page(call, say.made, body);
}

/** The id of the grant: a form that is sent twice makes one token, near where the form was opened. */
async function idOf({ as: { secrets } }: Call, session: string, once: string): Promise<string> {
  return withPlace(`${(await secrets.hash(`access key\n${session}\n${once}`)).slice(0, 21)}A`, placeOf(once));
}

/** The scopes of the form that this user may give now, with those that every call needs; null if nothing is left of what there could be. */
async function scopeFor(
  call: Call,
  session: KnownSession,
  organization: Exclude<ReturnType<typeof organizationOf>, 'open'>,
  { requiredScopes }: Resource,
  asked: readonly string[],
): Promise<readonly string[] | null> {
  const known = rightsIn(call.as.settings.scopesSupported.map(({ name }) => name));
  const wanted = known.filter((name) => asked.includes(name) || requiredScopes.includes(name));
  const scope = await grantableScope(call, session, organization, wanted);
  return (known.length > 0 && scope.length === 0) || requiredScopes.some((one) => !scope.includes(one)) ? null : scope;
}

function resourceIn({ as: { settings } }: Call, uri: string | undefined): Resource | undefined {
  if (uri !== undefined) return resourceOf(settings, uri);
  const fallback = settings.defaultResource ?? (settings.resources.length === 1 ? settings.resources[0]?.uri : undefined);
  return fallback === undefined ? settings.everyRoute : resourceOf(settings, fallback);
}

/** The endpoint that a token is for; the first one, if it is for all. */
function urlOf({ as: { settings } }: Call, { uri }: Resource): string {
  return isEveryRoute(uri) ? (settings.resources.find(({ path }) => path !== null)?.uri ?? settings.issuer) : uri;
}

function ttlsOf({ maxTTL }: AccessKeyRules): readonly number[] {
  const fitting = TTLS.filter((ttl) => ttl <= maxTTL);
  return fitting.length > 0 ? fitting : [maxTTL];
}

async function showList(call: Call, session: KnownSession, problem?: string, status = 200): Promise<Response> {
  const { as, words } = call;
  const grants = await keysOfUser(as, session.userId);
  const view = {
    action: keysPath(as.settings.paths.account),
    account: await accountMark(as, session),
    keys: grants.map((grant) => viewOf(call, grant)),
    problem,
  };
  return page(call, words.accessKey.title, keysBody(view, words), status);
}

function viewOf(
  call: Call,
  { id, key, scope, resource, organization, createdAt, expiresAt }: Grant,
): Parameters<typeof keysBody>[0]['keys'][number] {
  return {
    id,
    name: key?.name ?? '',
    scopes: rightsIn(scope).map((name) => scopeText(call, name)),
    resource: isEveryRoute(resource) ? call.words.accessKey.every : resource,
    organization: organization?.name,
    since: createdAt,
    ends: expiresAt,
    used: key?.lastUsedAt,
  };
}

async function showForm(
  call: Call,
  session: KnownSession,
  rules: AccessKeyRules,
  sent?: { readonly form: Params; readonly problem: string; readonly status: number; readonly isNameBad: boolean },
): Promise<Response> {
  const { as, words } = call;
  const { settings } = as;
  const ttls = ttlsOf(rules);
  const meant = resourceIn(call, sent?.form.optional('resource')) ?? settings.everyRoute ?? settings.resources[0];
  const all = [...(settings.everyRoute ? [settings.everyRoute] : []), ...settings.resources];
  const organization = sent?.form.optional('organization');
  const { organizations = [] } = session;
  const acting = organizationOf(session, organization);
  const known = rightsIn(settings.scopesSupported.map(({ name }) => name));
  const may = acting === 'open' ? known : await grantableScope(call, session, acting, known);
  const ticked = sent?.form.all('scope') ?? [];
  const required = all.length === 1 ? (meant?.requiredScopes ?? []) : [];
  const view = {
    action: keysPath(settings.paths.account),
    account: await accountMark(as, session),
    once: sent?.form.optional('once') ?? as.secrets.secret(as.place),
    name: sent?.form.optional('name') ?? '',
    scopes: may.map((name) => ({
      value: name,
      text: scopeText(call, name),
      checked: ticked.includes(name) || required.includes(name),
      isRequired: required.includes(name),
    })),
    resources:
      all.length === 1
        ? []
        : all.map(({ uri, name }) => ({
            value: uri,
            text: isEveryRoute(uri) ? words.accessKey.every : (name ?? uri),
            checked: uri === meant?.uri,
          })),
    organizations: organizations.length > 1 ? organizations.map(({ id, name }) => ({ id, name, checked: id === organization })) : [],
    ttls,
    ttl: Number(sent?.form.optional('ttl') ?? (ttls.includes(USUAL_TTL) ? USUAL_TTL : (ttls.at(-1) ?? USUAL_TTL))),
    problem: sent?.problem,
    isNameBad: sent?.isNameBad,
  };
  return page(call, words.accessKey.make, newKeyBody(view, words), sent?.status, keysPath(settings.paths.account));
}

function scopeText({ words, as: { settings } }: Call, name: string): string {
  return words.scopes[name] ?? settings.scopesSupported.find((scope) => scope.name === name)?.description ?? name;
}

function page(call: Call, title: string, body: Parameters<typeof sectionPage>[0]['body'], status = 200, to?: string): Response {
  const { as, words } = call;
  const back = to === undefined ? { href: as.settings.paths.account, text: words.account.back } : { href: to, text: words.accessKey.title };
  return sectionPage({ title, body, back, words, brand: as.settings.brand, status });
}
