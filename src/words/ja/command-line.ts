/** The page that signs in the command line of an administrator, in Japanese. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: 'コマンドラインに代理操作を許可しますか？',
  lead: (server, user) =>
    html`お使いのコンピューターのプログラムが、${user} として ${server} を 1
    時間管理することを求めています。あなたができるすべての閲覧と変更ができるようになります。`,
  code: 'ターミナルに次のコードが表示されています：',
  check:
    'ご自身でプログラムを起動したばかりで、ターミナルに同じコードが表示されている場合にのみ続けてください。誰かからこのリンクが送られてきた場合は、拒否してください。',
  answer: (address) => html`応答はこのコンピューターの ${address} に送られます。`,
};
