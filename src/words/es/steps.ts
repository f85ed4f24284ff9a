/** E-mail codes and authenticator apps in Spanish. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: 'Enviar código',
  instead: 'Recibir un código por correo',
  label: 'Código por correo',
  address: 'Correo electrónico',
  title: 'Mira tu correo',
  sent: (address) => html`Si ${address} puede iniciar sesión aquí, va en camino un código. Escríbelo en esta página; vale 10 minutos.`,
  code: 'Código',
  button: 'Iniciar sesión',
  again: 'Enviar otro código',
  subject: (code, host) => `${code} es tu código para ${host}`,
  codeIs: (host) => `Tu código para iniciar sesión en ${host}:`,
  expires: 'Escríbelo en la página que lo pidió. Vale 10 minutos, una sola vez.',
  ignore: (host) => `Si no acabas de intentar iniciar sesión en ${host}, no hagas nada y no des el código a nadie: sin él no entra nadie.`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: 'Descargar',
  copyCodes: 'Haz clic en los códigos para seleccionarlos todos.',
  sureRenew: 'Tus códigos de recuperación actuales dejarán de funcionar.',
  sureOff: 'Al iniciar sesión ya no se pedirá un código.',
  left: (count) => (count === 1 ? 'Queda 1 código de recuperación.' : `Quedan ${count} códigos de recuperación.`),
  askTitle: 'Confirma que eres tú',
  ask: 'Abre tu aplicación de autenticación y escribe el código que muestra para este servidor.',
  code: 'Código de tu aplicación',
  confirm: 'Confirmar',
  lost: 'Usar en su lugar un código de recuperación',
  recoveryCode: 'Código de recuperación',
  title: 'Aplicación de autenticación',
  on: 'Activada: al iniciar sesión se pide su código',
  off: 'Desactivada',
  why: 'Protege tu cuenta aunque alguien averigüe tu contraseña.',
  scan: 'Escanea esto con tu aplicación de autenticación',
  picture: 'Código QR con la clave para tu aplicación de autenticación',
  open: 'O ábrelo en una aplicación de este dispositivo',
  byHand: 'O escribe la clave a mano',
  firstCode: 'El código que muestra la aplicación ahora',
  turnOn: 'Activar',
  codeWrong: 'Ese no es el código que muestra la aplicación ahora. Míralo otra vez y comprueba que tu dispositivo esté en hora.',
  recoveryCodes: 'Tus códigos de recuperación',
  keepCodes:
    'Sin tu aplicación, cada uno te deja entrar una vez. Imprímelos o guárdalos en un gestor de contraseñas: no se vuelven a mostrar y los anteriores ya no valen.',
  kept: 'Los he guardado',
  since: (day) => html`Está activada desde el ${day}.`,
  renew: 'Códigos de recuperación nuevos',
  turnOff: 'Desactivar',
};
