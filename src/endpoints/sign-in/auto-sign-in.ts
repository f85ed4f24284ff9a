/**
 * Welcome: whoever the application has signed in is so here, without a click, on the pages that show who is there. Where the
 * person has set up a second factor with us, they sign in by the button instead, and are asked for it.
 */
import { changed, type Call, type Endpoint } from '../endpoint.ts';
import { sessionOf } from './browser-context.ts';
import { admit } from './sign-in.ts';

/** The endpoint, with the session that it finds there begun. A form changes nothing about who is signed in. */
export function autoSignIn(endpoint: Endpoint): Endpoint {
  return async (call) => {
    if (call.request.method !== 'GET' || (await sessionOf(call))) return endpoint(call);
    const begun = await begin(call);
    if (!begun) return endpoint(call);
    const answer = await endpoint(changed(call, { begun: begun.session }));
    if (begun.cookie !== undefined) answer.headers.append('set-cookie', begun.cookie);
    return answer;
  };
}

async function begin(call: Call): Promise<{ readonly session: NonNullable<Call['begun']>; readonly cookie: string | undefined } | null> {
  const found = await call.present();
  if (!found) return null;
  const user = await admit(call, found);
  if (user === null || 'step' in user) return null;
  const { hash, cookie } = user;
  const session = await call.as.records.findSession(hash);
  return session && { session: { ...session, hash }, cookie };
}
