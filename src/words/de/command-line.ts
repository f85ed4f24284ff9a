/** The page that signs in the command line of an administrator, in German. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: 'Die Befehlszeile in Ihrem Namen handeln lassen?',
  lead: (server, user) =>
    html`Ein Programm auf Ihrem Computer möchte ${server} eine Stunde lang als ${user} verwalten. Es kann dort alles sehen und ändern, was
    Sie können.`,
  code: 'Ihr Terminal zeigt diesen Code:',
  check:
    'Fahren Sie nur fort, wenn Sie das Programm gerade selbst gestartet haben und Ihr Terminal denselben Code zeigt. Wenn Ihnen jemand diesen Link geschickt hat, lehnen Sie ab.',
  answer: (address) => html`Die Antwort geht an ${address} auf diesem Computer.`,
};
