/** Passkeys in German. */
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
