/** Pages of grants, filtered and revoked one by one or all that match, and of keys, with service keys to make. */
import { field, html, type Html, type HtmlValue } from '../../lib/html.ts';
import { rightsIn } from '../../model/scope.ts';
import type { GrantInfo } from '../../provider/grants.ts';
import type { KeyInfo } from '../../provider/keys.ts';
import { sayFor } from '../../words/words.ts';
import {
  actForm,
  actionsColumn,
  badge,
  chips,
  choice,
  clientNames,
  day,
  type Desk,
  entry,
  facts,
  moreLink,
  param,
  part,
  read,
  refusalOf,
  type Shown,
  table,
  tabs,
  urlOf,
  userIdFor,
  userNames,
} from './desk.ts';

// prettier-ignore

const DAY = 86_400;
/** Days after which a grant counts as unused. */
const UNUSED = ['7', '30', '90', '365'];
/** Rows that fill a page; pages of the store that are looked through for them. */
const [ENOUGH, MAX_LOOKED] = [20, 10];

/** One page of grants. */
export interface Grants {
  readonly grants: readonly GrantInfo[];
  readonly next?: string;
}

type Filter = { readonly [name: string]: string | undefined };

/** The filter in the URL, as the acts take it. */
async function grantFilter(desk: Desk): Promise<Filter> {
  const [named, client, scope, organization] = ['user', 'client', 'scope', 'organization'].map((name) => param(desk, name));
  const days = Number(param(desk, 'unused') ?? 0);
  const user = named && (await userIdFor(desk, named));
  return { user, client, scope, organization, unusedSince: days > 0 ? String(desk.call.as.now() - days * DAY) : undefined };
}

/** The list. */
export async function grantsPage(desk: Desk): Promise<Shown> {
  const { say, words } = desk;
  const filter = await grantFilter(desk);
  const found = await look(desk, filter).catch((error: unknown) => ({ grants: [], refused: refusalOf(desk, error) }));
  const next = 'next' in found ? found.next : undefined;
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const input = (name: string, label: HtmlValue): Html => field(name, label, 'off', { value: param(desk, name), required: false });
  const body = html`<form class="filter" method="get" action="${urlOf(desk, 'grants')}">
      ${input('user', say.user)} ${input('client', html`${say.app} (${say.id})`)} ${input('scope', say.scopes)}
      ${input('organization', say.organization)}
      ${choice('unused', say.unused, [['', '–'], ...UNUSED.map((days) => [days, sayFor(Number(days) * DAY, words)] as const)], param(desk, 'unused'))}
      <button>${say.apply}</button>
    </form>
    ${await grantTable(desk, found, 'both')} ${moreLink(desk, next)}
    ${
      isFiltered &&
      (found.grants.length > 0 || next !== undefined) &&
      html`<div class="acts">
        ${actForm(desk, 'grants/revoke-all', say.revokeAll, { fields: { ...filter, after: param(desk, 'after') }, why: words.account.sureAll, look: 'bad' })}
      </div>`
    }
    <details class="make">
      <summary>${say.inspect}</summary>
      ${actForm(desk, 'tokens/inspect', say.inspect, { body: field('token', 'Token', 'off', { type: 'password' }), look: 'main' })}
    </details>`;
  return { title: say.grants, body, refused: 'refused' in found ? found.refused : undefined };
}

/** A page of the store can hold nothing of what is wanted: looks on, for a while. */
async function look(desk: Desk, filter: Filter): Promise<Grants> {
  const grants: GrantInfo[] = [];
  let after = param(desk, 'after');
  for (let pages = 0; pages < MAX_LOOKED; pages++) {
    const page = await read<Grants>(desk, 'grants', { ...filter, after });
    grants.push(...page.grants);
    after = page.next;
    if (after === undefined) return { grants };
    if (grants.length >= ENOUGH) break;
  }
  return after === undefined ? { grants } : { grants, next: after };
}

/** Grants in rows. @param shows which of client and user is not known from the page. */
export async function grantTable(desk: Desk, { grants }: Grants, shows: 'client' | 'user' | 'both'): Promise<Html> {
  const { say, words } = desk;
  const [clientOf, userOf] = [
    await clientNames(desk, grants.map(({ clientId }) => clientId)),
    shows === 'client' ? String : await userNames(desk, grants.map(({ userId }) => userId)),
  ]; // prettier-ignore
  const rows = grants.map(({ id, clientId, userId, scope, organization, usedAt }): HtmlValue[] => [
    shows === 'user'
      ? entry(urlOf(desk, 'user', { id: userId }), userOf(userId), organization?.name)
      : entry(urlOf(desk, 'client', { id: clientId }), clientOf(clientId), organization?.name),
    ...(shows === 'both' ? [entry(urlOf(desk, 'user', { id: userId }), userOf(userId))] : []),
    chips(scope),
    day(usedAt, desk),
    actForm(desk, 'grants/revoke', words.accessKey.revoke, {
      fields: { id },
      why: words.account.sureApp(html`<bdi>${clientOf(clientId)}</bdi>`),
      look: 'bad',
    }),
  ]);
  const first = shows === 'user' ? [say.user] : shows === 'client' ? [say.app] : [say.app, say.user];
  const none = shows === 'client' ? words.account.noApps : say.nothing;
  return table(desk, [...first, say.scopes, { wide: say.used }, actionsColumn(desk)], rows, none);
}

/** What the act on a token answers. */
export interface InspectedToken {
  readonly live: boolean;
  readonly kind: string;
  readonly why?: string;
  readonly scope?: readonly string[];
  readonly expiresAt?: number;
  readonly rotated?: true;
  readonly grant: GrantInfo | null;
}

/** What a token is good for, and its grant. */
export async function tokenBody(desk: Desk, { live, kind, why, scope, expiresAt, rotated, grant }: InspectedToken): Promise<Html> {
  const { say } = desk;
  return html`${facts([
    [say.status, live ? badge(say.active, 'good') : badge(html`<code>${why}</code>`, 'bad')],
    ['Token', html`<code>${kind}${rotated && ', rotated'}</code>`],
    [say.scopes, scope && chips(scope)],
    [say.ends, expiresAt !== undefined && day(expiresAt, desk, 'short')],
  ])}
  ${grant && part(say.grants, await grantTable(desk, { grants: [grant] }, 'both'))}`;
}

const TTLS = [7, 30, 90, 365].map((days) => days * DAY);

/** The list, and the form for a service key; null on a server without keys. */
export async function keysPage(desk: Desk): Promise<Shown | null> {
  const { say, words, call } = desk;
  const { accessKeys: rules, scopesSupported, resources } = call.as.settings;
  if (rules === null) return null;
  const [of, organization, after] = ['of', 'organization', 'after'].map((name) => param(desk, name));
  const { keys, next } = await read<{ keys: readonly KeyInfo[]; next?: string }>(desk, 'keys', { of, organization, after });
  const ttls = TTLS.filter((ttl) => ttl <= rules.maxTTL);
  const scopes = rightsIn(scopesSupported.map((scope) => scope.name));
  const body = html`${field('name', words.accessKey.name, 'off', { hint: words.accessKey.nameHint })}
  ${
    scopes.length > 0 &&
    html`<fieldset>
      <legend>${words.accessKey.can}</legend>
      ${scopes.map((scope) => html`<label class="tick"><input type="checkbox" name="scope" value="${scope}" /><code>${scope}</code></label>`)}
    </fieldset>`
  }
  ${resources.length > 1 && choice('resource', words.accessKey.resource, resources.map(({ uri, name }) => [uri, name ?? uri]))}
  ${field('organization', html`${say.organization} (${say.id})`, 'off', { required: false })}
  ${choice('ttl', words.accessKey.lasts, (ttls.length > 0 ? ttls : [rules.maxTTL]).map((ttl) => [String(ttl), sayFor(ttl, words)]))}`; // prettier-ignore
  const list = html`${tabs(say.keys, [
      { href: urlOf(desk, 'keys'), text: say.all, here: of === undefined },
      { href: urlOf(desk, 'keys', { of: 'server' }), text: say.server, here: of !== undefined },
    ])}
    ${keyTable(desk, keys)} ${moreLink(desk, next)}
    <details class="make">
      <summary>${say.newKey}</summary>
      ${actForm(desk, 'keys/create', say.newKey, { body, look: 'main', isOnce: true })}
    </details>`;
  return { title: say.keys, body: list };
}

/** Keys in rows. */
export function keyTable(desk: Desk, keys: readonly KeyInfo[]): Html {
  const { say, words } = desk;
  return table(
    desk,
    [words.accessKey.name, { wide: say.scopes }, { wide: say.used }, say.ends, actionsColumn(desk)],
    keys.map(({ id, kind, name, userId, scope, organization, expiresAt, lastUsedAt }) => [
      html`<b><bdi>${name}</bdi></b
        ><small
          >${kind === 'personal' ? html`<a href="${urlOf(desk, 'user', { id: userId })}">${say.personal}</a>` : say.serviceKey}${organization && html` · <a href="${urlOf(desk, 'keys', { organization: organization.id })}"><bdi>${organization.name}</bdi></a>`}</small
        >`,
      chips(rightsIn(scope)),
      lastUsedAt === undefined ? words.accessKey.unused : day(lastUsedAt, desk),
      day(expiresAt, desk),
      actForm(desk, 'keys/revoke', words.accessKey.revoke, { fields: { id }, why: words.accessKey.sureRevoke, look: 'bad' }),
    ]),
  );
}
