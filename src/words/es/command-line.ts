/** The page that signs in the command line of an administrator, in Spanish. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: '¿Permitir que la línea de comandos actúe en su nombre?',
  lead: (server, user) =>
    html`Un programa de su equipo pide administrar ${server} como ${user} durante una hora. Podrá ver y cambiar allí todo lo que usted
    puede.`,
  code: 'Su terminal muestra este código:',
  check:
    'Continúe solo si acaba de iniciar el programa usted mismo y su terminal muestra el mismo código. Si alguien le envió este enlace, deniéguelo.',
  answer: (address) => html`La respuesta va a ${address} en este equipo.`,
};
