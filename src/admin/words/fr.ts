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
Toutes les sessions, tous les accès et toutes les clés de cet utilisateur prennent fin. Il ne peut plus se connecter tant que vous ne le réactivez pas.
Réactiver
Supprimer définitivement
Le compte et tout son contenu sont supprimés. C’est irréversible.
Toutes les sessions et tous les accès de cet utilisateur prennent fin.
L’utilisateur se connecte alors sans second facteur jusqu’à ce qu’il en configure un nouveau. Assurez-vous que c’est bien lui qui le demande.
L’utilisateur ne pourra plus se connecter ainsi.
Redemander le consentement
Les applications devront redemander à cet utilisateur avant tout nouvel accès.
Approuver
Bloquer
Tous les accès de cette application prennent fin, et personne ne peut la connecter.
Annuler cette décision
Supprimer
L’application, tous ses accès et jetons sont supprimés. C’est irréversible.
L’application perd l’accès immédiatement.
Révoquer tous les résultats
Toutes les applications de cette liste perdent l’accès immédiatement, y compris sur les pages suivantes.
Applications non approuvées
Peuvent être connectées
Attendent une approbation
Sont refusées
Comme configuré
Applications en attente d’approbation
Aucune application n’attend d’approbation.
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
Action
Par
Cible
Résultat
Du
Au
Exporter
Vérifier le journal
Le journal est complet et inchangé.
Le journal a été modifié, ou quelque chose en a été supprimé :
Le serveur fonctionne.
Le stockage ne fonctionne pas :
Supprimer les données expirées
C’est fait.
C’est fait : $1.
Il en reste : recommencez avec la liste ci-dessous.
Rien n’a été fait, car cela a changé entre-temps. Avant : $1. Maintenant : $2.
Rien n’a été fait, car un autre utilisateur s’est connecté avec ce navigateur.
Ce formulaire a été envoyé deux fois. L’action a été faite une fois.
Vous vous êtes reconnecté. Rien n’a encore changé : répétez la dernière étape.
Vous ne pouvez pas faire cela sur votre propre compte. Un autre administrateur le peut.
Cela n’existe plus. Rien n’a été modifié.
Cette page est réservée aux administrateurs.
Activité
En tableau
Jour
Accès actifs|Connexions|Connexions échouées|Nouveaux accès|Accès terminés|Renouvellements|Appels|Refus|Réutilisations|Requêtes rejetées|Erreurs
`;
