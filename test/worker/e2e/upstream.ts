/** The Worker under test with two other sites to sign in at; where they stand is told by variables. */
import { env } from 'cloudflare:workers';
import { upstream } from '../../../src/logins/upstream.ts';
import { github } from '../../../src/upstreams/github.ts';
import { oidc } from '../../../src/upstreams/oidc.ts';
import { OAuthProvider } from '../../../src/worker/main.ts';
import { options } from '../../e2e/app.ts';

const { IDP, HUB, CLIENT_ID, CLIENT_SECRET } = env as unknown as { readonly [name: string]: string };
const client = { clientId: CLIENT_ID ?? '', clientSecret: CLIENT_SECRET ?? '' };

/** Reaches GitHub's hosts where they stand here. */
function toHub(input: string | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const { host, pathname, search } = new URL(request.url);
  const sent = new Request(`${HUB}${pathname}${search}`, request);
  sent.headers.set('x-host', host);
  return fetch(sent);
}

export { PortcullisStore } from '../../../src/worker/store-object.ts';
export default new OAuthProvider({
  ...options,
  logins: [upstream(oidc({ ...client, issuer: IDP ?? '', id: 'corp', label: 'Corp' })), upstream(github({ ...client, fetch: toHub }))],
});
