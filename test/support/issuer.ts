/** An authorization server of someone else, for verifiers: real keys and real signatures (jose); its network is a function. */
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

export const NOW = 1_800_000_000;

export interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly secret: CryptoKey;
  readonly jwk: JWK;
}

export async function makeKey(alg = 'ES256', kid = `${alg}-1`): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, secret: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export interface Issuer {
  readonly issuer: string;
  /** What its network answers, by address; a function to fail. Change it as the test goes. */
  readonly answers: Map<string, () => Response | Promise<Response>>;
  /** Addresses that were asked, in order. */
  readonly asked: string[];
  readonly fetch: typeof fetch;
  /** Present second, to be moved. */
  clock: number;
  readonly now: () => number;
  publish(keys: readonly JWK[]): void;
  sign(claims: { readonly [claim: string]: unknown }, header?: { readonly [name: string]: unknown }, key?: Key): Promise<string>;
}

const rsa = new Map<string, Promise<Key>>();

/** An RSA key takes a third of a second to make: issuers share theirs. */
function firstKey(alg: string): Promise<Key> {
  const key = rsa.get(alg) ?? makeKey(alg);
  if (alg === 'RS256') rsa.set(alg, key);
  return key;
}

/** @param jwks where the keys are published. */
export async function makeIssuer(issuer: string, { alg = 'ES256', jwks = `${issuer.replace(/\/$/, '')}/keys` } = {}): Promise<Issuer> {
  const first = await firstKey(alg);
  const answers: Issuer['answers'] = new Map();
  const asked: string[] = [];
  const origin = new URL(issuer).origin;
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  answers.set(`${origin}/.well-known/oauth-authorization-server${path}`, () =>
    Response.json({ issuer, jwks_uri: jwks, introspection_endpoint: `${origin}/introspect` }),
  );
  const self: Issuer = {
    issuer,
    answers,
    asked,
    clock: NOW,
    now: () => self.clock,
    fetch: async (input) => {
      const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
      asked.push(url);
      return (await answers.get(url)?.()) ?? new Response('nothing here', { status: 404 });
    },
    publish: (keys) => void answers.set(jwks, () => Response.json({ keys })),
    sign: async (claims, header = {}, key = first) =>
      new SignJWT({ iss: issuer, sub: 'user-1', client_id: 'client-1', iat: NOW, exp: NOW + 600, ...claims } as JWTPayload)
        .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
        .sign(key.secret),
  };
  self.publish([first.jwk]);
  return self;
}
