/** Personal access tokens in Simplified Chinese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: '使用此令牌的脚本和应用将停止工作。',
  title: '个人访问令牌',
  none: '无',
  why: '供无法登录的脚本和应用使用。令牌只能做您在此允许的事，并在您指定的时间内有效。',
  make: '创建令牌',
  name: '名称',
  nameHint: '用途',
  can: '它将能够',
  resource: '可用范围',
  every: '此处的全部',
  organization: '所属组织',
  lasts: '有效期',
  made: '请立即复制您的令牌',
  madeWhy: '它只显示这一次，且不会保存在此处。任何持有它的人都能代表您操作：请像密码一样保管。',
  header: '作为请求头，适用于任何客户端',
  command: '用于 Claude Code',
  kept: '我已复制',
  dates: (made, ends) => html`创建于 ${made}，结束于 ${ends}`,
  used: (day) => html`上次使用于 ${day}`,
  unused: '从未使用',
  revoke: '撤销',
  nameBad: '名称为 1 到 64 个字符。',
  tickOne: '请至少选择一项它可以做的事，以及有效期。',
  tooMany: '您的令牌数已达账号上限。请先撤销一个。',
  twice: '此令牌刚才已创建并显示过。如果您没有复制，请撤销它并重新创建。',
};
