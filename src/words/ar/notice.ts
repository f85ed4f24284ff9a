/** Security messages in Arabic. */
import type { Translation } from '../words.ts';

/** Texts of messages about the security of an account, and of the page behind their link. */
export const notice: NonNullable<Translation['notice']> = {
  subject: (server) => `إشعار أمني لحسابك في ${server}`,
  app: (server, app) => `تم ربط التطبيق ${app} بحسابك في ${server}.`,
  key: (server, _name) => `تم إنشاء رمز وصول شخصي لحسابك في ${server}.`,
  password: (server, _name) => `تم تغيير كلمة مرور حسابك في ${server}.`,
  factor: (server, _name) => `تم تغيير طرق تسجيل الدخول إلى حسابك في ${server}.`,
  place: (server, browser) => `تم تسجيل الدخول إلى حسابك في ${server} من مكان جديد: ${browser}`,
  ifYou: 'إذا كنت أنت من فعل ذلك، فلا حاجة إلى أي إجراء.',
  ifNot: 'إذا لم تكن أنت، فافتح هذه الصفحة خلال 7 أيام لتسجيل الخروج من كل مكان وفصل جميع التطبيقات:',
  title: 'لم تكن أنت؟',
  what: 'سيتم تسجيل خروجك من كل المتصفحات، وستفقد جميع التطبيقات الوصول. ثم اختر كلمة مرور جديدة.',
  button: 'تسجيل الخروج من كل مكان',
  doneTitle: 'تم تسجيل الخروج من كل مكان',
  done: 'انتهت جميع الجلسات، ولم يعد لأي تطبيق وصول. غيّر الآن كلمة مرورك وتحقق من طرق تسجيل الدخول الأخرى.',
  over: 'استُخدم من قبل أو انتهت صلاحيته. سجّل الدخول لترى التطبيقات والمتصفحات المرتبطة.',
};
