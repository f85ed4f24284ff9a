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
Riattiva
Rimuovi definitivamente
Non si può annullare.
Tutte le sessioni e gli accessi di questo utente terminano ora.
L’utente non potrà più accedere in questo modo.
Chiedi di nuovo il consenso
Approva
Blocca
Annulla questa decisione
Elimina
Revoca tutti i risultati
App non approvate
Possono essere collegate
Attendono l’approvazione
Vengono rifiutate
Come configurato
App in attesa di approvazione
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
Da
Oggetto
Risultato
Dal
Al
Esporta
Verifica il registro
Completo e invariato
Modificato o troncato:
Rimuovi i dati scaduti
Fatto.
Fatto: $1.
Ce ne sono altri: ripeti.
Modificato nel frattempo; non è stato fatto nulla. Prima: $1. Ora: $2.
Questo modulo è già stato inviato.
Hai effettuato di nuovo l’accesso e nulla è cambiato. Ripeti l’ultimo passaggio.
Non puoi farlo con il tuo account. Un altro amministratore può.
Non esiste più.
Questa pagina è per gli amministratori.
Attività
Come tabella
Accessi di app attivi|Accessi utente|Accessi utente falliti|Nuovi accessi di app|Accessi di app terminati|Rinnovi|Chiamate|Dinieghi|Riutilizzi|Rifiuti|Errori
Consentire alla riga di comando di agire a suo nome?
Un programma sul suo computer chiede di amministrare $1 come $2 per un’ora. Potrà vedere e modificare tutto ciò che può lei.
Il suo terminale mostra questo codice:
Continui solo se ha appena avviato il programma e il suo terminale mostra lo stesso codice. Se qualcuno le ha inviato questo link, neghi.
La risposta va a $1 su questo computer.
`;
