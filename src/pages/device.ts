/**
 * Page for the user code of a device. A code from the link is shown for comparison, and never accepted without the user
 * (RFC 8628 §3.3.1, §5.4).
 */
import { field, html, markWrong } from '../lib/html.ts';
import type { Brand } from '../model/brand.ts';
import { page } from './layout.ts';
import { describedByProblem, problemAnswer, problemBox } from './sign-in.ts';
import type { Problem } from './sign-in.ts';
import type { Words } from '../words/words.ts';

/** Content of the page. */
export interface DeviceView extends Problem {
  /** Where the form is posted, with `user_code`. */
  readonly action: string;
  /** Value of the field. */
  readonly userCode: string;
  readonly words: Words;
  readonly brand?: Brand;
  /** Default 200. */
  readonly status?: number;
}

/** The page. */
export function devicePage(view: DeviceView): Response {
  const { words, userCode, status } = view;
  const say = words.device;
  const code = field('user_code', say.code, 'off', {
    id: 'user_code',
    value: userCode,
    autocapitalize: 'characters',
    more: { maxlength: 20, dir: 'ltr' },
  });
  const body = html`<h1>${say.title}</h1>
    <p class="lead">${userCode === '' || view.error !== undefined ? say.lead : say.compare}</p>
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      ${problemBox(view, words)} ${view.error === undefined ? code : markWrong(code)}
      <div class="actions"><button class="main">${say.go}</button></div>
    </form>`;
  return page({
    words,
    title: say.title,
    body,
    status,
    ...problemAnswer(view),
    formAction: 'own',
    brand: view.brand,
    shows: { page: 'device', view },
  });
}
