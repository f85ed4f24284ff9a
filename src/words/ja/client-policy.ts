/** Clients that wait for approval, are refused or verified, in Japanese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'このアプリは承認待ちです',
  message: (app) => html`${app} はここでは新しいアプリです。接続するには、このサーバーの管理者による承認が必要です。`,
  ask: 'このサーバーの管理者に依頼してください。',
  askContact: (contact) => html`${contact} に依頼してください。`,
  whenApproved: '承認されたら、ここから続けてください：',
  again: 'もう一度試す',
  refused: 'このアプリはここでは許可されていません。必要な場合は、このサーバーの管理者に依頼してください。',
  verified: (server) => html`${server} が確認済み`,
};
