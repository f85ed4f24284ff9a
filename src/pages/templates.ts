/** Templates: an operator's own content for a page. Document, headers and Content-Security-Policy stay ours. */
import type { Html } from '../lib/html.ts';
import type { AccountPageView } from './account.ts';
import type { SectionPageView } from './account-section.ts';
import type { ApproveView } from './approve.ts';
import type { ConfirmView } from './confirm.ts';
import type { DeviceView } from './device.ts';
import type { HomeView } from './home.ts';
import type { LoginPageView } from './login.ts';
import type { MessageView } from './message.ts';
import type { StepPageView } from './step.ts';

/** Renders one page: gets its view and our content. The result must be made with the tag `html`, which escapes values. */
export type Template<View> = (view: View, ours: Html) => Html;

/** A function for each page to replace. A form must keep the field names in the view's docblock. */
export type Templates = {
  /** The consent page. */
  readonly approve?: Template<ApproveView>;
  /** Confirmation after the login: choice of an organization, or fewer scopes than selected. */
  readonly confirm?: Template<ConfirmView>;
  /** The sign-in page without an authorization request. */
  readonly signIn?: Template<LoginPageView>;
  /** A later page of a login, or a second factor. */
  readonly step?: Template<StepPageView>;
  /** The page for a device's user code. */
  readonly device?: Template<DeviceView>;
  /** The account page: connected apps, signed-in browsers, and links to its sections. */
  readonly account?: Template<AccountPageView>;
  /** Pages below the account page and the sign-in page: passkeys, a new password, an invitation. */
  readonly section?: Template<SectionPageView>;
  /** The home page. */
  readonly home?: Template<HomeView>;
  /** Pages with a message, also errors. */
  readonly message?: Template<MessageView>;
};

/** The names of pages with a template. */
export const TEMPLATES: { readonly [page in keyof Required<Templates>]: true } = {
  approve: true,
  confirm: true,
  signIn: true,
  step: true,
  device: true,
  account: true,
  section: true,
  home: true,
  message: true,
};
