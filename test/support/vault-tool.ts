/** A protected handler that asks for a token of another site. */
import type { Access } from '../../src/model/access.ts';
import type { Context } from '../../src/model/context.ts';
import { UpstreamTokenError } from '../../src/model/upstream.ts';

/** What the protected handler does: asks for a token, and says what came of it. `x-throw` lets it fail as a careless one would. */
export async function tool(request: Request, _env: unknown, ctx: Context): Promise<Response> {
  const auth = ctx.auth as Access;
  const [provider = 'corp', account] = (request.headers.get('x-upstream') ?? 'corp').split(' ');
  const upstream = auth.upstream(provider, account === undefined ? {} : { account });
  const refused = request.headers.get('x-refused');
  const ask = async (): Promise<Response> =>
    Response.json({
      token: await upstream.token(refused === null ? {} : { refused }),
      scopes: await upstream.scopes(),
      accounts: await upstream.accounts(),
    });
  if (request.headers.has('x-throw')) return ask();
  return ask().catch((error: unknown) => {
    if (!(error instanceof UpstreamTokenError)) throw error;
    const { failure, status, retryAfter, message } = error;
    return Response.json({ failure, code: status, retryAfter, message });
  });
}
