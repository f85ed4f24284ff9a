/** French of the admin page: a line for each text of `en.ts`, in its order. */

/** The texts. */
export const fr: string = `
Administration
Vue d’ensemble
Utilisateurs
Applications
Accès
Clés
Journal
État
Rechercher
E-mail, nom ou ID
Aller au contenu
Aucun résultat.
Plus
Tous
Utilisateur
Application
ID
Statut
Actions
Création
Dernière utilisation
Expiration
Scopes
Organisation
Autorisations
Enregistrer
Appliquer
Actif
Désactivé
Supprimé
En attente
Approuvée
Bloquée
Nouvelle
Vérifié
D’autres sites
Désactiver
Réactiver
Supprimer définitivement
C’est irréversible.
Toutes les sessions et tous les accès de cet utilisateur prennent fin.
L’utilisateur ne pourra plus se connecter ainsi.
Redemander le consentement
Approuver
Bloquer
Annuler cette décision
Supprimer
Révoquer tous les résultats
Applications non approuvées
Peuvent être connectées
Attendent une approbation
Sont refusées
Comme configuré
Applications en attente d’approbation
Demandée par
Hôtes
URI de redirection
Inutilisé depuis
Serveur
Clé de service
Personnelle
Nouvel utilisateur
Nouvelle application
Nouvelle clé de service
Examiner un jeton
Le secret n’est affiché que cette fois.
Date
Par
Cible
Résultat
Du
Au
Exporter
Vérifier le journal
Complet et inchangé
Modifié ou tronqué :
Supprimer les données expirées
C’est fait.
C’est fait : $1.
Il en reste : recommencez.
Modifié entre-temps, rien n’a été fait. Avant : $1. Maintenant : $2.
Ce formulaire a déjà été envoyé.
Vous vous êtes reconnecté et rien n’a changé. Répétez la dernière étape.
Vous ne pouvez pas faire cela sur votre propre compte. Un autre administrateur le peut.
Cela n’existe plus.
Cette page est réservée aux administrateurs.
Activité
En tableau
Accès actifs|Connexions|Connexions échouées|Nouveaux accès|Accès terminés|Renouvellements|Appels|Refus|Réutilisations|Requêtes rejetées|Erreurs
Laisser la ligne de commande agir en votre nom ?
Un programme sur votre ordinateur demande à administrer $1 en tant que $2 pendant une heure. Il pourra y voir et modifier tout ce que vous pouvez.
Votre terminal affiche ce code :
Ne continuez que si vous venez de lancer le programme vous-même et que votre terminal affiche le même code. Si quelqu’un vous a envoyé ce lien, refusez.
La réponse va à $1 sur cet ordinateur.
`;
