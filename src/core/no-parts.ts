/** A server with pages of its own: its users have no account, no way to sign in and no tokens of other sites here. */
import { UpstreamTokenError } from '../model/upstream.ts';
import type { CoreParts } from './parts.ts';

/** The parts of `portcullis/own-pages`. */
export const noParts: CoreParts = {
  accounts: async () => leftOut('helpers.accounts'),
  passkeys: async () => leftOut('helpers.signIns'),
  totps: async () => leftOut('helpers.signIns'),
  links: async () => leftOut('a link by e-mail'),
  connect: async () => leftOut('auth.connect'),
  recheck: async (_as, grant) => (grant.origin ? null : grant), // a server without logins ends what one opened
  notice: async () => leftOut('securityEmails'),
  vault: async () => ({
    keep: async () => leftOut('completeAuthorization: `upstreams`'),
    allExist: async () => false,
    release: async () => undefined, // what a server with logins kept in this store runs out
    releaseAll: async () => undefined,
    upstreamsOf: () => (provider) => {
      const notLinked = async (): Promise<never> => {
        throw new UpstreamTokenError('not_linked', provider);
      };
      return { token: notLinked, scopes: notLinked, accounts: notLinked };
    },
  }),
};

function leftOut(what: string): never {
  throw new TypeError(`OAuthProvider: ${what} is not part of portcullis/own-pages; import OAuthProvider from portcullis.`);
}
