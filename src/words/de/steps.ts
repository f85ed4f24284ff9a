/** E-mail codes and authenticator apps in German. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: 'Code senden',
  instead: 'Stattdessen einen Code per E-Mail senden',
  label: 'E-Mail-Code',
  address: 'E-Mail-Adresse',
  title: 'Sehen Sie in Ihre E-Mails',
  sent: (address) =>
    html`Wenn ${address} sich hier anmelden darf, ist ein Code dorthin unterwegs. Geben Sie ihn auf dieser Seite ein; er gilt 10 Minuten.`,
  code: 'Code',
  button: 'Anmelden',
  again: 'Neuen Code senden',
  subject: (code, host) => `${code} ist Ihr Code für ${host}`,
  codeIs: (host) => `Ihr Code zum Anmelden bei ${host}:`,
  expires: 'Geben Sie ihn auf der Seite ein, die danach gefragt hat. Er gilt 10 Minuten, ein einziges Mal.',
  ignore: (host) =>
    `Wenn Sie sich nicht gerade bei ${host} anmelden wollten, tun Sie nichts und geben Sie den Code niemandem: Ohne ihn kommt niemand hinein.`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: 'Herunterladen',
  copyCodes: 'Klicken Sie auf die Codes, um alle auszuwählen.',
  sureRenew: 'Ihre bisherigen Wiederherstellungscodes gelten dann nicht mehr.',
  sureOff: 'Beim Anmelden wird dann kein Code mehr verlangt.',
  left: (count) => (count === 1 ? '1 Wiederherstellungscode ist übrig.' : `${count} Wiederherstellungscodes sind übrig.`),
  askTitle: 'Bestätigen Sie, dass Sie es sind',
  ask: 'Öffnen Sie Ihre Authentifizierungs-App und geben Sie den Code ein, den sie für diesen Server zeigt.',
  code: 'Code Ihrer App',
  confirm: 'Bestätigen',
  lost: 'Stattdessen einen Wiederherstellungscode verwenden',
  recoveryCode: 'Wiederherstellungscode',
  title: 'Authentifizierungs-App',
  on: 'Ein: Beim Anmelden wird nach ihrem Code gefragt',
  off: 'Aus',
  why: 'Schützt Ihr Konto auch dann, wenn jemand Ihr Passwort erfährt.',
  scan: 'Scannen Sie das mit Ihrer Authentifizierungs-App',
  picture: 'QR-Code mit dem Schlüssel für Ihre Authentifizierungs-App',
  open: 'Oder in einer App auf diesem Gerät öffnen',
  byHand: 'Oder den Schlüssel von Hand eingeben',
  firstCode: 'Der Code, den die App jetzt zeigt',
  turnOn: 'Einschalten',
  codeWrong:
    'Das ist nicht der Code, den die App jetzt zeigt. Sehen Sie noch einmal nach, und prüfen Sie, ob die Uhr Ihres Geräts richtig geht.',
  recoveryCodes: 'Ihre Wiederherstellungscodes',
  keepCodes:
    'Ohne Ihre App kommen Sie mit jedem davon einmal hinein. Drucken Sie sie aus oder bewahren Sie sie in einem Passwortmanager auf: Sie werden nicht noch einmal gezeigt, und frühere gelten nicht mehr.',
  kept: 'Ich habe sie aufbewahrt',
  since: (day) => html`Eingeschaltet seit dem ${day}.`,
  renew: 'Neue Wiederherstellungscodes',
  turnOff: 'Ausschalten',
};
