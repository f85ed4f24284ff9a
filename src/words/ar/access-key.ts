/** Personal access tokens in Arabic. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about personal access tokens. */
export const accessKey: NonNullable<Translation['accessKey']> = {
  sureRevoke: 'ستتوقف البرامج والتطبيقات التي تستخدم هذا الرمز عن العمل.',
  title: 'رموز الوصول الشخصية',
  none: 'لا يوجد',
  why: 'للبرامج النصية والتطبيقات التي لا تستطيع تسجيل الدخول. يفعل الرمز ما تسمح له به هنا، وللمدة التي تحددها.',
  make: 'إنشاء رمز',
  name: 'الاسم',
  nameHint: 'الغرض منه',
  can: 'سيتمكن من',
  resource: 'أين يصلح',
  every: 'كل ما هنا',
  organization: 'للمؤسسة',
  lasts: 'مدته',
  made: 'انسخ رمزك الآن',
  madeWhy: 'يظهر هذه المرة فقط ولا يُحفظ هنا. كل من يملكه يستطيع التصرف نيابةً عنك: احتفظ به كما تحتفظ بكلمة المرور.',
  header: 'كترويسة، لأي عميل',
  command: 'لأجل Claude Code',
  kept: 'نسخته',
  dates: (made, ends) => html`أُنشئ في ${made} وينتهي في ${ends}`,
  used: (day) => html`آخر استخدام في ${day}`,
  unused: 'لم يُستخدم قط',
  revoke: 'إلغاء',
  nameBad: 'يتكوّن الاسم من 1 إلى 64 حرفًا.',
  tickOne: 'اختر أمرًا واحدًا على الأقل يسمح به، ومدته.',
  tooMany: 'لديك من الرموز ما يمكن لحساب أن يملكه. ألغِ واحدًا أولًا.',
  twice: 'أُنشئ هذا الرمز قبل لحظة وظهر حينها. إن لم تنسخه فألغِه وأنشئ غيره.',
};
