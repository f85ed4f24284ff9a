/** The server of `test/support/admin-object-server`: a Worker with the administration API, whose issuer is the address that it is called by. */
import { adminApi } from '../../src/admin/index.ts';
import { password } from '../../src/logins/password.ts';
import { OAuthProvider } from '../../src/worker/main.ts';

export { PortcullisStore } from '../../src/worker/store-object.ts';

const accounts = () => [
  { username: 'alice', password: 'correct horse battery', name: 'Alice', permissions: ['admin'] },
  { username: 'bob', password: 'another horse battery' },
];

export default new OAuthProvider({
  apiRoute: '/mcp',
  apiHandler: (_request: Request, _env: unknown, ctx) => Response.json({ user: ctx.auth?.userId }),
  logins: [password({ accounts })],
  admin: adminApi({ permission: 'admin' }),
});
