import { describe, expect, it } from 'vitest';
import { callOf } from '../../src/guard/token-source.ts';

describe('guard/token-source', () => {
  it('shows a verifier the environment and the request without its body', async () => {
    const env = { NAME: 'value' };
    const sent = new Request('https://mcp.example/mcp?x=1', { method: 'PUT', headers: { 'x-own': 'a' }, body: 'text' });
    const call = callOf(sent, env);
    expect(call.env).toBe(env);
    const { request } = call;
    expect([request.method, request.url, request.headers.get('x-own')]).toEqual(['PUT', sent.url, 'a']);
    expect(await request.text()).toBe('');
    expect(await sent.text()).toBe('text');
  });
});
