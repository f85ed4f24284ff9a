/** English of pages without a form, such as errors. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of messages. */
export const message = {
  whatToDo: 'What to do now',
  backTo: (host: HtmlValue): Html => html`Back to ${host}`,
  request: (id: HtmlValue): Html => html`If you ask for help, name this request: ${id}`,
  doneTitle: 'This went through already',
  done: 'Your answer arrived the first time, and the app has it. Nothing was done twice.',
  doneToDo: 'Go back to your app. You can close this page.',
  overTitle: 'This request is no longer open',
  over: 'It was answered already, it waited too long, or it was begun in another browser. Nothing was changed by opening it again.',
  overToDo: 'Go back to the app that sent you here and connect again. You can close this page.',
};

/** Texts of error pages. */
export const error = {
  title: 'This request cannot be answered',
  message: 'The app that sent you here asked in a way that this server does not accept.',
  toDo: 'Go back to the app that sent you here and start again. If it happens again, tell its maker.',
  brokenTitle: 'Something went wrong here',
  broken: 'The server met a problem that it did not expect.',
  unavailable: 'The server cannot answer right now.',
  brokenToDo: 'Try again in a moment. If it happens again, tell the operator of this server.',
  detail: (text: HtmlValue): Html => html`Technical detail: ${text}`,
};

/** Texts of errors, by reason. All other errors use {@link error}. */
export const errorReasons = {
  client_unknown: 'This app is not registered here, or its registration has ended.',
  another_browser: 'This page was opened in another browser. Go back to the app and start again.',
  cross_site: 'The request came from another site. Go back to the app and start again.',
  step_limited: 'Too many sign-ins were begun from this network. Wait a few minutes and try again.',
  authorize_limited: 'Too many sign-ins were started from this network. Wait a few minutes and try again.',
};
