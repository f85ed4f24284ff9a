/** Clients that wait for approval, are refused or verified, in Spanish. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'Esta aplicación espera aprobación',
  message: (app) => html`${app} es nueva aquí. Un administrador de este servidor debe aprobarla antes de que puedas conectarla.`,
  ask: 'Pídelo a un administrador de este servidor.',
  askContact: (contact) => html`Pídelo a ${contact}.`,
  whenApproved: 'Cuando esté aprobada, continúa aquí:',
  again: 'Volver a intentarlo',
  refused: 'Esta aplicación no está permitida aquí. Si la necesitas, pídelo a un administrador de este servidor.',
  verified: (server) => html`Verificada por ${server}`,
};
