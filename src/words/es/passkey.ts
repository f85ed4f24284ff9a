/** Passkeys in Spanish. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about passkeys. */
export const passkey: NonNullable<Translation['passkey']> = {
  sureRemove: 'Ya no podrás iniciar sesión con esta llave de acceso.',
  signIn: 'Iniciar sesión con una llave de acceso',
  signUp: 'Crear una cuenta con una llave de acceso',
  signUpHow: 'Elige un nombre de usuario. Después tu dispositivo crea la llave de acceso y entras con la huella, la cara o el PIN.',
  signUpButton: 'Continuar',
  useTitle: 'Usa tu llave de acceso',
  useText: 'Tu navegador te la pide ahora. Si no lo hace, pulsa el botón.',
  useButton: 'Usar tu llave de acceso',
  makeTitle: 'Crea tu llave de acceso',
  makeText: (username) => html`Abrirá la cuenta nueva ${username}. Tu dispositivo la guarda.`,
  makeButton: 'Crear la llave de acceso',
  noScript:
    'Las llaves de acceso necesitan JavaScript, que está desactivado en este navegador. Actívalo, o vuelve atrás e inicia sesión de otra forma.',
  missing:
    'Este navegador no puede usar llaves de acceso en esta página. Usa otro navegador, o vuelve atrás e inicia sesión de otra forma.',
  cancelled:
    'No se usó ninguna llave de acceso: se canceló, tardó demasiado, o este dispositivo no tiene ninguna para este sitio. Pulsa el botón para volver a intentarlo.',
  known: 'Este dispositivo ya tiene una llave de acceso para esta cuenta.',
  none: 'Se canceló el inicio de sesión con llave de acceso. Tu navegador debe admitir llaves de acceso y permitir JavaScript.',
  unknown: 'Esta llave de acceso no se conoce aquí. Puede que se haya quitado. Inicia sesión de otra forma o usa otra llave de acceso.',
  wrong: 'No se pudo comprobar esta llave de acceso. Vuelve a intentarlo.',
  counter: 'Esta llave de acceso se rechazó: puede que exista una copia. Inicia sesión de otra forma, quítala y añade una nueva.',
  usernameTaken: 'Este nombre de usuario ya está en uso. Elige otro.',
  title: 'Llaves de acceso',
  count: (count) => (count === 0 ? 'Ninguna' : count === 1 ? '1 llave de acceso' : `${count} llaves de acceso`),
  empty:
    'Aún no tienes ninguna llave de acceso. Con ella inicias sesión con la huella, la cara o el PIN, y nadie puede sacártela con engaños.',
  defaultName: 'Llave de acceso',
  synced: 'Sincronizada entre tus dispositivos',
  eligible: 'Se puede sincronizar, ahora está en un dispositivo',
  deviceBound: 'Solo en un dispositivo',
  created: (day) => `Añadida el ${day}`,
  used: (day) => `usada por última vez el ${day}`,
  unused: 'nunca usada',
  name: 'Nombre',
  rename: 'Cambiar nombre',
  nameOfNew: 'Nombre de una nueva llave de acceso',
  change: 'Cambiar nombre o quitar',
  notOwn: 'Inicias sesión en otro sitio, por eso aquí no hay llaves de acceso. Añade una allí.',
  removing: (name) => html`Quitar ${name}`,
  lastOne: 'Es tu última llave de acceso y tu cuenta no tiene contraseña. Sin ella nadie puede iniciar sesión.',
  sure: 'Quitarla de todos modos',
  add: 'Añadir una llave de acceso',
  addTitle: 'Añadir una llave de acceso',
  addText: 'Tu navegador pregunta ahora dónde guardarla: en este dispositivo, en tu teléfono o en una llave de seguridad.',
  addButton: 'Crear la llave de acceso',
  back: 'Volver a tus llaves de acceso',
  nameBad: 'Un nombre tiene de 1 a 64 caracteres.',
  notYours: 'No tienes esa llave de acceso. Puede que ya se haya quitado.',
  taken: 'Esta llave de acceso ya se conoce.',
  tooMany: 'Tienes tantas llaves de acceso como puede tener una cuenta. Quita una antes.',
  challengeOver: 'Tardó demasiado o se envió dos veces. Vuelve a intentarlo.',
};
