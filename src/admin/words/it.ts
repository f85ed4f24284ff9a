/** Italian of the admin page: a line for each text of `en.ts`, in its order. */

/** The texts. */
export const it: string = `
Amministrazione
Panoramica
Utenti
App
Accessi
Chiavi
Registro
Stato
Cerca
E-mail, nome o ID
Vai al contenuto
Nessun risultato.
Altro
Tutti
Utente
App
ID
Stato
Azioni
Creazione
Ultimo uso
Scadenza
Scope
Organizzazione
Autorizzazioni
Salva
Applica
Attivo
Disattivato
Rimosso
In attesa
Approvata
Bloccata
Nuova
Verificato
Da altri siti
Disattiva
Tutte le sessioni, gli accessi e le chiavi di questo utente terminano ora. Non potrà accedere finché non lo riattivi.
Riattiva
Rimuovi definitivamente
L’account e tutto il suo contenuto vengono eliminati. Non si può annullare.
Tutte le sessioni e gli accessi di questo utente terminano ora.
L’utente accederà senza secondo fattore finché non ne configura uno nuovo. Assicurati che sia davvero lui a chiederlo.
L’utente non potrà più accedere in questo modo.
Chiedi di nuovo il consenso
Le app dovranno chiedere di nuovo a questo utente prima di ottenere un nuovo accesso.
Approva
Blocca
Tutti gli accessi di questa app terminano ora e nessuno può collegarla.
Annulla questa decisione
Elimina
L’app, tutti i suoi accessi e token vengono eliminati. Non si può annullare.
L’app perde subito l’accesso.
Revoca tutti i risultati
Tutte le app di questo elenco perdono subito l’accesso, anche nelle pagine successive.
App non approvate
Possono essere collegate
Attendono l’approvazione
Vengono rifiutate
Come configurato
App in attesa di approvazione
Nessuna app attende l’approvazione.
Richiesta da
Host
URI di reindirizzamento
Non usato da
Server
Chiave di servizio
Personale
Nuovo utente
Nuova app
Nuova chiave di servizio
Esamina un token
Il segreto viene mostrato solo questa volta.
Ora
Azione
Da
Oggetto
Risultato
Dal
Al
Esporta
Verifica il registro
Il registro è completo e invariato.
Il registro è stato modificato o ne è stato rimosso qualcosa:
Il server funziona.
L’archivio non funziona:
Rimuovi i dati scaduti
Fatto.
Fatto: $1.
Ce ne sono altri: ripeti con l’elenco qui sotto.
Non è stato fatto nulla, perché nel frattempo è cambiato. Prima: $1. Ora: $2.
Non è stato fatto nulla, perché un altro utente ha effettuato l’accesso con questo browser.
Questo modulo è stato inviato due volte. È stato eseguito una volta.
Hai effettuato di nuovo l’accesso. Non è ancora cambiato nulla: ripeti l’ultimo passaggio.
Non puoi farlo con il tuo account. Un altro amministratore può.
Non esiste più. Non è stato modificato nulla.
Questa pagina è per gli amministratori.
Attività
Come tabella
Giorno
Accessi di app attivi|Accessi utente|Accessi utente falliti|Nuovi accessi di app|Accessi di app terminati|Rinnovi|Chiamate|Dinieghi|Riutilizzi|Rifiuti|Errori
`;
