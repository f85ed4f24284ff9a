/**
 * Requests that the gate and a server could read differently. What a run finds is added here, so that it is tried first ever after.
 */

/** A request: its bytes as text of one character a byte (`\u00ef` is the byte EF), and headers that are not the usual ones. */
export interface Attempt {
  readonly bytes: string;
  readonly headers?: Record<string, string>;
}

const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'f', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Messages that the fuzzer starts from. */
export const MESSAGES: readonly object[] = [
  ...['open', 'admin'].map((name) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })),
  ...['open', 'admin'].map((name) => ({ jsonrpc: '2.0', id: 2, method: 'prompts/get', params: { name } })),
  ...['files://open/1', 'files://secret/1', 'files://today'].map((uri) => ({ jsonrpc: '2.0', id: 3, method: 'resources/read', params: { uri } })),
  ...['files://open/1', 'files://secret/1'].map((uri) => ({ jsonrpc: '2.0', id: 4, method: 'resources/subscribe', params: { uri } })),
  ...[{ type: 'ref/prompt', name: 'admin' }, { type: 'ref/prompt', name: 'open' }, { type: 'ref/resource', uri: 'files://secret/{id}' }].map(
    (ref) => ({ jsonrpc: '2.0', id: 5, method: 'completion/complete', params: { ref, argument: { name: 'uri' in ref ? 'id' : 'word', value: 'x' } } })),
  ...['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'ping', 'acme/admin', 'server/discover'].map((method, at) => ({ jsonrpc: '2.0', id: at, method, params: {} })),
  { jsonrpc: '2.0', id: 6, method: 'tools/call', params: { name: 'admin', arguments: {}, _meta: MODERN } },
  { jsonrpc: '2.0', id: 7, method: 'tools/list', params: { _meta: MODERN } },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', method: 'acme/admin' },
  { jsonrpc: '2.0', id: 8, result: {} },
  { jsonrpc: '2.0', id: 9, error: { code: 1, message: 'no' } },
]; // prettier-ignore

const CALL = JSON.stringify(MESSAGES[1]);
const LISTS = ['{"jsonrpc":"2.0","id":1,"method":"tools/list"}', '{"jsonrpc":"2.0","id":1,"method":"prompts/list"}'];
const complete = (ref: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'completion/complete', params: { ref, argument: { name: 'word', value: '' } } });
const read = (uri: string): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } });

/** What was found. */
export const GATE_CORPUS: readonly Attempt[] = [
  { bytes: `\u00ef\u00bb\u00bf${CALL}` },
  { bytes: `\u00ef\u00bb\u00bf${LISTS[0]}` },
  { bytes: `\u00ef\u00bb\u00bf${JSON.stringify(MESSAGES.find((one) => JSON.stringify(one).includes('"id":6')))}`, headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'admin' } },
  { bytes: complete({ type: 'ref/prompt', name: 'admin', uri: null }) },
  { bytes: complete({ type: 'ref/prompt', name: 'admin', uri: 'files://today' }) },
  { bytes: `[${LISTS.join(',')}]` },
  { bytes: `[${LISTS.toReversed().join(',')}]` },
  { bytes: read('FILES://secret/1') },
  { bytes: read('files://sec\nret/1') },
  { bytes: CALL.replace('"name":"admin"', '"name":"open","name":"admin"') },
  { bytes: CALL.replace('"name":"admin"', '"__proto__":{"name":"admin"}') },
  { bytes: CALL.replace('"method"', '"METHOD":"ping","method"') },
]; // prettier-ignore
