/** E-mail codes and authenticator apps in Korean. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: '코드 보내기',
  instead: '대신 이메일로 코드 받기',
  label: '이메일 코드',
  address: '이메일 주소',
  title: '이메일을 확인하세요',
  sent: (address) => html`${address}(으)로 로그인할 수 있다면 코드가 발송됩니다. 이 페이지에 입력하세요. 10분 동안 유효합니다.`,
  code: '코드',
  button: '로그인',
  again: '다른 코드 보내기',
  subject: (code, host) => `${host} 코드: ${code}`,
  codeIs: (host) => `${host}에 로그인할 코드:`,
  expires: '코드를 요청한 페이지에 입력하세요. 10분 동안 한 번만 쓸 수 있습니다.',
  ignore: (host) =>
    `방금 ${host}에 로그인하려 하지 않았다면 아무것도 하지 말고 코드를 누구에게도 알려 주지 마세요. 코드 없이는 아무도 들어갈 수 없습니다.`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: '다운로드',
  copyCodes: '코드를 클릭하면 모두 선택됩니다.',
  sureRenew: '현재 복구 코드는 더 이상 작동하지 않습니다.',
  sureOff: '로그인할 때 더 이상 코드를 묻지 않습니다.',
  left: (count) => `복구 코드가 ${count}개 남았습니다.`,
  askTitle: '본인 확인',
  ask: '인증 앱을 열고 이 서버용으로 표시되는 코드를 입력하세요.',
  code: '앱의 코드',
  confirm: '확인',
  lost: '대신 복구 코드 사용',
  recoveryCode: '복구 코드',
  title: '인증 앱',
  on: '켜짐: 로그인할 때 코드를 묻습니다',
  off: '꺼짐',
  why: '다른 사람이 비밀번호를 알아내도 계정을 보호합니다.',
  scan: '인증 앱으로 스캔하세요',
  picture: '인증 앱용 키가 담긴 QR 코드',
  open: '또는 이 기기의 앱에서 열기',
  byHand: '또는 키를 직접 입력',
  firstCode: '앱에 지금 표시된 코드',
  turnOn: '켜기',
  codeWrong: '앱에 지금 표시된 코드가 아닙니다. 다시 확인하고 기기의 시계가 맞는지 살펴보세요.',
  recoveryCodes: '복구 코드',
  keepCodes:
    '앱이 없을 때 각 코드로 한 번씩 들어갈 수 있습니다. 인쇄하거나 비밀번호 관리자에 보관하세요. 다시 표시되지 않으며 이전 코드는 더 이상 쓸 수 없습니다.',
  kept: '보관했습니다',
  since: (day) => html`${day}부터 켜져 있습니다.`,
  renew: '새 복구 코드',
  turnOff: '끄기',
};
