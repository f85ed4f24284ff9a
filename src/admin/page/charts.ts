/** Charts of what the server counted, a bar for each day: drawn here, without a script. The same figures stand in a table. */
import { html, type Html } from '../../lib/html.ts';
import { formatter } from '../../lib/intl.ts';
import { type Desk, table } from './desk.ts';

/** What the act `measures` answers. */
export interface Measures {
  /** Oldest first: 2026-11-29. */
  readonly days: readonly string[];
  readonly counts: { readonly [measure: string]: readonly number[] };
}

/** In the order in which they are shown, as the texts have them. */
const MEASURES = ['activeGrants', 'signIns', 'failedSignIns', 'grantsOpened', 'grantsEnded', 'refreshes', 'calls', 'denials', 'replays', 'refusals', 'errors']; // prettier-ignore
/** Of which one is too many. */
const ALARMING = new Set(['failedSignIns', 'replays', 'errors']);
const [WIDTH, HEIGHT] = [300, 56];

/** A chart for each measure, and the table. */
export function charts(desk: Desk, { days, counts }: Measures): Html {
  const { say, words } = desk;
  const names = say.measures.split('|');
  const shown = MEASURES.map((measure, at) => ({ measure, name: names[at] ?? measure, counts: counts[measure] ?? [] }));
  const number = formatter(Intl.NumberFormat, words.lang, {});
  const dayOf = (text: string): string =>
    formatter(Intl.DateTimeFormat, words.lang, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(new Date(`${text}T00:00Z`));
  const rows = days.map((one, at) => [dayOf(one), ...shown.map((each) => number.format(each.counts[at] ?? 0))]).toReversed();
  return html`<ul class="charts">
      ${shown.map(({ measure, name, counts: list }) => {
        const sum = measure === 'activeGrants' ? (list.at(-1) ?? 0) : list.reduce((all, one) => all + one, 0); // of today: one grant counts on each of its days
        return html`<li class="${ALARMING.has(measure) && sum > 0 && 'bad'}">
          <span>${name}</span><b>${number.format(sum)}</b>${bars(list)}
        </li>`;
      })}
    </ul>
    <p class="axis" aria-hidden="true"><span>${dayOf(days[0] ?? '')}</span><span>${dayOf(days.at(-1) ?? '')}</span></p>
    <details>
      <summary>${say.asTable}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="${say.asTable}">
        ${table(desk, [say.time, ...shown.map(({ name }) => name)], rows)}
      </div>
    </details>`;
}

/** Hidden from screen readers, which get the sum beside it and the table. */
function bars(list: readonly number[]): Html {
  const most = Math.max(1, ...list);
  const step = WIDTH / Math.max(1, list.length);
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    ${list.map((count, at) => {
      const height = count === 0 ? 1 : Math.max(3, (count / most) * HEIGHT);
      return html`<rect
        class="${count === 0 && 'zero'}"
        x="${(at * step + step * 0.1).toFixed(1)}"
        y="${(HEIGHT - height).toFixed(1)}"
        width="${(step * 0.8).toFixed(1)}"
        height="${height.toFixed(1)}"
      />`;
    })}
  </svg>`;
}
