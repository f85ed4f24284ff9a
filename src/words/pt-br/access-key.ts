/** Personal access tokens in Brazilian Portuguese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: 'Os scripts e apps que usam este token deixarão de funcionar.',
  title: 'Tokens de acesso pessoais',
  none: 'Nenhum',
  why: 'Para scripts e aplicativos que não podem entrar. Um token pode fazer o que você permitir aqui, pelo tempo que você disser.',
  make: 'Criar um token',
  name: 'Nome',
  nameHint: 'Para que serve',
  can: 'Ele poderá',
  resource: 'Onde vale',
  every: 'Em tudo aqui',
  organization: 'Para a organização',
  lasts: 'Ele dura',
  made: 'Copie seu token agora',
  madeWhy:
    'Ele é mostrado só desta vez e não fica guardado aqui. Qualquer pessoa que o tenha pode agir em seu nome: guarde-o como uma senha.',
  header: 'Como cabeçalho, para qualquer cliente',
  command: 'Para o Claude Code',
  kept: 'Já copiei',
  dates: (made, ends) => html`Criado em ${made}, termina em ${ends}`,
  used: (day) => html`Usado pela última vez em ${day}`,
  unused: 'Nunca usado',
  revoke: 'Revogar',
  nameBad: 'Um nome tem de 1 a 64 caracteres.',
  tickOne: 'Escolha pelo menos uma coisa que ele pode fazer e quanto tempo dura.',
  tooMany: 'Você tem tantos tokens quantos uma conta pode ter. Revogue um primeiro.',
  twice: 'Este token foi criado há pouco e mostrado na hora. Se você não o copiou, revogue-o e crie outro.',
};
