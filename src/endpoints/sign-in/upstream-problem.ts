/** Site problem: what went wrong at another site, in words for the page. Nothing of what the site said goes in. */
import type { HtmlValue } from '../../lib/html.ts';
import type { Authenticated, Refused, ReturnResult, SiteLogin } from '../../model/login.ts';
import { sayRefused, type Words } from '../../words/words.ts';

/** What the page says, and how. */
export interface UpstreamProblem {
  readonly text: HtmlValue;
  readonly status: number;
}

/** The words for a return that proved nothing. */
export function problemOf(result: Exclude<ReturnResult, Authenticated>, { label }: SiteLogin, words: Words): UpstreamProblem {
  switch (result.kind) {
    case 'refused':
      return { text: refusal(result, label, words), status: 403 };
    case 'unavailable':
      return { text: words.site.unavailable(label), status: 503 };
    case 'broken':
    case 'declined':
      return { text: words.site.broken(label), status: 502 };
  }
}

/** A site's own reasons are many: what no table knows is said of the account. */
function refusal(result: Refused, label: string, words: Words): HtmlValue {
  return result.text === undefined && !Object.hasOwn(words.refused, result.reason) ? words.site.refused(label) : sayRefused(result, words);
}
