/** Security messages in Portuguese of Brazil. */
import type { Translation } from '../words.ts';

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `Aviso de segurança da sua conta em ${server}`,
  app: (server, app) => `O app ${app} foi conectado à sua conta em ${server}.`,
  key: (server, _name) => `Um token de acesso pessoal foi criado para sua conta em ${server}.`,
  password: (server, _name) => `A senha da sua conta em ${server} foi alterada.`,
  factor: (server, _name) => `As formas de entrar na sua conta em ${server} foram alteradas.`,
  place: (server, browser) => `Sua conta em ${server} foi usada para entrar de um novo lugar: ${browser}`,
  ifYou: 'Se foi você, não é preciso fazer nada.',
  ifNot: 'Se não foi você, abra esta página em até 7 dias para sair de todos os lugares e desconectar todos os apps:',
  title: 'Não foi você?',
  what: 'Você sairá de todos os navegadores, e todos os apps perderão o acesso. Depois escolha uma nova senha.',
  button: 'Sair de todos os lugares',
  doneTitle: 'Saída de todos os lugares concluída',
  done: 'Todas as sessões terminaram, e nenhum app tem mais acesso. Agora mude sua senha e confira as outras formas de entrar.',
  over: 'Ele já foi usado ou expirou. Entre para ver seus apps e navegadores conectados.',
};
