/**
 * The code flow of a fake provider: refuses what real ones refuse. A redirect URI that is not registered, a code that was
 * used, was given to another, or comes without its verifier; a client that does not know its secret.
 */
import { base64url } from '../lib/base64url.ts';
import { fromUtf8, utf8 } from '../lib/bytes.ts';

/** The application as it stands registered at the provider. */
export interface Registered {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** What an authorization request asked for. */
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
  /** Reads an authorization request. @throws {Error} where a real provider shows an error page and sends nobody back. */
  ask(location: string): Asked;
  /** Where the browser is sent back to, with a code or an error; a parameter that is null is left out. */
  sendBack(asked: Asked, error: string | undefined, parameters: { readonly [name: string]: string | null }): string;
  /** The form of a request, or the error where its client does not know the secret. */
  read(request: Request): Promise<URLSearchParams | { readonly error: string }>;
  /** The request behind a code, or the error that RFC 6749 §5.2 has for it. */
  redeem(form: URLSearchParams): Promise<Asked | { readonly error: string }>;
}

/** Makes them. */
export function makeCodes(app: Registered): FakeCodes {
  const codes = new Map<string, Asked>();
  let given = 0;
  const give = (asked: Asked): string => {
    const code = `upstream-code-${++given}-${base64url(crypto.getRandomValues(new Uint8Array(9)))}`;
    codes.set(code, asked);
    return code;
  };
  return {
    ask(location) {
      const { searchParams: parameters } = new URL(location);
      const redirectUri = parameters.get('redirect_uri') ?? '';
      if (parameters.get('client_id') !== app.clientId) throw new Error('The provider does not know this client.');
      if (redirectUri !== app.redirectUri) throw new Error(`The provider has another redirect URI registered than ${redirectUri}.`);
      if (parameters.get('response_type') !== 'code') throw new Error('The provider only gives codes.');
      if (parameters.has('resource')) throw new Error('AADSTS901002: the parameter "resource" is not supported.');
      const scope = (parameters.get('scope') ?? '').split(' ').filter(Boolean);
      const [state, nonce, challenge] = [parameters.get('state') ?? '', parameters.get('nonce'), parameters.get('code_challenge')];
      return { redirectUri, state, nonce, challenge, scope, parameters };
    },
    sendBack(asked, error, parameters) {
      const back = new URL(asked.redirectUri);
      const all = { ...(error === undefined ? { code: give(asked) } : { error }), state: asked.state, ...parameters };
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
      const asked = codes.get(form.get('code') ?? '');
      if (form.get('grant_type') !== 'authorization_code' || !asked || form.get('redirect_uri') !== asked.redirectUri)
        return { error: 'invalid_grant' };
      codes.delete(form.get('code') ?? '');
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(form.get('code_verifier') ?? '')));
      return asked.challenge === base64url(digest) ? asked : { error: 'invalid_grant' };
    },
  };
}
