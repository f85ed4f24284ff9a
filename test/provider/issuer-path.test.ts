/** An issuer whose path is that of a route: the endpoint is then below it, and a start-up warning says where. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeApp } from '../support/app.ts';

afterEach(() => void vi.restoreAllMocks());

describe('an issuer with the path of a route', () => {
  it.each(['https://mcp.example/mcp', 'https://mcp.example/notes/mcp'])('is warned of once, naming both: %s (R-17)', async (issuer) => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    const app = await makeApp('memory', { issuer });
    for (let count = 0; count < 2; count++) expect((await app.send(new Request(`${issuer}/mcp`))).status).toBe(401);
    expect(warned.mock.calls.flat()).toEqual([`portcullis: issuer ${issuer} and apiRoute /mcp make ${issuer}/mcp; leave one out.`]);
  });

  it.each([[{ issuer: 'https://mcp.example/notes' }], [{ issuer: 'https://mcp.example' }], [{ issuer: 'https://mcp.example/notes-mcp' }]])(
    'is not seen in %j',
    async (options) => {
      const warned = vi.spyOn(console, 'warn').mockReturnValue();
      await makeApp('memory', options);
      expect(warned).not.toHaveBeenCalled();
    },
  );
});
