/** Security messages in German. */
import type { Translation } from '../words.ts';

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
