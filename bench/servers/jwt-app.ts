/**
 * Signed tokens of somebody else's server: `/bare/ALG` is `jwtVerify` of jose with the key at hand and nothing besides, `/ours/ALG` our guard with
 * `verifyJwt`. `/setup?alg=ALG&tokens=N` signs tokens.
 */
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { guard } from '../../src/guard/guard.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { ANSWER, HEADERS, ISSUER } from './answers.ts';

/** What is signed with. */
export const ALGS = ['ES256', 'EdDSA', 'RS256'] as const;

const AS = 'https://as.example';
const RESOURCE = `${ISSUER}/mcp`;
type Handle = (request: Request) => Promise<Response>;
interface Signed {
  readonly bare: Handle;
  readonly ours: Handle;
  readonly sign: (jti: string) => Promise<string>;
}

const answer = (): Response => new Response(ANSWER, { headers: HEADERS });

async function signedWith(alg: string): Promise<Signed> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg, use: 'sig' };
  const check = guard({ resource: RESOURCE, ...verifyJwt({ issuer: AS, jwksUri: `${AS}/keys`, fetch: async () => Response.json({ keys: [jwk] }) }) });
  const handle = check.protect(answer);
  const rules = { issuer: AS, audience: RESOURCE, algorithms: [alg], typ: 'at+jwt' };
  return {
    ours: async (request) => handle(request),
    bare: async (request) => {
      await jwtVerify(request.headers.get('authorization')?.slice(7) ?? '', publicKey, rules);
      return answer();
    },
    sign: async (jti) =>
      new SignJWT({ client_id: 'client', scope: 'read write', jti })
        .setProtectedHeader({ alg, kid: 'k', typ: 'at+jwt' })
        .setIssuer(AS).setSubject('user-1').setAudience(RESOURCE).setIssuedAt().setExpirationTime('1h')
        .sign(privateKey),
  };
} // prettier-ignore

const made = new Map<string, Promise<Signed>>();
const signed = (alg: string): Promise<Signed> => {
  const found = made.get(alg) ?? signedWith(alg);
  made.set(alg, found);
  return found;
};

/** Answers a request. */
export async function fetch(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const [, what, alg = searchParams.get('alg') ?? ''] = pathname.split('/');
  const { bare, ours, sign } = await signed(alg);
  if (what !== 'setup') return what === 'bare' ? bare(request) : ours(request);
  const count = Number(searchParams.get('tokens'));
  return Response.json(await Promise.all(Array.from({ length: count }, () => sign(crypto.randomUUID()))));
}
