/** English of pages without a form, such as errors. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of messages. */
export const message = {
  whatToDo: 'What to do now',
  backTo: (host: HtmlValue): Html => html`Back to ${host}`,
  request: (id: HtmlValue): Html => html`If you contact support, include this ID: ${id}`,
  doneTitle: 'Already done',
  done: 'Your first answer was received, and the app has it. Nothing happened twice.',
  doneToDo: 'Go back to your app. You can close this page.',
  overTitle: 'This request is no longer open',
  over: 'It was already answered, it expired, or it was started in another browser. Opening it again changed nothing.',
  overToDo: 'Go back to the app that sent you here and connect again. You can close this page.',
};

/** Texts of error pages. */
export const error = {
  title: 'Something is wrong with this request',
  message: 'The app that sent you here made a request that this server does not accept.',
  toDo: 'Go back to the app that sent you here and start again. If it happens again, contact the app’s developer.',
  brokenTitle: 'Something went wrong',
  broken: 'The server ran into an unexpected problem.',
  unavailable: 'The server is unavailable right now.',
  brokenToDo: 'Try again in a moment. If it happens again, contact the operator of this server.',
  detail: (text: HtmlValue): Html => html`Technical detail: ${text}`,
};

/** Texts of errors, by reason. All other errors use {@link error}. */
export const errorReasons = {
  client_unknown: 'This app is not registered here, or its registration has expired.',
  another_browser: 'This page was opened in another browser. Go back to the app and start again.',
  cross_site: 'The request came from another site. Go back to the app and start again.',
  step_limited: 'Too many sign-ins were started from this network. Wait a few minutes and try again.',
  authorize_limited: 'Too many sign-ins were started from this network. Wait a few minutes and try again.',
};
