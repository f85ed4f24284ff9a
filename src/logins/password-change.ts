/**
 * Password change: the section of the account page for users with a password. It requires the current one; afterwards every other
 * session and every grant of the user has ended, and this browser continues with a new session.
 */
import { field, html } from '../lib/html.ts';
import type { HtmlValue } from '../lib/html.ts';
import type { AccountSection, SectionAnswer, SectionCall } from '../model/login.ts';
import { sayIn } from '../words/words.ts';
import { formOf, newPasswordField, type PasswordRules, unfit } from './password-rules.ts';

const RULES = { most: 10, per: 15 * 60 };

/** The section. */
export function passwordSection(rules: PasswordRules): AccountSection {
  return {
    id: 'password',
    async line({ userId }, { accounts }, words) {
      const account = await accounts.find(userId);
      return account && !account.withoutPassword ? { title: words.password.title, detail: words.password.change } : null;
    },
    answer: (call) => (call.form === null ? Promise.resolve(page(call)) : change(call, rules)),
  };
}

function page(
  { path, words }: SectionCall,
  problem: HtmlValue = null,
  more: { status?: number; retryAfter?: number } = {},
  wrong: string | null = null,
): SectionAnswer {
  const say = words.password;
  const fields = [field('password', say.current, 'current-password', { type: 'password' }), newPasswordField(say.fresh, words)];
  const body = html`<p class="lead">${say.changeWhy}</p>
    ${formOf(path, fields, say.set, problem, wrong)}`;
  return { kind: 'page', title: say.change, body, ...more };
}

async function change(call: SectionCall, rules: PasswordRules): Promise<SectionAnswer> {
  const { user, services, words, form } = call;
  const { accounts } = services;
  const [present, fresh] = [form?.optional('password') ?? '', form?.optional('new-password') ?? ''];
  const account = await accounts.find(user.userId);
  if (!account || account.withoutPassword) return { kind: 'done', to: 'account' };
  // A separate limit: a person who has the session must not slow down the sign-in.
  const retryAfter = await services.attempt('password-change', user.userId, RULES);
  if (retryAfter !== null) return page(call, words.signIn.limited(sayIn(retryAfter, words)), { status: 429, retryAfter });
  if (present.length > 1024 || !(await accounts.checkPassword(account.username, present)))
    return page(call, words.password.wrong, { status: 403 }, 'password');
  const problem = await unfit(fresh, rules, services.env, words);
  if (problem !== null) return page(call, problem, { status: 400 }, 'new-password');
  const changed = await accounts.setPassword(account.id, fresh, account.stamp);
  if (!changed) return page(call, words.password.changedMeanwhile, { status: 409 });
  await services.succeeded('password-change', user.userId);
  return { kind: 'done', to: 'account', renew: { stamp: changed.stamp } };
}
