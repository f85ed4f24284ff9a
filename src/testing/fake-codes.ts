/**
 * Authorization code flow of a fake provider. Like a real one it refuses an unregistered redirect URI, a code that was used or belongs to
 * another client, a wrong verifier, and a wrong secret.
 */
import { base64url, fromUtf8, utf8 } from '../lib/bytes.ts';

/** The client registered at the provider. */
export interface Registered {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** An authorization request. */
export interface Asked {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string | null;
  readonly challenge: string | null;
  readonly scope: readonly string[];
  readonly parameters: URLSearchParams;
}

/** The codes of one provider. */
export interface FakeCodes {
  /** Parses an authorization request. @throws {Error} where a real provider shows an error page instead of redirecting. */
  ask(location: string): Asked;
  /** The redirect back, with a code or an error; a null parameter is omitted. */
  sendBack(request: Asked, error: string | undefined, parameters: { readonly [name: string]: string | null }): string;
  /** The form of a token request, or an error if the client does not authenticate. */
  read(request: Request): Promise<URLSearchParams | { readonly error: string }>;
  /** The request of a code, or an error of RFC 6749 §5.2. */
  redeem(form: URLSearchParams): Promise<Asked | { readonly error: string }>;
}

/** Makes the codes of one provider. */
export function makeCodes(app: Registered): FakeCodes {
  const codes = new Map<string, Asked>();
  let issued = 0;
  const issueCode = (request: Asked): string => {
    const code = `upstream-code-${++issued}-${base64url(crypto.getRandomValues(new Uint8Array(9)))}`;
    codes.set(code, request);
    return code;
  };
  return {
    ask(location) {
      const { searchParams: parameters } = new URL(location);
      const redirectUri = parameters.get('redirect_uri') ?? '';
      if (parameters.get('client_id') !== app.clientId) throw new Error('The client is not registered at the provider.');
      if (redirectUri !== app.redirectUri) throw new Error(`The redirect URI ${redirectUri} is not registered at the provider.`);
      if (parameters.get('response_type') !== 'code') throw new Error('The provider only supports codes.');
      if (parameters.has('resource')) throw new Error('AADSTS901002: the parameter "resource" is not supported.');
      const scope = (parameters.get('scope') ?? '').split(' ').filter(Boolean);
      const [state, nonce, challenge] = [parameters.get('state') ?? '', parameters.get('nonce'), parameters.get('code_challenge')];
      return { redirectUri, state, nonce, challenge, scope, parameters };
    },
    sendBack(request, error, parameters) {
      const back = new URL(request.redirectUri);
      const all = { ...(error === undefined ? { code: issueCode(request) } : { error }), state: request.state, ...parameters };
      for (const [name, value] of Object.entries(all)) if (value !== null) back.searchParams.set(name, value);
      return back.href;
    },
    async read(request) {
      const form = new URLSearchParams(fromUtf8(new Uint8Array(await request.arrayBuffer())));
      const basic = `Basic ${btoa(`${encodeURIComponent(app.clientId)}:${encodeURIComponent(app.clientSecret)}`)}`;
      const isPost = form.get('client_id') === app.clientId && form.get('client_secret') === app.clientSecret;
      if (!isPost && request.headers.get('authorization') !== basic) return { error: 'invalid_client' };
      return form;
    },
    async redeem(form) {
      const request = codes.get(form.get('code') ?? '');
      if (form.get('grant_type') !== 'authorization_code' || !request || form.get('redirect_uri') !== request.redirectUri)
        return { error: 'invalid_grant' };
      codes.delete(form.get('code') ?? '');
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(form.get('code_verifier') ?? '')));
      return request.challenge === base64url(digest) ? request : { error: 'invalid_grant' };
    },
  };
}
