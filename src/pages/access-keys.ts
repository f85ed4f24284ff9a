/**
 * Pages of personal access tokens: the list, the form for a new one, and the one page that ever shows a token.
 */
import { askFirst, field, errorBox, html, markWrong } from '../lib/html.ts';
import type { Html, HtmlValue } from '../lib/html.ts';
import { sayDay, sayFor, type Words } from '../words/words.ts';
import { organizationPicker, type OrganizationView } from './sign-in.ts';

/** A token in the list. */
export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly resource: string;
  readonly organization?: string | undefined;
  readonly since: number;
  readonly ends: number;
  readonly used?: number | undefined;
}

/** The list. */
export interface KeysView {
  readonly action: string;
  /** Identifies the account in the forms. */
  readonly account: string;
  readonly keys: readonly KeyView[];
  readonly problem?: string | undefined;
}

/** The user's tokens, each with a button that revokes it, and the way to a new one. */
export function keysBody({ action, account, keys, problem }: KeysView, words: Words): Html {
  const say = words.accessKey;
  return html`${errorBox(problem)}
    <p class="lead">${say.why}</p>
    ${keys.map((key) => html`<div class="panel">${keyText(key, words)}${revokeForm(action, account, key.id, say)}</div>`)}
    <div class="actions"><a class="button main" href="${action}?new=1">${say.make}</a></div>`;
}

function keyText({ name, scopes, resource, organization, since, ends, used }: KeyView, words: Words): Html {
  const say = words.accessKey;
  return html`<b><bdi>${name}</bdi></b>
    ${scopes.length > 0 && html`<p class="hint">${scopes.map((scope, at): HtmlValue => [at > 0 && ' · ', html`<bdi>${scope}</bdi>`])}</p>`}
    <p class="hint"><bdi>${resource}</bdi></p>
    ${organization !== undefined && html`<p class="hint">${say.organization} <bdi>${organization}</bdi></p>`}
    <p class="hint">${say.dates(day(since, words), day(ends, words))}</p>
    <p class="hint">${used === undefined ? say.unused : say.used(day(used, words))}</p>`;
}

function revokeForm(action: string, account: string, id: string, { revoke, sureRevoke }: Words['accessKey']): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="account" value="${account}" />
    <input type="hidden" name="key" value="${id}" />
    ${askFirst(revoke, sureRevoke, html`<button name="decision" value="revoke">${revoke}</button>`)}
  </form>`;
}

/** One of several things to choose from. */
export interface ChoiceView {
  readonly value: string;
  readonly text: HtmlValue;
  readonly checked: boolean;
}

/** The form. */
export interface NewKeyView {
  readonly action: string;
  readonly account: string;
  /** Random, the same when the form is sent twice. */
  readonly once: string;
  readonly name: string;
  readonly scopes: readonly (ChoiceView & { readonly isRequired: boolean })[];
  /** Empty if there is one. */
  readonly resources: readonly ChoiceView[];
  readonly organizations: readonly OrganizationView[];
  /** Lifetimes to choose from, in seconds. */
  readonly ttls: readonly number[];
  readonly ttl: number;
  readonly problem?: string | undefined;
  /** Whether it is about the name. */
  readonly isNameBad?: boolean | undefined;
}

/** The form for a new token. */
export function newKeyBody(view: NewKeyView, words: Words): Html {
  const say = words.accessKey;
  const name = field('name', say.name, 'off', { value: view.name, hint: say.nameHint, autocapitalize: 'sentences' });
  return html`${errorBox(view.problem)}
    <form method="post" action="${view.action}">
      <input type="hidden" name="account" value="${view.account}" />
      <input type="hidden" name="once" value="${view.once}" />
      ${view.isNameBad ? markWrong(name) : name} ${choices(say.can, 'scope', view.scopes, 'checkbox')}
      ${choices(say.resource, 'resource', view.resources, 'radio')} ${organizationPicker(view.organizations, words)}
      ${choices(
        say.lasts,
        'ttl',
        view.ttls.map((ttl) => ({ value: String(ttl), text: sayFor(ttl, words), checked: ttl === view.ttl })),
        'radio',
      )}
      <div class="actions"><button class="main" name="decision" value="make">${say.make}</button></div>
    </form>`;
}

function choices(
  legend: string,
  name: string,
  list: readonly (ChoiceView & { readonly isRequired?: boolean })[],
  type: 'checkbox' | 'radio',
): Html | false {
  if (list.length === 0) return false;
  return html`<fieldset class="part">
    <legend>${legend}</legend>
    <ul class="scopes">
      ${list.map(
        ({ value, text, checked, isRequired }) =>
          html`<li>
            <label class="tick"
              ><input type="${type}" name="${name}" value="${value}" ${checked && html` checked`} ${isRequired && html` disabled`} /><span
                >${text}</span
              ></label
            >
          </li>`,
      )}
    </ul>
  </fieldset>`;
}

/** A token just made, with what to copy into a client. @param url of the endpoint that it is for. */
export function madeKeyBody(
  { key, name, url, back }: { readonly key: string; readonly name: string; readonly url: string; readonly back: string },
  words: Words,
): Html {
  const say = words.accessKey;
  const header = `Authorization: Bearer ${key}`;
  const short =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'server';
  return html`<p class="lead">${say.madeWhy}</p>
    <div class="panel">
      <b><bdi>${name}</bdi></b>
      <p><code>${key}</code></p>
      <p class="hint">${say.header}</p>
      <p><code>${header}</code></p>
      <p class="hint">${say.command}</p>
      <p><code>claude mcp add --transport http ${short} ${url} --header "${header}"</code></p>
    </div>
    <div class="actions"><a class="button main" href="${back}">${say.kept}</a></div>`;
}

function day(seconds: number, words: Words): Html {
  return html`<time datetime="${new Date(seconds * 1000).toISOString()}">${sayDay(seconds, words)}</time>`;
}
