import { expect, it } from 'vitest';
import { HEADER, notFound, PARAMETER, refusal, statesIn } from '../../../src/mcp/sessions/session-request.ts';
import { withRequestState } from '../../../src/model/context.ts';
import { accessWith, contextOf } from '../clients.ts';
import { statesWith } from '../states.ts';

it('names a session by the header of 2025 and by the parameter of 2024-11', () => {
  expect([HEADER, PARAMETER]).toEqual(['mcp-session-id', 'sessionId']);
});

it('finds the store of the server in front, and says what to do where there is none', () => {
  const passing = statesWith();
  expect(statesIn(withRequestState(contextOf(accessWith()), { states: { passing } } as never))).toBe(passing);
  expect(() => statesIn(contextOf(accessWith()))).toThrow('sessions: OAuthProvider must stand in front, whose store keeps them.');
});

it('refuses with a JSON-RPC error that belongs to no message, and that no cache keeps', async () => {
  const said = async (response: Response): Promise<unknown> => [
    response.status,
    response.headers.get('cache-control'),
    await response.json(),
  ];
  expect(await said(refusal(413, -32600, 'Too large.'))).toEqual([413, 'no-store', { jsonrpc: '2.0', error: { code: -32600, message: 'Too large.' }, id: null }]); // prettier-ignore
  expect(await said(notFound())).toEqual([404, 'no-store', { jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }]); // prettier-ignore
});
