/** German of the admin page: a line for each text of `en.ts`, in its order. */

/** The texts. */
export const de: string = `
Verwaltung
Übersicht
Benutzer
Apps
Zugriffe
Schlüssel
Protokoll
Zustand
Suchen
E-Mail, Name oder ID
Zum Inhalt
Nichts gefunden.
Mehr
Alle
Benutzer
App
ID
Status
Aktionen
Erstellt
Zuletzt benutzt
Läuft ab
Scopes
Organisation
Berechtigungen
Speichern
Anwenden
Aktiv
Gesperrt
Entfernt
Wartet
Freigegeben
Blockiert
Neu
Bestätigt
Von anderen Websites
Sperren
Alle Sitzungen, Zugriffe und Schlüssel dieses Benutzers enden sofort. Eine Anmeldung ist erst wieder möglich, wenn Sie ihn entsperren.
Entsperren
Endgültig entfernen
Das Konto wird mit allem gelöscht. Das lässt sich nicht rückgängig machen.
Alle Sitzungen und Zugriffe dieses Benutzers enden sofort.
Der Benutzer meldet sich dann ohne zweiten Faktor an, bis er einen neuen einrichtet. Prüfen Sie, ob wirklich er darum bittet.
Der Benutzer kann sich so nicht mehr anmelden.
Erneut um Zustimmung fragen
Apps müssen diesen Benutzer erneut fragen, bevor sie neuen Zugriff bekommen.
Freigeben
Blockieren
Alle Zugriffe dieser App enden sofort, und niemand kann sie verbinden.
Entscheidung zurücknehmen
Löschen
Die App wird mit allen Zugriffen und Tokens gelöscht. Das lässt sich nicht rückgängig machen.
Die App verliert sofort den Zugriff.
Alle passenden widerrufen
Alle Apps dieser Liste verlieren sofort den Zugriff, auch die auf den folgenden Seiten.
Apps ohne Freigabe
Können verbunden werden
Warten auf Freigabe
Werden abgelehnt
Wie eingestellt
Apps, die auf Freigabe warten
Keine App wartet auf Freigabe.
Gewünscht von
Hosts
Redirect-URIs
Nicht benutzt seit
Server
Dienstschlüssel
Persönlich
Neuer Benutzer
Neue App
Neuer Dienstschlüssel
Token prüfen
Das Geheimnis wird nur dieses eine Mal angezeigt.
Zeit
Aktion
Von
Ziel
Ergebnis
Ab
Bis
Exportieren
Protokoll prüfen
Das Protokoll ist vollständig und unverändert.
Das Protokoll wurde geändert, oder es wurde etwas daraus entfernt:
Der Server funktioniert.
Der Speicher funktioniert nicht:
Abgelaufene Einträge entfernen
Erledigt.
Erledigt: $1.
Es gibt noch mehr: Wiederholen Sie das mit der Liste unten.
Es wurde nichts getan, denn inzwischen hat sich etwas geändert. Vorher: $1. Jetzt: $2.
Es wurde nichts getan, denn in diesem Browser hat sich jemand anderes angemeldet.
Dieses Formular wurde zweimal gesendet. Es wurde einmal ausgeführt.
Sie haben sich wieder angemeldet. Noch wurde nichts geändert: Wiederholen Sie den letzten Schritt.
Mit Ihrem eigenen Konto geht das nicht. Ein anderer Administrator kann es tun.
Das gibt es nicht mehr. Es wurde nichts geändert.
Diese Seite ist für Administratoren.
Aktivität
Als Tabelle
Tag
Aktive Zugriffe|Anmeldungen|Fehlgeschlagene Anmeldungen|Neue Zugriffe|Beendete Zugriffe|Erneuerungen|Aufrufe|Ablehnungen|Wiederverwendungen|Abgewiesene Anfragen|Fehler
`;
