/**
 * HTML that is escaped by construction: the `html` tag is the only way to make a page body. It escapes every value except its own
 * results.
 */

/**
 * A piece of safe HTML, made by the tag {@link html} only.
 *
 * @example
 * function greet(name: string): Html {
 *   return html`<p>Hello, ${name}</p>`;
 * }
 */
export class Html {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }
  /** The markup. */
  toString(): string {
    return this.#text;
  }
  /** Joins literal parts and escaped values; called by the tag {@link html}. */
  static of(parts: readonly string[], values: readonly HtmlValue[]): Html {
    let text = parts[0] ?? '';
    for (const [at, value] of values.entries()) text += render(value) + (parts[at + 1] ?? '');
    return new Html(text);
  }
}

/** A value in a template: nothing, text, a number, safe HTML, or a list of those. */
export type HtmlValue = string | number | false | null | undefined | Html | readonly HtmlValue[];

/**
 * Tag for templates that makes {@link Html}. Every value is escaped, for text and for quoted attributes; HTML of this tag stays as it is.
 *
 * @example
 * const name = '<Ada>';
 * html`<p title="${name}">${name}</p>`.toString(); // <p title="&lt;Ada&gt;">&lt;Ada&gt;</p>
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.of(parts, values);
}

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(render).join('');
  return String(value).replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A button that asks first, without a script: the first press shows what will happen, and the button below it acts. */
export function askFirst(text: HtmlValue, why: HtmlValue, button: Html): Html {
  return html`<details class="ask">
    <summary>${text}</summary>
    <p>${why}</p>
    ${button}
  </details>`;
}

/** The error box; nothing without a text. It has the focus, so that it is read out and scrolled to without a script. */
export function errorBox(text: HtmlValue): Html | false {
  return !!text && html`<div class="problem" id="problem" role="alert" tabindex="-1" autofocus>${text}</div>`;
}

/**
 * Marks a field as wrong, describes it by the {@link errorBox} (WCAG 3.3.1), and opens the details that it is in. It works on the result, so that
 * fields of an application's own login are marked, too; escaped values hold no `<` or `"`.
 *
 * @param name of the field; the first one that a user types into unless given.
 */
export function markWrong(fields: Html, name?: string): Html {
  const form = new RegExp(`<input(?![^>]*type="(?:hidden|checkbox|radio)")${name === undefined ? '' : `(?=[^>]*name="${name}")`}[^>]*>`);
  const text = fields.toString().replace(form, (input) => {
    const described = input.replace(/aria-describedby="([^"]*)"/, 'aria-describedby="problem $1"');
    const missing = described === input ? ' aria-describedby="problem"' : '';
    return described.replace('<input', `<input aria-invalid="true"${missing}`);
  });
  return Html.of([text.replace(/<details(?=>(?:(?!<\/details)[^])*aria-invalid)/, '<details open')], []);
}

/** How a field differs from a required single line of text. */
export interface FieldLook {
  readonly type?: 'text' | 'email' | 'password';
  readonly value?: string | undefined;
  readonly hint?: HtmlValue;
  /** Unique on the page. Default: `field-` and the name. */
  readonly id?: string;
  readonly required?: boolean;
  readonly autofocus?: boolean;
  readonly autocapitalize?: 'none' | 'characters' | 'sentences';
  /** More attributes. Do not set `maxlength` for a secret: browsers silently cut a long pasted one, which then does not match. */
  readonly more?: { readonly [attribute: string]: string | number };
}

/** A field with its label and hint. The value of a password field is never sent back. */
export function field(name: string, label: HtmlValue, autocomplete: string, look: FieldLook = {}): Html {
  const { type = 'text', value = '', hint, id = `field-${name}`, required = true, autofocus, autocapitalize = 'none', more = {} } = look;
  const attributes = Object.entries(more).map(([attribute, text]) => html` ${attribute}="${text}"`);
  return html`<div class="field">
    <label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      type="${type}"
      value="${type === 'password' ? '' : value}"
      autocomplete="${autocomplete}"
      autocapitalize="${autocapitalize}"
      autocorrect="off"
      spellcheck="false"
      ${attributes}
      ${hint && html` aria-describedby="${id}-hint"`}
      ${required && html` required`}
      ${autofocus && html` autofocus`}
    />
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
  </div>`;
}
