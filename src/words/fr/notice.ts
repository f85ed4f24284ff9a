/** Security messages in French. */
import type { Translation } from '../words.ts';

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `Alerte de sécurité pour votre compte ${server}`,
  app: (server, app) => `L’application ${app} a été connectée à votre compte ${server}.`,
  key: (server, _name) => `Un jeton d’accès personnel a été créé pour votre compte ${server}.`,
  password: (server, _name) => `Le mot de passe de votre compte ${server} a été modifié.`,
  factor: (server, _name) => `Les moyens de connexion à votre compte ${server} ont été modifiés.`,
  place: (server, browser) => `Une connexion à votre compte ${server} a eu lieu depuis un nouvel endroit : ${browser}`,
  ifYou: 'Si c’était vous, vous n’avez rien à faire.',
  ifNot:
    'Si ce n’était pas vous, ouvrez cette page dans les 7 jours pour vous déconnecter partout et déconnecter toutes les applications :',
  title: 'Ce n’était pas vous ?',
  what: 'Vous serez déconnecté de tous les navigateurs et toutes les applications perdront l’accès. Choisissez ensuite un nouveau mot de passe.',
  button: 'Se déconnecter partout',
  doneTitle: 'Déconnecté partout',
  done: 'Toutes les sessions sont terminées et aucune application n’a plus accès. Changez maintenant votre mot de passe et vérifiez les autres moyens de connexion.',
  over: 'Il a déjà été utilisé ou a expiré. Connectez-vous pour voir vos applications et navigateurs.',
};
