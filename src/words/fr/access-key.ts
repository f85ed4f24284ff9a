/** Personal access tokens in French. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: 'Les scripts et applications qui utilisent ce jeton cesseront de fonctionner.',
  title: 'Jetons d’accès personnels',
  none: 'Aucun',
  why: 'Pour les scripts et les applications qui ne peuvent pas se connecter. Un jeton peut faire ce que vous lui permettez ici, aussi longtemps que vous le dites.',
  make: 'Créer un jeton',
  name: 'Nom',
  nameHint: 'À quoi il sert',
  can: 'Il pourra',
  resource: 'Où il est valable',
  every: 'Partout ici',
  organization: 'Pour l’organisation',
  lasts: 'Il dure',
  made: 'Copiez votre jeton maintenant',
  madeWhy:
    'Il n’est affiché que cette fois et n’est pas conservé ici. Toute personne qui l’a peut agir en votre nom : gardez-le comme un mot de passe.',
  header: 'En en-tête, pour tout client',
  command: 'Pour Claude Code',
  kept: 'Je l’ai copié',
  dates: (made, ends) => html`Créé le ${made}, se termine le ${ends}`,
  used: (day) => html`Utilisé pour la dernière fois le ${day}`,
  unused: 'Jamais utilisé',
  revoke: 'Révoquer',
  nameBad: 'Un nom a de 1 à 64 caractères.',
  tickOne: 'Choisissez au moins une chose qu’il peut faire, et sa durée.',
  tooMany: 'Vous avez autant de jetons qu’un compte peut en avoir. Révoquez-en d’abord un.',
  twice: 'Ce jeton vient d’être créé et a été affiché à ce moment-là. Si vous ne l’avez pas copié, révoquez-le et créez-en un autre.',
};
