/**
 * Nobody: the page for who is not signed in where there is nothing to sign in with: the application itself has to do it.
 */
import { hostOf } from '../../model/login.ts';
import { messagePage } from '../../pages/message.ts';
import type { Call } from '../endpoint.ts';

/** The page. */
export function noLoginPage({ as: { settings }, words }: Call): Response {
  const { nobodyTitle: title, nobody, nobodyToDo, hostFirst, hostFirstToDo } = words.signIn;
  const { brand, logins, name } = settings;
  const [message, whatToDo] = hostOf(logins) ? [hostFirst(name), hostFirstToDo] : [nobody, nobodyToDo];
  return messagePage({ title, message, whatToDo, brand, words, mark: 'gate' });
}
