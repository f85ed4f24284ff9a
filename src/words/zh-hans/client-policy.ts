/** Clients that wait for approval, are refused or verified, in Simplified Chinese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: '此应用正在等待批准',
  message: (app) => html`${app} 在这里是新的应用。必须先由此服务器的管理员批准，您才能连接它。`,
  ask: '请联系此服务器的管理员。',
  askContact: (contact) => html`请联系 ${contact}。`,
  whenApproved: '批准后，请从这里继续：',
  again: '重试',
  refused: '此处不允许使用该应用。如需使用，请联系此服务器的管理员。',
  verified: (server) => html`已由 ${server} 验证`,
};
