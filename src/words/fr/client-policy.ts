/** Clients that wait for approval, are refused or verified, in French. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'Cette application attend une approbation',
  message: (app) => html`${app} est nouvelle ici. Un administrateur de ce serveur doit l’approuver avant que vous puissiez la connecter.`,
  ask: 'Adressez-vous à un administrateur de ce serveur.',
  askContact: (contact) => html`Adressez-vous à ${contact}.`,
  whenApproved: 'Une fois approuvée, continuez ici :',
  again: 'Réessayer',
  refused: 'Cette application n’est pas autorisée ici. Si vous en avez besoin, adressez-vous à un administrateur de ce serveur.',
  verified: (server) => html`Vérifiée par ${server}`,
};
