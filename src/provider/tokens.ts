/**
 * Access tokens in process: verify one, or exchange it, without a request to an endpoint. For a resource server in another Worker, over a
 * service binding, and for code that calls another service for a user.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { verifyAccess } from '../core/verify.ts';
import { exchangeSubject } from '../grants/token-exchange.ts';
import { checkNames } from '../lib/check-options.ts';
import type { Checked, Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import { checkScope, checkText } from './own-arguments.ts';

/** A token to exchange for one with the same rights or fewer. */
export interface TokenExchange {
  /** A valid access token of this server. */
  readonly subjectToken: string;
  /** Fewer scopes. Default: those of the token. */
  readonly scope?: readonly string[];
  /** Canonical URI of the resource that the new token is for. Default: that of the token. */
  readonly resource?: string;
  /** The longest lifetime in seconds; never beyond the exchanged token. */
  readonly expiresIn?: Seconds;
}

/** An exchanged token. */
export interface ExchangedToken {
  readonly accessToken: string;
  readonly scope: readonly string[];
  readonly resource: string;
  /** When it expires, in seconds since 1970. */
  readonly expiresAt: Seconds;
}

/** The helpers. */
export interface TokenVerbs {
  /**
   * What a valid access token gives access to; null for any other. The result is plain data, so it can be returned over a service binding:
   * `guard({ resource, authorizationServers, verify: (token, resource) => env.AUTH.verifyToken(token, resource) })`.
   * A DPoP-bound token has `cnf`: the guard in front of the handler must check the proof (RFC 9449 §7).
   *
   * @param resource the resource that the token must be for. Default: any of this server.
   * @param tell gets the reason of a null, for the operator.
   */
  verifyToken(token: string, resource?: string, tell?: Tell): Promise<Checked | null>;
  /**
   * Exchanges a token for one of the same client and user with the same rights or fewer (RFC 8693). It ends with the exchanged one.
   *
   * @throws {OAuthError} `invalid_request` if the token is not valid, `invalid_scope` or `invalid_target` if it does not cover what is asked for.
   */
  exchangeToken(exchange: TokenExchange): Promise<ExchangedToken>;
}

/** Makes the helpers. */
export function makeTokenVerbs(as: AuthServer): TokenVerbs {
  return {
    async verifyToken(token, resource, tell) {
      if (typeof token !== 'string') throw new TypeError('verifyToken: pass the access token, without `Bearer`.');
      const own = as.settings.resources.map(({ uri }) => uri);
      for (const uri of resource === undefined ? own : [resource]) {
        const access = await verifyAccess(as, token, uri, tell);
        if (access === null) continue;
        const { upstream: _upstream, connect: _connect, ...plain } = access;
        return plain;
      }
      return null;
    },
    async exchangeToken(exchange) {
      checkNames('exchangeToken', exchange, 'subjectToken scope resource expiresIn');
      const { subjectToken: token, scope = [], resource, expiresIn } = exchange;
      checkText('exchangeToken', 'subjectToken', token, 'a valid access token of this server');
      checkScope('exchangeToken', scope);
      if (expiresIn !== undefined && !(Number.isSafeInteger(expiresIn) && expiresIn > 0))
        throw new TypeError('exchangeToken: `expiresIn` must be a whole number of seconds above 0.');
      const asked = { token, scope, resource: resource === undefined ? [] : [resource] };
      const notAfter = expiresIn === undefined ? {} : { notAfter: as.now() + expiresIn };
      const { accessToken, expiresAt, ...issued } = await exchangeSubject(as, { ...asked, ...notAfter }, () => true);
      return { accessToken, scope: issued.scope, resource: issued.resource, expiresAt };
    },
  };
}
