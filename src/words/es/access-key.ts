/** Personal access tokens in Spanish. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: 'Los scripts y apps que usan este token dejarán de funcionar.',
  title: 'Tokens de acceso personales',
  none: 'Ninguno',
  why: 'Para scripts y aplicaciones que no pueden iniciar sesión. Un token puede hacer lo que le permitas aquí, durante el tiempo que digas.',
  make: 'Crear un token',
  name: 'Nombre',
  nameHint: 'Para qué es',
  can: 'Podrá',
  resource: 'Dónde sirve',
  every: 'En todo este servidor',
  organization: 'Para la organización',
  lasts: 'Dura',
  made: 'Copia tu token ahora',
  madeWhy: 'Solo se muestra esta vez y no se guarda aquí. Quien lo tenga puede actuar en tu nombre: guárdalo como una contraseña.',
  header: 'Como cabecera, para cualquier cliente',
  command: 'Para Claude Code',
  kept: 'Ya lo he copiado',
  dates: (made, ends) => html`Creado el ${made}, termina el ${ends}`,
  used: (day) => html`Usado por última vez el ${day}`,
  unused: 'Nunca usado',
  revoke: 'Revocar',
  nameBad: 'Un nombre tiene de 1 a 64 caracteres.',
  tickOne: 'Elige al menos una cosa que pueda hacer y cuánto dura.',
  tooMany: 'Tienes tantos tokens como puede tener una cuenta. Revoca uno primero.',
  twice: 'Este token se creó hace un momento y se mostró entonces. Si no lo copiaste, revócalo y crea otro.',
};
