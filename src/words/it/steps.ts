/** E-mail codes and authenticator apps in Italian. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: 'Invia codice',
  instead: 'Ricevi invece un codice via email',
  label: 'Codice via e-mail',
  address: 'Indirizzo e-mail',
  title: 'Controlla la posta',
  sent: (address) => html`Se ${address} può accedere qui, è in arrivo un codice. Scrivilo in questa pagina; vale 10 minuti.`,
  code: 'Codice',
  button: 'Accedi',
  again: 'Invia un altro codice',
  subject: (code, host) => `${code} è il tuo codice per ${host}`,
  codeIs: (host) => `Il tuo codice per accedere a ${host}:`,
  expires: 'Scrivilo nella pagina che lo ha chiesto. Vale 10 minuti, una sola volta.',
  ignore: (host) => `Se non hai appena provato ad accedere a ${host}, non fare nulla e non dire il codice a nessuno: senza, nessuno entra.`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: 'Scarica',
  copyCodes: 'Fai clic sui codici per selezionarli tutti.',
  sureRenew: 'I codici di recupero attuali smetteranno di funzionare.',
  sureOff: 'L’accesso non richiederà più un codice.',
  left: (count) => (count === 1 ? 'Resta 1 codice di recupero.' : `Restano ${count} codici di recupero.`),
  askTitle: 'Conferma che sei tu',
  ask: 'Apri la tua app di autenticazione e scrivi il codice che mostra per questo server.',
  code: 'Codice della tua app',
  confirm: 'Conferma',
  lost: 'Usa invece un codice di recupero',
  recoveryCode: 'Codice di recupero',
  title: 'App di autenticazione',
  on: 'Attiva: all’accesso viene chiesto il suo codice',
  off: 'Non attiva',
  why: 'Protegge il tuo account anche se qualcuno scopre la tua password.',
  scan: 'Inquadralo con la tua app di autenticazione',
  picture: 'Codice QR con la chiave per la tua app di autenticazione',
  open: 'Oppure aprilo in un’app di questo dispositivo',
  byHand: 'Oppure scrivi la chiave a mano',
  firstCode: 'Il codice che l’app mostra adesso',
  turnOn: 'Attiva',
  codeWrong: 'Non è il codice che l’app mostra adesso. Guarda di nuovo e controlla che l’orologio del dispositivo sia giusto.',
  recoveryCodes: 'I tuoi codici di recupero',
  keepCodes:
    'Senza la tua app, ciascuno ti fa entrare una volta. Stampali o conservali in un gestore di password: non vengono più mostrati e quelli precedenti non valgono più.',
  kept: 'Li ho conservati',
  since: (day) => html`È attiva dal ${day}.`,
  renew: 'Nuovi codici di recupero',
  turnOff: 'Disattiva',
};
