/**
 * The client on the consent page: its logo or initials, its name, and its own pages. Everything comes from the client itself and is
 * unverified, except for the host of its metadata document.
 */
import { html, type Html, type HtmlValue } from '../lib/html.ts';
import type { Words } from '../words/words.ts';
import { face } from './sign-in.ts';

/** The client as the page tells of it. */
export interface ClientView {
  readonly id: string;
  readonly name?: string | undefined;
  /** The client's website. Shown as text, never as a link: it is not verified. */
  readonly uri?: string | undefined;
  /** Path of its logo on this server; its initials are shown without one, and until it has loaded. */
  readonly logo?: string | undefined;
  /** Its privacy policy and terms, https only. The links name their host. */
  readonly policyUri?: string | undefined;
  readonly tosUri?: string | undefined;
  /** Host of the document that describes it: the one thing about it that was checked. */
  readonly host?: string | undefined;
  /** False only for clients that the operator entered: all others chose their name themselves. */
  readonly selfDescribed?: boolean;
  /** The server's name, if the operator lists all hosts of the client as verified. */
  readonly verifiedBy?: string | undefined;
}

/** Who asks: its logo or initials, and its name. */
export function clientRow(client: ClientView, words: Words): Html {
  return html`<div class="who">
    ${face(initials(client), client.logo)}
    <p class="lead long">
      ${asks(client, words)}
      ${client.verifiedBy !== undefined && html`<small>✓ ${words.clientPolicy.verified(html`<bdi>${client.verifiedBy}</bdi>`)}</small>`}
    </p>
  </div>`;
}

/** The client's own pages. Each link names its host, because nothing about it was checked. */
export function legalLinks({ policyUri, tosUri }: ClientView, { approve: say }: Words): Html | false {
  const links = [policyUri && ([policyUri, say.policy] as const), tosUri && ([tosUri, say.terms] as const)].filter((one) => !!one);
  return (
    links.length > 0 &&
    html`<p class="foot">
      ${links.map(
        ([url, text], at) =>
          html`${at > 0 && ' · '}<a href="${url}" target="_blank" rel="noopener noreferrer nofollow"
              >${text(html`<bdi>${new URL(url).host}</bdi>`)}</a
            >`,
      )}
    </p>`
  );
}

/** The first letters of two words of its name, or of its host. */
function initials({ name, host, id }: ClientView): string {
  const words = (name ?? host ?? id).match(/[\p{L}\p{N}]+/gu) ?? ['?'];
  return words
    .slice(0, 2)
    .map((word) => Array.from(word)[0])
    .join('')
    .toUpperCase();
}

/** The sentence that names the client, and how much of it was checked. */
function asks({ name, selfDescribed = true }: ClientView, { approve: say }: Words): HtmlValue {
  if (!name) return say.asksNameless;
  const shown = html`<strong><bdi>${name}</bdi></strong>`;
  return selfDescribed ? say.asks(shown) : say.asksKnown(shown);
}
