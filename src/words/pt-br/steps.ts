/** E-mail codes and authenticator apps in Portuguese of Brazil. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: 'Enviar código',
  instead: 'Receber um código por e-mail',
  label: 'Código por e-mail',
  address: 'E-mail',
  title: 'Veja seu e-mail',
  sent: (address) => html`Se ${address} pode entrar aqui, um código está a caminho. Digite-o nesta página; ele vale por 10 minutos.`,
  code: 'Código',
  button: 'Entrar',
  again: 'Enviar outro código',
  subject: (code, host) => `${code} é seu código para ${host}`,
  codeIs: (host) => `Seu código para entrar em ${host}:`,
  expires: 'Digite-o na página que o pediu. Ele vale por 10 minutos, uma única vez.',
  ignore: (host) => `Se você não tentou entrar em ${host} agora, não faça nada e não diga o código a ninguém: sem ele ninguém entra.`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: 'Baixar',
  copyCodes: 'Clique nos códigos para selecionar todos.',
  sureRenew: 'Seus códigos de recuperação atuais deixarão de funcionar.',
  sureOff: 'A entrada não pedirá mais um código.',
  left: (count) => (count === 1 ? 'Resta 1 código de recuperação.' : `Restam ${count} códigos de recuperação.`),
  askTitle: 'Confirme que é você',
  ask: 'Abra seu aplicativo autenticador e digite o código que ele mostra para este servidor.',
  code: 'Código do seu aplicativo',
  confirm: 'Confirmar',
  lost: 'Usar um código de recuperação',
  recoveryCode: 'Código de recuperação',
  title: 'Aplicativo autenticador',
  on: 'Ligado: o código é pedido ao entrar',
  off: 'Desligado',
  why: 'Protege sua conta mesmo que alguém descubra sua senha.',
  scan: 'Leia isto com seu aplicativo autenticador',
  picture: 'QR code com a chave para seu aplicativo autenticador',
  open: 'Ou abra em um aplicativo deste dispositivo',
  byHand: 'Ou digite a chave à mão',
  firstCode: 'O código que o aplicativo mostra agora',
  turnOn: 'Ligar',
  codeWrong: 'Esse não é o código que o aplicativo mostra agora. Olhe de novo e confira se o relógio do seu dispositivo está certo.',
  recoveryCodes: 'Seus códigos de recuperação',
  keepCodes:
    'Sem seu aplicativo, cada um deixa você entrar uma vez. Imprima-os ou guarde-os em um gerenciador de senhas: eles não são mostrados de novo, e os anteriores não valem mais.',
  kept: 'Eu os guardei',
  since: (day) => html`Está ligado desde ${day}.`,
  renew: 'Novos códigos de recuperação',
  turnOff: 'Desligar',
};
