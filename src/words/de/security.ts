/** German of passkeys, further steps of a sign-in, personal access tokens, security messages, and clients that wait for approval. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about passkeys. */
export const passkey: NonNullable<Translation['passkey']> = {
  sureRemove: 'Sie können sich dann nicht mehr mit diesem Passkey anmelden.',
  signIn: 'Mit einem Passkey anmelden',
  signUp: 'Konto mit einem Passkey erstellen',
  signUpHow:
    'Wählen Sie einen Benutzernamen. Dann erstellt Ihr Gerät den Passkey, und Sie melden sich mit Fingerabdruck, Gesicht oder PIN an.',
  signUpButton: 'Weiter',
  useTitle: 'Passkey verwenden',
  useText: 'Ihr Browser fragt jetzt danach. Wenn nicht, klicken Sie auf die Schaltfläche.',
  useButton: 'Passkey verwenden',
  makeTitle: 'Passkey erstellen',
  makeText: (username) => html`Er wird der Schlüssel zum neuen Konto ${username}. Ihr Gerät bewahrt ihn auf.`,
  makeButton: 'Passkey erstellen',
  noScript:
    'Passkeys brauchen JavaScript, und in diesem Browser ist es aus. Schalten Sie es ein, oder gehen Sie zurück und melden Sie sich anders an.',
  missing:
    'Dieser Browser kann auf dieser Seite keine Passkeys verwenden. Nehmen Sie einen anderen Browser, oder gehen Sie zurück und melden Sie sich anders an.',
  cancelled:
    'Es wurde kein Passkey verwendet: Der Vorgang wurde abgebrochen, hat zu lange gedauert, oder dieses Gerät hat keinen für diese Seite. Klicken Sie auf die Schaltfläche, um es noch einmal zu versuchen.',
  known: 'Dieses Gerät hat schon einen Passkey für dieses Konto.',
  none: 'Die Anmeldung mit dem Passkey wurde abgebrochen. Ihr Browser muss Passkeys unterstützen und JavaScript erlauben.',
  unknown:
    'Dieser Passkey ist hier nicht bekannt. Vielleicht wurde er entfernt. Melden Sie sich anders an, oder verwenden Sie einen anderen Passkey.',
  wrong: 'Dieser Passkey konnte nicht geprüft werden. Versuchen Sie es noch einmal.',
  counter:
    'Dieser Passkey wurde abgelehnt: Es gibt vielleicht eine Kopie davon. Melden Sie sich anders an, entfernen Sie ihn und fügen Sie einen neuen hinzu.',
  usernameTaken: 'Dieser Benutzername ist vergeben. Wählen Sie einen anderen.',
  title: 'Passkeys',
  count: (count) => (count === 0 ? 'Keine' : count === 1 ? '1 Passkey' : `${count} Passkeys`),
  empty:
    'Sie haben noch keinen Passkey. Damit melden Sie sich mit Fingerabdruck, Gesicht oder PIN an, und niemand kann ihn Ihnen ablisten.',
  defaultName: 'Passkey',
  synced: 'Wird zwischen Ihren Geräten synchronisiert',
  eligible: 'Kann synchronisiert werden, liegt jetzt auf einem Gerät',
  deviceBound: 'Nur auf einem Gerät',
  created: (day) => `Hinzugefügt am ${day}`,
  used: (day) => `zuletzt benutzt am ${day}`,
  unused: 'nie benutzt',
  name: 'Name',
  rename: 'Umbenennen',
  nameOfNew: 'Name eines neuen Passkeys',
  change: 'Umbenennen oder entfernen',
  notOwn: 'Sie melden sich bei einer anderen Website an, deshalb gibt es hier keine Passkeys. Fügen Sie dort einen hinzu.',
  removing: (name) => html`${name} entfernen`,
  lastOne: 'Das ist Ihr letzter Passkey, und Ihr Konto hat kein Passwort. Ohne ihn kann sich niemand anmelden.',
  sure: 'Trotzdem entfernen',
  add: 'Passkey hinzufügen',
  addTitle: 'Passkey hinzufügen',
  addText:
    'Ihr Browser fragt jetzt, wo er aufbewahrt werden soll: auf diesem Gerät, auf Ihrem Telefon oder auf einem Sicherheitsschlüssel.',
  addButton: 'Passkey erstellen',
  back: 'Zurück zu Ihren Passkeys',
  nameBad: 'Ein Name hat 1 bis 64 Zeichen.',
  notYours: 'Sie haben keinen solchen Passkey. Vielleicht wurde er schon entfernt.',
  taken: 'Dieser Passkey ist schon bekannt.',
  tooMany: 'Sie haben so viele Passkeys, wie ein Konto haben kann. Entfernen Sie zuerst einen.',
  challengeOver: 'Das hat zu lange gedauert oder wurde zweimal gesendet. Versuchen Sie es noch einmal.',
};

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

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: 'Skripte und Apps mit diesem Token funktionieren dann nicht mehr.',
  title: 'Persönliche Zugriffstokens',
  none: 'Keine',
  why: 'Für Skripte und Apps, die sich nicht anmelden können. Ein Token darf, was Sie ihm hier erlauben, und so lange, wie Sie es sagen.',
  make: 'Token erstellen',
  name: 'Name',
  nameHint: 'Wofür es ist',
  can: 'Es kann dann',
  resource: 'Wo es gilt',
  every: 'Überall hier',
  organization: 'Für die Organisation',
  lasts: 'Es gilt',
  made: 'Kopieren Sie Ihr Token jetzt',
  madeWhy:
    'Es wird nur dieses eine Mal gezeigt und hier nicht gespeichert. Wer es hat, kann in Ihrem Namen handeln: Bewahren Sie es wie ein Passwort auf.',
  header: 'Als Header, für jeden Client',
  command: 'Für Claude Code',
  kept: 'Ich habe es kopiert',
  dates: (made, ends) => html`Erstellt am ${made}, endet am ${ends}`,
  used: (day) => html`Zuletzt benutzt am ${day}`,
  unused: 'Nie benutzt',
  revoke: 'Widerrufen',
  nameBad: 'Ein Name hat 1 bis 64 Zeichen.',
  tickOne: 'Wählen Sie mindestens eine Sache, die es darf, und wie lange es gilt.',
  tooMany: 'Sie haben so viele Tokens, wie ein Konto haben kann. Widerrufen Sie zuerst eines.',
  twice:
    'Dieses Token wurde gerade eben erstellt und dabei gezeigt. Wenn Sie es nicht kopiert haben, widerrufen Sie es und erstellen Sie ein neues.',
};

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `Sicherheitshinweis zu Ihrem Konto bei ${server}`,
  app: (server, app) => `Die App ${app} wurde mit Ihrem Konto bei ${server} verbunden.`,
  key: (server, _name) => `Für Ihr Konto bei ${server} wurde ein persönliches Zugriffstoken erstellt.`,
  password: (server, _name) => `Das Passwort Ihres Kontos bei ${server} wurde geändert.`,
  factor: (server, _name) => `Die Anmeldemöglichkeiten Ihres Kontos bei ${server} wurden geändert.`,
  place: (server, browser) => `Mit Ihrem Konto bei ${server} hat sich jemand von einem neuen Ort aus angemeldet: ${browser}`,
  ifYou: 'Wenn Sie das waren, müssen Sie nichts tun.',
  ifNot: 'Wenn Sie das nicht waren, öffnen Sie innerhalb von 7 Tagen diese Seite, um sich überall abzumelden und alle Apps zu trennen:',
  title: 'Waren Sie das nicht?',
  what: 'Sie werden in jedem Browser abgemeldet, und alle Apps verlieren den Zugriff. Wählen Sie danach ein neues Passwort.',
  button: 'Überall abmelden',
  doneTitle: 'Überall abgemeldet',
  done: 'Alle Sitzungen sind beendet, und keine App hat mehr Zugriff. Ändern Sie jetzt Ihr Passwort und prüfen Sie die anderen Anmeldemöglichkeiten.',
  over: 'Er wurde schon benutzt oder ist abgelaufen. Melden Sie sich an, um Ihre verbundenen Apps und Browser zu sehen.',
};

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
