/** Japanese of passkeys, further steps of a sign-in, personal access tokens, security messages, and clients that wait for approval. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about passkeys. */
export const passkey: NonNullable<Translation['passkey']> = {
  sureRemove: 'このパスキーではサインインできなくなります。',
  signIn: 'パスキーでサインイン',
  signUp: 'パスキーでアカウントを作成',
  signUpHow: 'ユーザー名を選んでください。次にデバイスがパスキーを作成し、以後は指紋、顔、PIN のどれかでサインインできます。',
  signUpButton: '続ける',
  useTitle: 'パスキーを使う',
  useText: 'ブラウザーがパスキーを求めます。表示されない場合はボタンを押してください。',
  useButton: 'パスキーを使う',
  makeTitle: 'パスキーを作成',
  makeText: (username) => html`新しいアカウント ${username} の鍵になります。鍵はデバイスに保管されます。`,
  makeButton: 'パスキーを作成',
  noScript: 'パスキーには JavaScript が必要ですが、このブラウザーでは無効です。有効にするか、戻って別の方法でサインインしてください。',
  missing: 'このブラウザーは、このページでパスキーを使えません。別のブラウザーを使うか、戻って別の方法でサインインしてください。',
  cancelled:
    'パスキーは使われませんでした。取り消されたか、時間がかかりすぎたか、このサイトのパスキーがこのデバイスにありません。もう一度試すにはボタンを押してください。',
  known: 'このデバイスには、このアカウントのパスキーがすでにあります。',
  none: 'パスキーによるサインインがキャンセルされました。JavaScript が有効で、パスキーに対応したブラウザーが必要です。',
  unknown: 'このパスキーは登録されていません。削除された可能性があります。別の方法でサインインするか、別のパスキーを使ってください。',
  wrong: 'このパスキーを確認できませんでした。もう一度お試しください。',
  counter:
    'このパスキーは拒否されました。複製されている可能性があります。別の方法でサインインし、これを削除して新しいものを追加してください。',
  usernameTaken: 'このユーザー名はすでに使われています。別の名前を選んでください。',
  title: 'パスキー',
  count: (count) => (count === 0 ? 'なし' : `パスキー ${count} 個`),
  empty: 'パスキーはまだありません。パスキーがあれば指紋、顔、PIN でサインインでき、だまし取られる心配もありません。',
  defaultName: 'パスキー',
  synced: 'デバイス間で同期されます',
  eligible: '同期できますが、今は 1 台のデバイスだけにあります',
  deviceBound: '1 台のデバイスだけ',
  created: (day) => `追加：${day}`,
  used: (day) => `最終利用：${day}`,
  unused: '未使用',
  name: '名前',
  rename: '名前を変更',
  nameOfNew: '新しいパスキーの名前',
  change: '名前の変更または削除',
  notOwn: '別のサイトでサインインしているため、ここにパスキーはありません。そちらのサイトで追加してください。',
  removing: (name) => html`${name} を削除`,
  lastOne: 'これは最後のパスキーで、アカウントにはパスワードがありません。これがないと、だれもサインインできません。',
  sure: 'それでも削除する',
  add: 'パスキーを追加',
  addTitle: 'パスキーを追加',
  addText: '保管する場所をブラウザーがたずねます。このデバイス、スマートフォン、セキュリティキーから選べます。',
  addButton: 'パスキーを作成',
  back: 'パスキーの一覧に戻る',
  nameBad: '名前は 1～64 文字です。',
  notYours: 'そのパスキーはありません。すでに削除された可能性があります。',
  taken: 'このパスキーはすでに登録されています。',
  tooMany: '登録できるパスキーの数に達しています。先に 1 つ削除してください。',
  challengeOver: '時間がかかりすぎたか、2 回送信されました。もう一度お試しください。',
};

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

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: 'このトークンを使うスクリプトやアプリは動作しなくなります。',
  title: '個人用アクセストークン',
  none: 'なし',
  why: 'サインインできないスクリプトやアプリのためのものです。トークンは、ここで許可したことを、指定した期間だけ行えます。',
  make: 'トークンを作成',
  name: '名前',
  nameHint: '用途',
  can: 'できるようになること',
  resource: '使える場所',
  every: 'ここのすべて',
  organization: '対象の組織',
  lasts: '有効期間',
  made: '今すぐトークンをコピーしてください',
  madeWhy:
    '表示されるのはこの一度だけで、ここには保存されません。持っている人は誰でもあなたに代わって操作できます。パスワードと同じように保管してください。',
  header: 'ヘッダーとして（すべてのクライアント）',
  command: 'Claude Code の場合',
  kept: 'コピーしました',
  dates: (made, ends) => html`作成：${made}、終了：${ends}`,
  used: (day) => html`最終利用：${day}`,
  unused: '未使用',
  revoke: '取り消す',
  nameBad: '名前は1～64文字です。',
  tickOne: '許可することを一つ以上と、有効期間を選んでください。',
  tooMany: 'アカウントが持てる数のトークンがすでにあります。先に一つ取り消してください。',
  twice: 'このトークンは先ほど作成され、そのときに表示されました。コピーしていない場合は、取り消して作り直してください。',
};

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `${server} アカウントのセキュリティに関するお知らせ`,
  app: (server, app) => `アプリ ${app} が ${server} のアカウントに接続されました。`,
  key: (server, _name) => `${server} のアカウントに個人用アクセストークンが作成されました。`,
  password: (server, _name) => `${server} のアカウントのパスワードが変更されました。`,
  factor: (server, _name) => `${server} のアカウントのサインイン方法が変更されました。`,
  place: (server, browser) => `${server} のアカウントに新しい場所からサインインがありました：${browser}`,
  ifYou: 'ご自身の操作であれば、何もする必要はありません。',
  ifNot: '心当たりがない場合は、7 日以内に次のページを開いて、すべてサインアウトし、すべてのアプリの接続を解除してください：',
  title: '心当たりがありませんか',
  what: 'すべてのブラウザーからサインアウトし、すべてのアプリがアクセスできなくなります。その後、新しいパスワードを選んでください。',
  button: 'すべてサインアウト',
  doneTitle: 'すべてサインアウトしました',
  done: 'すべてのセッションが終了し、アクセスできるアプリはありません。パスワードを変更し、ほかのサインイン方法を確認してください。',
  over: 'すでに使われたか、期限が切れています。サインインして、接続中のアプリとブラウザーを確認してください。',
};

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
