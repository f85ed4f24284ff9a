/** Security messages in Korean. */
import type { Translation } from '../words.ts';

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `${server} 계정 보안 알림`,
  app: (server, app) => `앱 ${app}이(가) ${server} 계정에 연결되었습니다.`,
  key: (server, _name) => `${server} 계정에 개인 액세스 토큰이 만들어졌습니다.`,
  password: (server, _name) => `${server} 계정의 비밀번호가 변경되었습니다.`,
  factor: (server, _name) => `${server} 계정의 로그인 방법이 변경되었습니다.`,
  place: (server, browser) => `새로운 위치에서 ${server} 계정에 로그인했습니다: ${browser}`,
  ifYou: '본인이라면 아무것도 하지 않아도 됩니다.',
  ifNot: '본인이 아니라면 7일 안에 이 페이지를 열어 모든 곳에서 로그아웃하고 모든 앱의 연결을 해제하세요:',
  title: '본인이 아닌가요?',
  what: '모든 브라우저에서 로그아웃되고 모든 앱의 접근 권한이 사라집니다. 그런 다음 새 비밀번호를 선택하세요.',
  button: '모든 곳에서 로그아웃',
  doneTitle: '모든 곳에서 로그아웃됨',
  done: '모든 세션이 끝났고 접근 가능한 앱이 없습니다. 이제 비밀번호를 바꾸고 다른 로그인 방법을 확인하세요.',
  over: '이미 사용되었거나 만료되었습니다. 로그인해 연결된 앱과 브라우저를 확인하세요.',
};
