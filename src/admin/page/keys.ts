/** Page of keys: of the server, of an organization or of all, and service keys to make. */
import { field, html, type Html } from '../../lib/html.ts';
import { rightsIn } from '../../model/scope.ts';
import type { KeyInfo } from '../../provider/keys.ts';
import { sayFor } from '../../words/words.ts';
import { actForm, actionsColumn, chips, choice, day, type Desk, moreLink, param, read, type Shown, table, tabs, urlOf } from './desk.ts';

const DAY = 86_400;
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
