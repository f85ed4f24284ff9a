/** Clients that wait for approval, are refused or verified, in German. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'Diese App wartet auf Freigabe',
  message: (app) => html`${app} ist hier neu. Die Verwaltung dieses Servers muss sie freigeben, bevor Sie sie verbinden können.`,
  ask: 'Wenden Sie sich an die Verwaltung dieses Servers.',
  askContact: (contact) => html`Wenden Sie sich an ${contact}.`,
  whenApproved: 'Wenn sie freigegeben ist, geht es hier weiter:',
  again: 'Erneut versuchen',
  refused: 'Diese App ist hier nicht erlaubt. Wenn Sie sie brauchen, wenden Sie sich an die Verwaltung dieses Servers.',
  verified: (server) => html`Geprüft von ${server}`,
};
