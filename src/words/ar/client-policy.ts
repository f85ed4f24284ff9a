/** Clients that wait for approval, are refused or verified, in Arabic. */
import { html } from '../../lib/html.ts';
import type { Translation } from '../words.ts';

/** Texts about the client policy. */
export const clientPolicy: NonNullable<Translation['clientPolicy']> = {
  title: 'هذا التطبيق بانتظار الموافقة',
  message: (app) => html`${app} جديد هنا. يجب أن يوافق عليه أحد مسؤولي هذا الخادم قبل أن تتمكن من توصيله.`,
  ask: 'اطلب ذلك من أحد مسؤولي هذا الخادم.',
  askContact: (contact) => html`اطلب ذلك من ${contact}.`,
  whenApproved: 'بعد الموافقة عليه تابع من هنا:',
  again: 'إعادة المحاولة',
  refused: 'هذا التطبيق غير مسموح به هنا. إذا كنت تحتاج إليه فاطلب ذلك من أحد مسؤولي هذا الخادم.',
  verified: (server) => html`تحقَّق منه ${server}`,
};
