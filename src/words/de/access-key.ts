/** Personal access tokens in German. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

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
