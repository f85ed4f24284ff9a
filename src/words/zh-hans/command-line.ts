/** The page that signs in the command line of an administrator, in Chinese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: '允许命令行以您的身份操作吗？',
  lead: (server, user) => html`您计算机上的一个程序请求以 ${user} 的身份管理 ${server} 一小时。它可以查看和更改您有权处理的一切内容。`,
  code: '您的终端显示此代码：',
  check: '仅当您刚刚亲自启动了该程序，并且终端显示相同的代码时才继续。如果是别人把此链接发给您的，请拒绝。',
  answer: (address) => html`回复将发送到此计算机上的 ${address}。`,
};
