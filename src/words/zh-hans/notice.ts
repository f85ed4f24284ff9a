/** Security messages in simplified Chinese. */
import type { Translation } from '../words.ts';

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `${server} 账号安全通知`,
  app: (server, app) => `应用 ${app} 已连接到您在 ${server} 的账号。`,
  key: (server, _name) => `已为您在 ${server} 的账号创建个人访问令牌。`,
  password: (server, _name) => `您在 ${server} 的账号密码已更改。`,
  factor: (server, _name) => `您在 ${server} 的账号的登录方式已更改。`,
  place: (server, browser) => `您在 ${server} 的账号在新的位置登录：${browser}`,
  ifYou: '如果是您本人操作，则无需采取任何措施。',
  ifNot: '如果不是您本人操作，请在 7 天内打开此页面，在所有位置退出登录并断开所有应用：',
  title: '不是您本人吗？',
  what: '您将在所有浏览器中退出登录，所有应用都将失去访问权限。然后请设置新密码。',
  button: '在所有位置退出登录',
  doneTitle: '已在所有位置退出登录',
  done: '所有会话均已结束，没有应用再拥有访问权限。请立即更改密码，并检查其他登录方式。',
  over: '该链接已被使用或已过期。请登录以查看已连接的应用和浏览器。',
};
