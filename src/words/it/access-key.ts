/** Personal access tokens in Italian. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: 'Gli script e le app che usano questo token smetteranno di funzionare.',
  title: 'Token di accesso personali',
  none: 'Nessuno',
  why: 'Per script e app che non possono accedere. Un token può fare ciò che gli consenti qui, per il tempo che dici.',
  make: 'Crea un token',
  name: 'Nome',
  nameHint: 'A che cosa serve',
  can: 'Potrà',
  resource: 'Dove vale',
  every: 'Ovunque qui',
  organization: 'Per l’organizzazione',
  lasts: 'Dura',
  made: 'Copia ora il tuo token',
  madeWhy:
    'Viene mostrato solo questa volta e non viene conservato qui. Chi lo possiede può agire per tuo conto: custodiscilo come una password.',
  header: 'Come intestazione, per qualsiasi client',
  command: 'Per Claude Code',
  kept: 'L’ho copiato',
  dates: (made, ends) => html`Creato il ${made}, termina il ${ends}`,
  used: (day) => html`Usato l’ultima volta il ${day}`,
  unused: 'Mai usato',
  revoke: 'Revoca',
  nameBad: 'Un nome ha da 1 a 64 caratteri.',
  tickOne: 'Scegli almeno una cosa che può fare e quanto dura.',
  tooMany: 'Hai tanti token quanti ne può avere un account. Revocane prima uno.',
  twice: 'Questo token è stato creato poco fa e mostrato allora. Se non l’hai copiato, revocalo e creane un altro.',
};
