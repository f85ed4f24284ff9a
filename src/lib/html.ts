/**
 * HTML that is escaped by construction: the `html` tag is the only way to make a page body.
 * Every value that goes in is escaped, save what the tag itself made before.
 */

/** A piece of safe HTML. Only `html` makes it. */
export class Html {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }
  /** The markup. */
  toString(): string {
    return this.#text;
  }
  /** Joins literal parts and escaped values. Used through the tag {@link html}. */
  static of(parts: readonly string[], values: readonly HtmlValue[]): Html {
    let text = parts[0] ?? '';
    for (const [at, value] of values.entries()) text += render(value) + (parts[at + 1] ?? '');
    return new Html(text);
  }
}

/** What may stand in a template: nothing, text, a number, safe HTML, or a list of those. */
export type HtmlValue = string | number | false | null | undefined | Html | readonly HtmlValue[];

/** Tag for templates: ``html`<p>${name}</p>` `` escapes `name` for text and for quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.of(parts, values);
}

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(render).join('');
  return String(value).replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
