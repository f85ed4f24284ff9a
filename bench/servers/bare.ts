/**
 * Bare node:http: the floor for guard, refusal and metadata. It gives the same bytes as our server without looking at anything
 * but the path. Argument: the port of our server, whose answers it copies; none to answer the guarded path alone.
 */
import { createServer } from 'node:http';
import { ANSWER, HEADERS } from './answers.ts';

const [ours] = process.argv.slice(2);
const answers = new Map<string, { readonly status: number; readonly headers: readonly string[]; readonly body: string }>();
answers.set('/mcp', { status: 200, headers: Object.entries(HEADERS).flat(), body: ANSWER });

for (const path of ours === undefined ? [] : ['/.well-known/oauth-authorization-server', '/forged']) {
  const authorization = `Bearer access_${'A'.repeat(22)}.${'A'.repeat(43)}`;
  const from = await fetch(`http://127.0.0.1:${ours}${path === '/forged' ? '/mcp' : path}`, { headers: { authorization } });
  const headers = [...from.headers].filter(([name]) => !['connection', 'keep-alive', 'date', 'content-length'].includes(name)).flat();
  answers.set(path, { status: from.status, headers, body: await from.text() });
}

const server = createServer((request, response) => {
  const answer = answers.get(request.url ?? '');
  if (!answer) return void response.writeHead(404).end();
  response.writeHead(answer.status, [...answer.headers, 'content-length', String(Buffer.byteLength(answer.body))]);
  response.end(answer.body);
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as { port: number }).port}`));
