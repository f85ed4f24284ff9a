/** The page that signs in the command line of an administrator, in French. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: 'Laisser la ligne de commande agir en votre nom ?',
  lead: (server, user) =>
    html`Un programme sur votre ordinateur demande à administrer ${server} en tant que ${user} pendant une heure. Il pourra y voir et
    modifier tout ce que vous pouvez.`,
  code: 'Votre terminal affiche ce code :',
  check:
    'Ne continuez que si vous venez de lancer le programme vous-même et que votre terminal affiche le même code. Si quelqu’un vous a envoyé ce lien, refusez.',
  answer: (address) => html`La réponse va à ${address} sur cet ordinateur.`,
};
