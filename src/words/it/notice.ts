/** Security messages in Italian. */
import type { Translation } from '../words.ts';

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `Avviso di sicurezza per il tuo account ${server}`,
  app: (server, app) => `L’app ${app} è stata collegata al tuo account ${server}.`,
  key: (server, _name) => `È stato creato un token di accesso personale per il tuo account ${server}.`,
  password: (server, _name) => `La password del tuo account ${server} è stata cambiata.`,
  factor: (server, _name) => `I modi di accedere al tuo account ${server} sono stati cambiati.`,
  place: (server, browser) => `È stato effettuato un accesso al tuo account ${server} da un nuovo luogo: ${browser}`,
  ifYou: 'Se sei stato tu, non devi fare nulla.',
  ifNot: 'Se non sei stato tu, apri questa pagina entro 7 giorni per uscire ovunque e scollegare tutte le app:',
  title: 'Non sei stato tu?',
  what: 'Verrai disconnesso da tutti i browser e tutte le app perderanno l’accesso. Poi scegli una nuova password.',
  button: 'Esci ovunque',
  doneTitle: 'Uscita effettuata ovunque',
  done: 'Tutte le sessioni sono terminate e nessuna app ha più accesso. Ora cambia la password e controlla gli altri modi di accedere.',
  over: 'È già stato usato o è scaduto. Accedi per vedere le app e i browser collegati.',
};
