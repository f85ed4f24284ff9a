/**
 * Page of a sign-in step: a later page of a login, or a second factor.
 * The form only has what the user typed: the rest is stored by the server (SEC-158).
 */
import { html, markWrong } from '../lib/html.ts';
import type { StepView } from '../model/login.ts';
import { page } from './layout.ts';
import type { PageParts } from './layout.ts';
import { describedByProblem, problemAnswer, problemBox } from './sign-in.ts';
import type { Problem } from './sign-in.ts';
import type { Words } from '../words/words.ts';

/** Content of the page. */
export interface StepPageView extends Problem {
  /** Where the form is posted, with `step`, the fields, and `decision`: `go` or `restart`. */
  readonly action: string;
  /** The secret that opens the step. */
  readonly step: string;
  readonly view: StepView;
  /** SHA-256 of the view's script, in base64. */
  readonly scriptHash?: string | undefined;
  /** Whether the sign-in ends with a redirect to an app. */
  readonly leaves: boolean;
  readonly words: Words;
  readonly brand?: PageParts['brand'];
  /** Default 200; 429 with `retryAfter`. */
  readonly status?: number | undefined;
}

/** The page. Its first button continues, so that Enter does that. */
export function stepPage(view: StepPageView): Response {
  const { title, text, fields, button, more, script } = view.view;
  const body = html`<h1>${title}</h1>
    ${text && html`<p class="lead">${text}</p>`}
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      <input type="hidden" name="step" value="${view.step}" />${problemBox(view, view.words)}
      <div class="part">${view.error === undefined || view.retryAfter !== undefined ? fields : markWrong(fields, view.wrong)}</div>
      <div class="actions">${button !== null && html`<button class="main" name="decision" value="go">${button}</button>`}</div>
      ${more}
      <button class="plain" name="decision" value="restart" formnovalidate>${view.words.step.restart}</button>
    </form>`;
  return page({
    words: view.words,
    title,
    body,
    status: view.status,
    ...problemAnswer(view),
    formAction: view.leaves ? 'leaves' : 'own',
    brand: view.brand,
    shows: { page: 'step', view },
    script: script === undefined ? undefined : { text: script, hash: view.scriptHash ?? '' },
  });
}
