/** E-mail codes and authenticator apps in Arabic. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

const plural = new Intl.PluralRules('ar');

/** Texts of signing in with a code sent by e-mail. */
export const emailCode: NonNullable<Translation['emailCode']> = {
  send: 'إرسال الرمز',
  instead: 'إرسال رمز بالبريد الإلكتروني بدلًا من ذلك',
  label: 'رمز بالبريد الإلكتروني',
  address: 'البريد الإلكتروني',
  title: 'تفقّد بريدك الإلكتروني',
  sent: (address) =>
    html`إذا كان مسموحًا لـ ${address} بتسجيل الدخول هنا فالرمز في طريقه إليه. اكتبه في هذه الصفحة؛ وهو صالح لمدة 10 دقائق.`,
  code: 'الرمز',
  button: 'تسجيل الدخول',
  again: 'إرسال رمز آخر',
  subject: (code, host) => `${code} هو رمزك في ${host}`,
  codeIs: (host) => `رمزك لتسجيل الدخول إلى ${host}:`,
  expires: 'اكتبه في الصفحة التي طلبته. وهو صالح لمدة 10 دقائق ولمرة واحدة.',
  ignore: (host) => `إذا لم تحاول للتو تسجيل الدخول إلى ${host} فلا تفعل شيئًا ولا تخبر أحدًا بالرمز: من دونه لا يدخل أحد.`,
};

/** Texts of the second factor by an authenticator app. */
export const totp: NonNullable<Translation['totp']> = {
  download: 'تنزيل',
  copyCodes: 'انقر على الرموز لتحديدها كلها.',
  sureRenew: 'ستتوقف رموز الاسترداد الحالية عن العمل.',
  sureOff: 'لن يطلب تسجيل الدخول رمزًا بعد ذلك.',
  left: (count) => {
    const forms = {
      zero: 'لم يبقَ أي رمز استرداد.',
      one: 'بقي رمز استرداد واحد.',
      two: 'بقي رمزا استرداد.',
      few: `بقيت ${count} رموز استرداد.`,
      many: `بقي ${count} رمز استرداد.`,
      other: `بقي ${count} رمز استرداد.`,
    };
    return forms[plural.select(count)];
  },
  askTitle: 'أكّد أنك صاحب الحساب',
  ask: 'افتح تطبيق المصادقة واكتب الرمز الذي يعرضه لهذا الخادم.',
  code: 'رمز تطبيقك',
  confirm: 'تأكيد',
  lost: 'استخدام رمز استرداد بدلًا من ذلك',
  recoveryCode: 'رمز الاسترداد',
  title: 'تطبيق المصادقة',
  on: 'مفعّل: يُطلب رمزه عند تسجيل الدخول',
  off: 'غير مفعّل',
  why: 'يحمي حسابك حتى لو عرف شخص ما كلمة مرورك.',
  scan: 'امسح هذا بتطبيق المصادقة',
  picture: 'رمز QR يحمل مفتاح تطبيق المصادقة',
  open: 'أو افتحه في تطبيق على هذا الجهاز',
  byHand: 'أو اكتب المفتاح يدويًا',
  firstCode: 'الرمز الذي يعرضه التطبيق الآن',
  turnOn: 'تفعيل',
  codeWrong: 'هذا ليس الرمز الذي يعرضه التطبيق الآن. انظر مرة أخرى، وتأكد من ضبط ساعة جهازك.',
  recoveryCodes: 'رموز الاسترداد لديك',
  keepCodes:
    'من دون تطبيقك يتيح لك كل رمز منها الدخول مرة واحدة. اطبعها أو احفظها في مدير كلمات مرور: لن تُعرض مرة أخرى، والسابقة لم تعد صالحة.',
  kept: 'لقد حفظتها',
  since: (day) => html`مفعّل منذ ${day}.`,
  renew: 'رموز استرداد جديدة',
  turnOff: 'إيقاف',
};
