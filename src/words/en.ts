/**
 * English: has every text, and is the shape of all other languages. A new page adds its section here;
 * a language without a text shows the English one.
 */
import { accessKey, clientPolicy, emailCode, notice, passkey, step, totp } from './en/security.ts';
import {
  account,
  approve,
  confirm,
  connect,
  device,
  email,
  error,
  errorReasons,
  home,
  message,
  password,
  refused,
  signIn,
  site,
} from './en/pages.ts';

/** All texts, by section. */
export const en: {
  readonly accessKey: typeof accessKey;
  readonly account: typeof account;
  readonly approve: typeof approve;
  readonly clientPolicy: typeof clientPolicy;
  readonly confirm: typeof confirm;
  readonly connect: typeof connect;
  readonly device: typeof device;
  readonly home: typeof home;
  readonly notice: typeof notice;
  readonly signIn: typeof signIn;
  readonly password: typeof password;
  readonly email: typeof email;
  readonly passkey: typeof passkey;
  readonly step: typeof step;
  readonly emailCode: typeof emailCode;
  readonly totp: typeof totp;
  readonly refused: typeof refused;
  readonly site: typeof site;
  readonly message: typeof message;
  readonly error: typeof error;
  readonly errorReasons: typeof errorReasons;
  /** What a scope allows, by its name, from the operator's words only. Default: the description in `scopesSupported`. */
  readonly scopes: { readonly [scope: string]: string };
} = {
  accessKey,
  account,
  approve,
  clientPolicy,
  confirm,
  connect,
  device,
  home,
  notice,
  signIn,
  password,
  email,
  passkey,
  step,
  emailCode,
  totp,
  refused,
  site,
  message,
  error,
  errorReasons,
  scopes: {},
};
