/** E-mail codes and authenticator apps in French. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

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
