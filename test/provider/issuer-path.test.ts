/** An issuer whose path is that of a route: the endpoint is then below it, and a start-up warning says where. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeApp } from '../support/app.ts';

afterEach(() => void vi.restoreAllMocks());

describe('an issuer with the path of a route', () => {
  it.each([
    ['https://mcp.example/mcp', 'https://mcp.example'],
    ['https://mcp.example/notes/mcp', 'https://mcp.example/notes'],
  ])('is warned of once, naming both: %s (R-17)', async (issuer, meant) => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    const app = await makeApp('memory', { issuer });
    for (let count = 0; count < 2; count++) expect((await app.send(new Request(`${issuer}/mcp`))).status).toBe(401);
    expect(warned.mock.calls.flat()).toEqual([
      `portcullis: the issuer ${issuer} ends like \`apiRoute\` /mcp, so the endpoint is ${issuer}/mcp. If it should be ${issuer}, set PORTCULLIS_ISSUER (or \`issuer\`) to ${meant}.`,
    ]);
  });

  it.each([
    [{ issuer: 'https://mcp.example/notes' }],
    [{ issuer: 'https://mcp.example' }],
    [{ issuer: 'https://mcp.example/mcp', basePath: '/mcp' }],
    [{ issuer: 'https://mcp.example/notes-mcp' }],
  ])('is not seen in %j', async (options) => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    await makeApp('memory', options);
    expect(warned).not.toHaveBeenCalled();
  });
});
