/** English of the pages for a device's user code. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts about a device. */
export const device = {
  title: 'Connect a device',
  lead: 'Enter the code shown on your other device.',
  code: 'Code',
  compare:
    'Does your device show this code? Continue only if it does and you started this yourself. Someone who sends you a code may be after your access.',
  go: 'Continue',
  unknown: 'This code is wrong or has expired. Check it again, or start over on the device.',
  asks: (code: HtmlValue): Html =>
    html`The request comes from an app on another device. Allow it only if you just started this yourself and the device in front of you
    shows this code: ${code}`,
  doneTitle: 'Device connected',
  done: 'Go back to the device. You can close this page.',
  refusedTitle: 'Device denied',
  refused: 'It has no access. You can close this page.',
};
