/** A module that cannot be loaded fails the request that needs it: no check passes for want of its code. */
import { describe, expect, it, vi } from 'vitest';

// A module that is missing cannot be had here in any other way than by a mock: the sources are all there.
vi.mock('../../src/provider/permissions.ts', () => {
  throw new Error('cut off');
});

describe('a module that comes late and cannot be loaded', () => {
  it('lets no call through to the handler where it is the one that asks `permissions` (R-56)', async () => {
    vi.resetModules(); // other tests of this process have loaded it
    const { makeApp } = await import('../support/app.ts');
    const app = await makeApp('memory', { permissions: () => ['reader'] });
    const { tokens } = await app.signedIn();
    await expect(app.call(tokens.access)).rejects.toThrow();
  });
});
