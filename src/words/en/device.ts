/** English of the pages for a device's user code. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts about a device. */
export const device = {
  title: 'Connect a device',
  lead: 'Enter the code that the app on your other device shows.',
  code: 'Code',
  compare:
    'Is this the code that your device shows? Go on only if it is, and if you began this yourself. A person who sent you a code may want your access.',
  go: 'Continue',
  unknown: 'This code is not known, or its time is over. Look at it once more, or start again on the device.',
  asks: (code: HtmlValue): Html =>
    html`The request comes from an app on another device. Allow it only if you have just started this yourself, and the device in front of
    you shows this code: ${code}`,
  doneTitle: 'The device is connected',
  done: 'Go back to the device. You can close this page.',
  refusedTitle: 'The device was refused',
  refused: 'It gets no access. You can close this page.',
};
