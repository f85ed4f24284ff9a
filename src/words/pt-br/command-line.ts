/** The page that signs in the command line of an administrator, in Brazilian Portuguese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: 'Permitir que a linha de comando aja em seu nome?',
  lead: (server, user) =>
    html`Um programa no seu computador pede para administrar ${server} como ${user} por uma hora. Ele poderá ver e alterar tudo o que você
    pode.`,
  code: 'Seu terminal mostra este código:',
  check:
    'Continue somente se você acabou de iniciar o programa e seu terminal mostra o mesmo código. Se alguém enviou este link a você, negue.',
  answer: (address) => html`A resposta vai para ${address} neste computador.`,
};
