/** Personal access tokens in Japanese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

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
