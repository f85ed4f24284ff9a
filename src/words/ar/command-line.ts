/** The page that signs in the command line of an administrator, in Arabic. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the command line. */
export const commandLine: NonNullable<Translation['commandLine']> = {
  title: 'هل تسمح لسطر الأوامر بالتصرف نيابةً عنك؟',
  lead: (server, user) =>
    html`يطلب برنامج على حاسوبك إدارة ${server} باسم ${user} لمدة ساعة واحدة. ويمكنه هناك رؤية كل ما يمكنك رؤيته وتغيير كل ما يمكنك تغييره.`,
  code: 'تعرض نافذة الأوامر لديك هذا الرمز:',
  check: 'لا تتابع إلا إذا كنت قد شغّلت البرنامج بنفسك للتو وكانت نافذة الأوامر تعرض الرمز نفسه. إذا أرسل إليك شخص ما هذا الرابط، فارفض.',
  answer: (address) => html`يُرسل الرد إلى ${address} على هذا الحاسوب.`,
};
