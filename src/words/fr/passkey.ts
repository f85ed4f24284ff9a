/** Passkeys in French. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about passkeys. */
export const passkey: NonNullable<Translation['passkey']> = {
  sureRemove: 'Vous ne pourrez plus vous connecter avec cette clé d’accès.',
  signIn: 'Se connecter avec une clé d’accès',
  signUp: 'Créer un compte avec une clé d’accès',
  signUpHow:
    'Choisissez un nom d’utilisateur. Votre appareil crée ensuite la clé d’accès : vous vous connectez avec votre empreinte, votre visage ou votre code.',
  signUpButton: 'Continuer',
  useTitle: 'Utilisez votre clé d’accès',
  useText: 'Votre navigateur vous la demande maintenant. Sinon, appuyez sur le bouton.',
  useButton: 'Utiliser votre clé d’accès',
  makeTitle: 'Créez votre clé d’accès',
  makeText: (username) => html`Elle ouvrira le nouveau compte ${username}. Votre appareil la conserve.`,
  makeButton: 'Créer la clé d’accès',
  noScript:
    'Les clés d’accès ont besoin de JavaScript, qui est désactivé dans ce navigateur. Activez-le, ou revenez en arrière et connectez-vous autrement.',
  missing:
    'Ce navigateur ne peut pas utiliser de clé d’accès sur cette page. Prenez un autre navigateur, ou revenez en arrière et connectez-vous autrement.',
  cancelled:
    'Aucune clé d’accès n’a été utilisée : c’était annulé, trop long, ou cet appareil n’en a pas pour ce site. Appuyez sur le bouton pour réessayer.',
  known: 'Cet appareil a déjà une clé d’accès pour ce compte.',
  none: 'La connexion par clé d’accès a été annulée. Votre navigateur doit prendre en charge les clés d’accès et autoriser JavaScript.',
  unknown:
    'Cette clé d’accès n’est pas connue ici. Elle a peut-être été supprimée. Connectez-vous autrement, ou utilisez une autre clé d’accès.',
  wrong: 'Cette clé d’accès n’a pas pu être vérifiée. Réessayez.',
  counter:
    'Cette clé d’accès a été refusée : il en existe peut-être une copie. Connectez-vous autrement, supprimez-la et ajoutez-en une nouvelle.',
  usernameTaken: 'Ce nom d’utilisateur est déjà pris. Choisissez-en un autre.',
  title: 'Clés d’accès',
  count: (count) => (count === 0 ? 'Aucune' : count === 1 ? '1 clé d’accès' : `${count} clés d’accès`),
  empty:
    'Vous n’avez pas encore de clé d’accès. Elle permet de se connecter par empreinte, visage ou code, et personne ne peut vous la soutirer.',
  defaultName: 'Clé d’accès',
  synced: 'Synchronisée entre vos appareils',
  eligible: 'Peut être synchronisée, se trouve sur un seul appareil',
  deviceBound: 'Sur un seul appareil',
  created: (day) => `Ajoutée le ${day}`,
  used: (day) => `utilisée pour la dernière fois le ${day}`,
  unused: 'jamais utilisée',
  name: 'Nom',
  rename: 'Renommer',
  nameOfNew: 'Nom d’une nouvelle clé d’accès',
  change: 'Renommer ou supprimer',
  notOwn: 'Vous vous connectez sur un autre site : il n’y a donc pas de clés d’accès ici. Ajoutez-en une là-bas.',
  removing: (name) => html`Supprimer ${name}`,
  lastOne: 'C’est votre dernière clé d’accès, et votre compte n’a pas de mot de passe. Sans elle, personne ne peut se connecter.',
  sure: 'Supprimer quand même',
  add: 'Ajouter une clé d’accès',
  addTitle: 'Ajouter une clé d’accès',
  addText: 'Votre navigateur demande maintenant où la conserver : sur cet appareil, sur votre téléphone ou sur une clé de sécurité.',
  addButton: 'Créer la clé d’accès',
  back: 'Retour à vos clés d’accès',
  nameBad: 'Un nom a de 1 à 64 caractères.',
  notYours: 'Vous n’avez pas cette clé d’accès. Elle a peut-être déjà été supprimée.',
  taken: 'Cette clé d’accès est déjà connue.',
  tooMany: 'Vous avez autant de clés d’accès qu’un compte peut en avoir. Supprimez-en une d’abord.',
  challengeOver: 'C’était trop long, ou envoyé deux fois. Réessayez.',
};
