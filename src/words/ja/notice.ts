/** Security messages in Japanese. */
import type { Translation } from '../words.ts';

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
