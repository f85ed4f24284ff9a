/** Clients that wait for approval, are refused or verified, in Brazilian Portuguese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'Este aplicativo aguarda aprovação',
  message: (app) => html`${app} é novo aqui. Um administrador deste servidor precisa aprová-lo antes que você possa conectá-lo.`,
  ask: 'Peça a um administrador deste servidor.',
  askContact: (contact) => html`Peça a ${contact}.`,
  whenApproved: 'Quando for aprovado, continue aqui:',
  again: 'Tentar de novo',
  refused: 'Este aplicativo não é permitido aqui. Se precisar dele, peça a um administrador deste servidor.',
  verified: (server) => html`Verificado por ${server}`,
};
