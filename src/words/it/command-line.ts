/** The page that signs in the command line of an administrator, in Italian. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: 'Consentire alla riga di comando di agire a suo nome?',
  lead: (server, user) =>
    html`Un programma sul suo computer chiede di amministrare ${server} come ${user} per un’ora. Potrà vedere e modificare tutto ciò che può
    lei.`,
  code: 'Il suo terminale mostra questo codice:',
  check:
    'Continui solo se ha appena avviato il programma e il suo terminale mostra lo stesso codice. Se qualcuno le ha inviato questo link, neghi.',
  answer: (address) => html`La risposta va a ${address} su questo computer.`,
};
