/** E-mail codes and authenticator apps in Japanese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: 'コードを送信',
  instead: '代わりにコードをメールで受け取る',
  label: 'メールのコード',
  address: 'メールアドレス',
  title: 'メールをご確認ください',
  sent: (address) =>
    html`${address} がここでサインインできる場合は、コードをお送りしました。このページに入力してください。有効期間は 10 分です。`,
  code: 'コード',
  button: 'サインイン',
  again: '別のコードを送信',
  subject: (code, host) => `${host} のコードは ${code} です`,
  codeIs: (host) => `${host} にサインインするためのコード：`,
  expires: 'コードを求めたページに入力してください。有効期間は 10 分で、1 回だけ使えます。',
  ignore: (host) =>
    `今 ${host} にサインインしようとしていない場合は、何もせず、コードをだれにも教えないでください。コードがなければ、だれもサインインできません。`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: 'ダウンロード',
  copyCodes: 'コードをクリックすると、すべて選択されます。',
  sureRenew: '現在の回復コードは使えなくなります。',
  sureOff: 'サインイン時にコードが不要になります。',
  left: (count) => `リカバリーコードの残りは ${count} 個です。`,
  askTitle: 'ご本人の確認',
  ask: '認証アプリを開き、このサーバー用に表示されているコードを入力してください。',
  code: 'アプリのコード',
  confirm: '確認',
  lost: '代わりにリカバリーコードを使う',
  recoveryCode: 'リカバリーコード',
  title: '認証アプリ',
  on: 'オン：サインイン時にコードを求めます',
  off: 'オフ',
  why: 'パスワードを知られても、アカウントを守れます。',
  scan: '認証アプリで読み取ってください',
  picture: '認証アプリ用の鍵が入った QR コード',
  open: 'または、このデバイスのアプリで開く',
  byHand: 'または、鍵を手で入力する',
  firstCode: 'アプリに今表示されているコード',
  turnOn: 'オンにする',
  codeWrong: 'アプリに今表示されているコードと一致しません。もう一度確認し、デバイスの時計が合っているかもお確かめください。',
  recoveryCodes: 'リカバリーコード',
  keepCodes:
    'アプリがないとき、1 つにつき 1 回サインインできます。印刷するか、パスワードマネージャーに保管してください。再び表示されることはなく、以前のものは使えません。',
  kept: '保管しました',
  since: (day) => html`${day}からオンになっています。`,
  renew: 'リカバリーコードを作り直す',
  turnOff: 'オフにする',
};
