/** Clients that wait for approval, are refused or verified, in Italian. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'Questa app è in attesa di approvazione',
  message: (app) => html`${app} è nuova qui. Un amministratore di questo server deve approvarla prima che tu possa collegarla.`,
  ask: 'Chiedi a un amministratore di questo server.',
  askContact: (contact) => html`Chiedi a ${contact}.`,
  whenApproved: 'Quando è approvata, continua da qui:',
  again: 'Riprova',
  refused: 'Questa app non è consentita qui. Se ti serve, chiedi a un amministratore di questo server.',
  verified: (server) => html`Verificata da ${server}`,
};
