/** Security messages in Spanish. */
import type { Translation } from '../words.ts';

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `Aviso de seguridad de tu cuenta en ${server}`,
  app: (server, app) => `La app ${app} se conectó a tu cuenta en ${server}.`,
  key: (server, _name) => `Se creó un token de acceso personal para tu cuenta en ${server}.`,
  password: (server, _name) => `Se cambió la contraseña de tu cuenta en ${server}.`,
  factor: (server, _name) => `Cambiaron las formas de iniciar sesión en tu cuenta en ${server}.`,
  place: (server, browser) => `Se inició sesión en tu cuenta en ${server} desde un lugar nuevo: ${browser}`,
  ifYou: 'Si fuiste tú, no tienes que hacer nada.',
  ifNot: 'Si no fuiste tú, abre esta página en un plazo de 7 días para cerrar todas las sesiones y desconectar todas las apps:',
  title: '¿No fuiste tú?',
  what: 'Se cerrará tu sesión en todos los navegadores y todas las apps perderán el acceso. Después elige una contraseña nueva.',
  button: 'Cerrar todas las sesiones',
  doneTitle: 'Todas las sesiones cerradas',
  done: 'Todas las sesiones terminaron y ninguna app tiene acceso. Cambia ahora tu contraseña y revisa las demás formas de iniciar sesión.',
  over: 'Ya se usó o ha caducado. Inicia sesión para ver tus apps y navegadores conectados.',
};
