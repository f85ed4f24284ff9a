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
Entsperren
Endgültig entfernen
Das lässt sich nicht rückgängig machen.
Alle Sitzungen und Zugriffe dieses Benutzers enden sofort.
Der Benutzer kann sich so nicht mehr anmelden.
Erneut um Zustimmung fragen
Freigeben
Blockieren
Entscheidung zurücknehmen
Löschen
Alle passenden widerrufen
Apps ohne Freigabe
Können verbunden werden
Warten auf Freigabe
Werden abgelehnt
Wie eingestellt
Apps, die auf Freigabe warten
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
Von
Ziel
Ergebnis
Ab
Bis
Exportieren
Protokoll prüfen
Vollständig und unverändert
Geändert oder gekürzt:
Abgelaufene Einträge entfernen
Erledigt.
Erledigt: $1.
Es gibt noch mehr: Wiederholen Sie das.
Inzwischen geändert, nichts getan. Vorher: $1. Jetzt: $2.
Dieses Formular wurde schon gesendet.
Sie haben sich neu angemeldet, und nichts wurde geändert. Wiederholen Sie den letzten Schritt.
Mit Ihrem eigenen Konto geht das nicht. Ein anderer Administrator kann es tun.
Das gibt es nicht mehr.
Diese Seite ist für Administratoren.
Aktivität
Als Tabelle
Aktive Zugriffe|Anmeldungen|Fehlgeschlagene Anmeldungen|Neue Zugriffe|Beendete Zugriffe|Erneuerungen|Aufrufe|Ablehnungen|Wiederverwendungen|Abgewiesene Anfragen|Fehler
Die Befehlszeile in Ihrem Namen handeln lassen?
Ein Programm auf Ihrem Computer möchte $1 eine Stunde lang als $2 verwalten. Es kann dort alles sehen und ändern, was Sie können.
Ihr Terminal zeigt diesen Code:
Fahren Sie nur fort, wenn Sie das Programm gerade selbst gestartet haben und Ihr Terminal denselben Code zeigt. Wenn Ihnen jemand diesen Link geschickt hat, lehnen Sie ab.
Die Antwort geht an $1 auf diesem Computer.
`;
