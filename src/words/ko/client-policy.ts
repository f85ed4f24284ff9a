/** Clients that wait for approval, are refused or verified, in Korean. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: '이 앱은 승인을 기다리고 있습니다',
  message: (app) => html`${app}은(는) 여기서 새로운 앱입니다. 연결하려면 이 서버의 관리자가 승인해야 합니다.`,
  ask: '이 서버의 관리자에게 요청하세요.',
  askContact: (contact) => html`${contact}에 요청하세요.`,
  whenApproved: '승인되면 여기에서 계속하세요:',
  again: '다시 시도',
  refused: '이 앱은 여기에서 허용되지 않습니다. 필요하면 이 서버의 관리자에게 요청하세요.',
  verified: (server) => html`${server}에서 확인함`,
};
