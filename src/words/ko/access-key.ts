/** Personal access tokens in Korean. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: '이 토큰을 사용하는 스크립트와 앱이 작동을 멈춥니다.',
  title: '개인용 액세스 토큰',
  none: '없음',
  why: '로그인할 수 없는 스크립트와 앱을 위한 것입니다. 토큰은 여기에서 허용한 일을 정한 기간 동안만 할 수 있습니다.',
  make: '토큰 만들기',
  name: '이름',
  nameHint: '용도',
  can: '할 수 있게 되는 일',
  resource: '쓸 수 있는 곳',
  every: '이곳 전체',
  organization: '대상 조직',
  lasts: '유효 기간',
  made: '지금 토큰을 복사하세요',
  madeWhy: '이번 한 번만 표시되며 여기에 저장되지 않습니다. 이 토큰을 가진 사람은 누구나 나를 대신할 수 있으니 비밀번호처럼 보관하세요.',
  header: '헤더로, 모든 클라이언트용',
  command: 'Claude Code용',
  kept: '복사했습니다',
  dates: (made, ends) => html`만든 날: ${made}, 끝나는 날: ${ends}`,
  used: (day) => html`마지막 사용: ${day}`,
  unused: '사용한 적 없음',
  revoke: '취소',
  nameBad: '이름은 1~64자입니다.',
  tickOne: '허용할 일을 하나 이상, 그리고 유효 기간을 고르세요.',
  tooMany: '계정이 가질 수 있는 만큼 토큰이 있습니다. 먼저 하나를 취소하세요.',
  twice: '이 토큰은 방금 만들어져 그때 표시되었습니다. 복사하지 않았다면 취소하고 새로 만드세요.',
};
