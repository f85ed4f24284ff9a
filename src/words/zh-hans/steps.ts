/** E-mail codes and authenticator apps in simplified Chinese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: '发送验证码',
  instead: '改用邮件验证码',
  label: '邮件验证码',
  address: '电子邮件地址',
  title: '请查看您的邮箱',
  sent: (address) => html`如果 ${address} 可在此登录，验证码正在发送。请在此页面输入，10 分钟内有效。`,
  code: '验证码',
  button: '登录',
  again: '重新发送验证码',
  subject: (code, host) => `${code} 是您在 ${host} 的验证码`,
  codeIs: (host) => `您登录 ${host} 的验证码：`,
  expires: '请在要求输入的页面上输入。10 分钟内有效，仅限一次。',
  ignore: (host) => `如果您刚才没有尝试登录 ${host}，请不要理会，也不要把验证码告诉任何人：没有它，谁也进不去。`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: '下载',
  copyCodes: '点击代码即可全部选中。',
  sureRenew: '您当前的恢复代码将失效。',
  sureOff: '登录时将不再要求验证码。',
  left: (count) => `还剩 ${count} 个恢复码。`,
  askTitle: '确认是您本人',
  ask: '打开您的身份验证器应用，输入其为此服务器显示的验证码。',
  code: '应用中的验证码',
  confirm: '确认',
  lost: '改用恢复码',
  recoveryCode: '恢复码',
  title: '身份验证器应用',
  on: '已开启：登录时需要其验证码',
  off: '已关闭',
  why: '即使有人知道您的密码，也能保护您的账号。',
  scan: '用您的身份验证器应用扫描',
  picture: '包含身份验证器应用密钥的二维码',
  open: '或在此设备的应用中打开',
  byHand: '或手动输入密钥',
  firstCode: '应用当前显示的验证码',
  turnOn: '开启',
  codeWrong: '这不是应用当前显示的验证码。请再看一次，并检查设备时钟是否准确。',
  recoveryCodes: '您的恢复码',
  keepCodes: '没有应用时，每个恢复码可让您登录一次。请打印或保存在密码管理器中：它们不会再次显示，之前的也已失效。',
  kept: '我已保存',
  since: (day) => html`自 ${day} 起已开启。`,
  renew: '新的恢复码',
  turnOff: '关闭',
};
