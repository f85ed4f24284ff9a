/** Templates: an operator's own content for a page. The document around it, its headers and its policy stay ours. */
import type { Html } from '../lib/html.ts';
import type { AccountPageView } from './account.ts';
import type { SectionPageView } from './account-section.ts';
import type { ApproveView } from './approve.ts';
import type { ConfirmView } from './confirm.ts';
import type { DeviceView } from './device.ts';
import type { LoginPageView } from './login.ts';
import type { MessageView } from './message.ts';
import type { StepPageView } from './step.ts';

/** Content of one page: gets what the page shows and what we would have made of it. Made with the tag `html`, so nothing can break out. */
export type Template<View> = (view: View, ours: Html) => Html;

/** One function for each page that shall look otherwise. A form must keep the names that the view's docblock tells. */
export type Templates = {
  /** The consent page. */
  readonly approve?: Template<ApproveView>;
  /** After the login: an organization to choose, or less than was ticked. */
  readonly confirm?: Template<ConfirmView>;
  /** The sign-in page outside an authorization. */
  readonly signIn?: Template<LoginPageView>;
  /** What a login or a second factor asks for after its first page. */
  readonly step?: Template<StepPageView>;
  /** Where the code is typed that a device shows. */
  readonly device?: Template<DeviceView>;
  /** Connected apps, signed-in browsers, and the way to what stands below. */
  readonly account?: Template<AccountPageView>;
  /** Every page below the account and beside the sign-in: passkeys, a new password, an invitation. */
  readonly section?: Template<SectionPageView>;
  /** Every page that tells something and asks nothing, errors among them. */
  readonly message?: Template<MessageView>;
};

/** Every page that can have a template. */
export const TEMPLATES: { readonly [page in keyof Required<Templates>]: true } = {
  approve: true,
  confirm: true,
  signIn: true,
  step: true,
  device: true,
  account: true,
  section: true,
  message: true,
};
