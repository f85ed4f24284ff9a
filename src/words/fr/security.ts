/** French of passkeys, further steps of a sign-in, personal access tokens, security messages, and clients that wait for approval. */
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

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: 'Envoyer le code',
  instead: 'Recevoir plutôt un code par e-mail',
  label: 'Code par e-mail',
  address: 'Adresse e-mail',
  title: 'Consultez vos e-mails',
  sent: (address) =>
    html`Si ${address} peut se connecter ici, un code lui est envoyé. Saisissez-le sur cette page ; il est valable 10 minutes.`,
  code: 'Code',
  button: 'Se connecter',
  again: 'Envoyer un autre code',
  subject: (code, host) => `${code} est votre code pour ${host}`,
  codeIs: (host) => `Votre code pour vous connecter à ${host} :`,
  expires: 'Saisissez-le sur la page qui l’a demandé. Il est valable 10 minutes, une seule fois.',
  ignore: (host) =>
    `Si vous ne venez pas d’essayer de vous connecter à ${host}, ne faites rien et ne donnez le code à personne : sans lui, personne n’entre.`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: 'Télécharger',
  copyCodes: 'Cliquez sur les codes pour tous les sélectionner.',
  sureRenew: 'Vos codes de récupération actuels cesseront de fonctionner.',
  sureOff: 'La connexion ne demandera plus de code.',
  left: (count) =>
    count === 0
      ? 'Il ne reste aucun code de secours.'
      : count === 1
        ? 'Il reste 1 code de secours.'
        : `Il reste ${count} codes de secours.`,
  askTitle: 'Confirmez que c’est bien vous',
  ask: 'Ouvrez votre application d’authentification et saisissez le code qu’elle affiche pour ce serveur.',
  code: 'Code de votre application',
  confirm: 'Confirmer',
  lost: 'Utiliser plutôt un code de secours',
  recoveryCode: 'Code de secours',
  title: 'Application d’authentification',
  on: 'Activée : son code est demandé à la connexion',
  off: 'Désactivée',
  why: 'Protège votre compte même si quelqu’un apprend votre mot de passe.',
  scan: 'Scannez ceci avec votre application d’authentification',
  picture: 'Code QR avec la clé pour votre application d’authentification',
  open: 'Ou l’ouvrir dans une application de cet appareil',
  byHand: 'Ou saisir la clé à la main',
  firstCode: 'Le code que l’application affiche maintenant',
  turnOn: 'Activer',
  codeWrong: 'Ce n’est pas le code que l’application affiche maintenant. Regardez encore, et vérifiez que votre appareil est à l’heure.',
  recoveryCodes: 'Vos codes de secours',
  keepCodes:
    'Sans votre application, chacun vous laisse entrer une fois. Imprimez-les ou gardez-les dans un gestionnaire de mots de passe : ils ne seront plus affichés, et les anciens ne sont plus valables.',
  kept: 'Je les ai gardés',
  since: (day) => html`Activée depuis le ${day}.`,
  renew: 'Nouveaux codes de secours',
  turnOff: 'Désactiver',
};

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

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'Cette application attend une approbation',
  message: (app) => html`${app} est nouvelle ici. Un administrateur de ce serveur doit l’approuver avant que vous puissiez la connecter.`,
  ask: 'Adressez-vous à un administrateur de ce serveur.',
  askContact: (contact) => html`Adressez-vous à ${contact}.`,
  whenApproved: 'Une fois approuvée, continuez ici :',
  again: 'Réessayer',
  refused: 'Cette application n’est pas autorisée ici. Si vous en avez besoin, adressez-vous à un administrateur de ce serveur.',
  verified: (server) => html`Vérifiée par ${server}`,
};
