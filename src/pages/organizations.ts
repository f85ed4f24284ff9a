/** The organization picker: one of several, chosen on the consent page or after the login. */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import type { Words } from '../words/words.ts';

/** One organization to choose. */
export interface OrganizationView {
  readonly id: string;
  readonly name: string;
  readonly checked: boolean;
}

/** The organizations, of which one has to be chosen. */
export function organizationPicker(list: readonly OrganizationView[], { confirm }: Words): Html | false {
  return (
    list.length > 0 &&
    html`<fieldset class="part">
      <legend>${confirm.organization}</legend>
      ${list.map(
        ({ id, name, checked }) =>
          html`<label class="tick"
            ><input type="radio" name="organization" value="${id}" required ${checked && html` checked`} /><span
              ><bdi>${name}</bdi></span
            ></label
          >`,
      )}
    </fieldset>`
  );
}
