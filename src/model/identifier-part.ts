/**
 * One field for several logins, such as password and e-mail code: what a login must offer for it.
 */
import type { Text } from '../words/words.ts';
import type { LoginServices } from './login-services.ts';
import type { Limited, Refused, Step } from './proof.ts';

/**
 * The part of a login that can share one field with other logins: the user enters an identifier on the first page, and authenticates on the
 * next one, which looks the same whether or not there is an account.
 */
export interface IdentifierPart {
  /** Whether an identifier can belong to this login, by its form alone. */
  accepts(identifier: string): boolean;
  /** The next page. It must not depend on whether the account exists. */
  begin(identifier: string, services: LoginServices): Promise<Step | Refused | Limited>;
  /** Text of the button on the pages of the other logins that switches to this one. */
  readonly instead: Text;
}
