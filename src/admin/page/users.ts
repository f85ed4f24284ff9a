/** Pages of users: the list, and one of them with everything that belongs to them. */
import { field, html, type Html, type HtmlValue } from '../../lib/html.ts';
import type { Account } from '../../model/account.ts';
import type { UserSignIns } from '../../model/login-services.ts';
import type { Agent } from '../../lib/http.ts';
import { actForm, actionsColumn, badge, chips, day, type Desk, entry, facts, moreLink, param, part, read, type Shown, table, tabs, urlOf } from './desk.ts'; // prettier-ignore
import { grantTable, keyTable } from './grants.ts';

type User = Omit<Account, 'stamp'>;
interface OutsideUser {
  readonly userId: string;
  readonly account: string | null;
  readonly createdAt: number;
}
interface FoundUsers {
  readonly users: readonly User[];
  readonly identities: readonly OutsideUser[];
  readonly next?: string;
}
type ShownUser = UserSignIns & {
  readonly account: User | null;
  readonly disabled: boolean;
  readonly sessions: readonly {
    readonly id: string;
    readonly agent?: Agent;
    readonly network?: string;
    readonly createdAt: number;
    readonly seenAt: number;
  }[];
};

/** The list, of our own accounts or of users who sign in at other sites. */
export async function usersPage(desk: Desk): Promise<Shown> {
  const { say, words } = desk;
  const [after, of] = [param(desk, 'after'), param(desk, 'of')];
  const own = of === undefined && (await read<{ users: readonly User[]; next?: string }>(desk, 'users', { after }));
  const outside = of !== undefined && (await read<{ identities: readonly OutsideUser[]; next?: string }>(desk, 'users/outside', { after }));
  const fields = html`${field('username', words.password.username, 'off')}
  ${field('name', words.accessKey.name, 'off', { required: false })}
  ${field('email', words.password.email, 'off', { type: 'email', required: false })}
  ${field('password', words.password.password, 'new-password', { type: 'password', required: false, hint: words.password.rule })}
  ${field('permissions', say.permissions, 'off', { required: false })}`;
  const body = html`${tabs(say.users, [
      { href: urlOf(desk, 'users'), text: say.all, here: of === undefined },
      { href: urlOf(desk, 'users', { of: 'outside' }), text: say.outside, here: of !== undefined },
    ])}
    ${own && userTable(desk, own.users)} ${outside && outsideTable(desk, outside.identities)} ${moreLink(desk, (own || outside || {}).next)}
    <details class="make">
      <summary>${say.newUser}</summary>
      ${actForm(desk, 'users/create', say.newUser, { body: fields, look: 'main' })}
    </details>`;
  return { title: say.users, body };
}

/** Accounts in rows. */
export function userTable(desk: Desk, users: readonly User[]): Html {
  const { say } = desk;
  return table(
    desk,
    [say.user, { wide: say.permissions }, { wide: say.created }, say.status],
    users.map(({ id, name, username, email, permissions, createdAt, disabled }) => [
      entry(urlOf(desk, 'user', { id }), name ?? username, email ?? username),
      chips(permissions),
      day(createdAt, desk),
      stateBadge(desk, disabled === true),
    ]),
  );
}

/** Users of other sites in rows. */
export function outsideTable(desk: Desk, identities: readonly OutsideUser[]): Html {
  const { say } = desk;
  return table(
    desk,
    [say.user, say.created],
    identities.map(({ userId, account, createdAt }) => [
      entry(urlOf(desk, 'user', { id: userId }), account ?? userId, userId),
      day(createdAt, desk),
    ]),
  );
}

/** Finds users. */
export function findUsers(desk: Desk, q: string): Promise<FoundUsers> {
  return read<FoundUsers>(desk, 'users/find', { q });
}

function stateBadge({ say }: Desk, disabled: boolean): Html {
  return disabled ? badge(say.disabled, 'bad') : badge(say.active, 'good');
}

/** What an act on a user must have been seen with: whether they are disabled, and what they may do. */
export function userState({ say }: Desk, { account, disabled }: Pick<ShownUser, 'account' | 'disabled'>): string {
  return [disabled ? say.disabled : say.active, ...(account?.permissions ?? [])].join(', ');
}

/** One user as an act finds them. */
export function showUser(desk: Desk, id: string): Promise<ShownUser> {
  return read<ShownUser>(desk, 'users/show', { id });
}

/** One user. */
export async function userPage(desk: Desk): Promise<Shown | null> {
  const id = param(desk, 'id');
  if (id === undefined) return null;
  const [user, { grants, next }] = [await showUser(desk, id), await read<Parameters<typeof grantTable>[1] & object>(desk, 'grants', { user: id })]; // prettier-ignore
  const { account, identities, disabled, sessions } = user;
  if (!account && identities.length === 0 && !disabled && grants.length === 0 && sessions.length === 0) return null;
  const { say, words } = desk;
  const { keys } = desk.admin.helpers;
  const own = desk.call.as.settings.accessKeys === null ? [] : (await keys.list({ userId: id })).keys;
  const seen = userState(desk, user);
  const body = html`${facts([
    [say.id, html`<code>${id}</code>`],
    [words.password.username, account?.username],
    [words.password.email, account?.email && html`${account.email}${account.emailVerified && html` ${badge(say.verified, 'good')}`}`],
    [say.created, account && day(account.createdAt, desk)],
  ])}
  ${part(words.account.apps, await grantTable(desk, { grants }, 'client'), next !== undefined && html`<a href="${urlOf(desk, 'grants', { user: id })}">${say.more}</a>`)}
  ${own.length > 0 && part(say.keys, keyTable(desk, own))} ${part(words.signIn.title, waysTable(desk, id, user))}
  ${sessions.length > 0 && part(words.account.sessions, sessionTable(desk, id, sessions))} ${account && permissions(desk, account, seen)}
  ${part(say.actions, userActs(desk, id, user, seen))}`;
  return { title: account?.name ?? account?.username ?? identities[0]?.account ?? id, body, beside: !account && disabled ? badge(say.removed, 'bad') : stateBadge(desk, disabled) }; // prettier-ignore
}

function waysTable(desk: Desk, id: string, { account, identities, passkeys, secondFactor }: ShownUser): Html {
  const { say, words } = desk;
  const remove = (act: string, why: string, fields = {}): Html => actForm(desk, act, words.account.part, { fields: { id, ...fields }, why, look: 'bad' }); // prettier-ignore
  const rows: HtmlValue[][] = [
    ...identities.map((one) => [name(one.account ?? one.id, one.issuer), day(one.createdAt, desk), remove('users/remove-identity', say.sureWay, { identity: one.id })]), // prettier-ignore
    ...passkeys.map((one) => [name(one.name, words.passkey.defaultName), day(one.createdAt, desk), remove('users/remove-passkey', say.sureWay, { passkey: one.id })]), // prettier-ignore
    ...(secondFactor ? [[name(words.totp.title, words.totp.left(secondFactor.recoveryLeft)), day(secondFactor.createdAt, desk), remove('users/remove-second-factor', words.totp.sureOff)]] : []), // prettier-ignore
  ];
  if (account) {
    const body = field('password', words.password.fresh, 'new-password', { type: 'password', hint: words.password.rule });
    const look = { fields: { id }, why: say.sureSignOut, body, look: 'bad' } as const;
    rows.unshift([
      name(words.password.title, account.withoutPassword && words.totp.off),
      '–',
      actForm(desk, 'users/set-password', words.password.set, look),
    ]);
  }
  return table(desk, [words.accessKey.name, { wide: say.created }, actionsColumn(desk)], rows);
}

function name(text: string, detail?: HtmlValue): Html {
  return html`<b><bdi>${text}</bdi></b
    >${detail && html`<small><bdi>${detail}</bdi></small>`}`;
}

function sessionTable(desk: Desk, id: string, sessions: ShownUser['sessions']): Html {
  const { say, words } = desk;
  const { account: texts } = words;
  return table(
    desk,
    [texts.browser, { wide: say.created }, say.used, actionsColumn(desk)],
    sessions.map(({ id: session, agent: { browser, system } = {}, network, createdAt, seenAt }) => [
      name(browser && system ? texts.browserOn(browser, system) : (browser ?? system ?? texts.browser), network),
      day(createdAt, desk),
      day(seenAt, desk),
      actForm(desk, 'users/end-session', texts.end, { fields: { id, session } }),
    ]),
  );
}

function permissions(desk: Desk, { id, permissions: list }: User, seen: string): Html {
  const { say } = desk;
  const body = field('permissions', say.permissions, 'off', { value: list.join(' '), required: false });
  return html`<div class="line">${actForm(desk, 'users/set-permissions', say.save, { fields: { id }, seen, body })}</div>`;
}

function userActs(desk: Desk, id: string, { account, disabled }: ShownUser, seen: string): Html {
  const { say, words } = desk;
  const act = (label: string, verb: string, why: string): Html => actForm(desk, `users/${verb}`, label, { fields: { id }, why, seen, look: 'bad' }); // prettier-ignore
  return html`<div class="acts">
    ${act(words.account.everywhere, 'sign-out', say.sureSignOut)}
    ${actForm(desk, 'consents/forget', say.askAgain, { fields: { user: id } })}
    ${
      disabled
        ? account && actForm(desk, 'users/enable', say.enable, { fields: { id }, seen })
        : act(say.disable, 'disable', say.sureSignOut)
    }
    ${account && act(say.remove, 'remove', say.sureForGood)}
  </div>`;
}
