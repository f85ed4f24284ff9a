/** The page that signs in the command line of an administrator, in Korean. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: '명령줄이 사용자를 대신하도록 허용할까요?',
  lead: (server, user) =>
    html`이 컴퓨터의 프로그램이 1시간 동안 ${user} 계정으로 ${server} 서버를 관리하려고 합니다. 사용자가 할 수 있는 모든 조회와 변경을 할 수
    있습니다.`,
  code: '터미널에 다음 코드가 표시됩니다:',
  check: '방금 직접 프로그램을 시작했고 터미널에 같은 코드가 표시될 때만 계속하세요. 다른 사람이 이 링크를 보냈다면 거부하세요.',
  answer: (address) => html`응답은 이 컴퓨터의 ${address} 주소로 전송됩니다.`,
};
