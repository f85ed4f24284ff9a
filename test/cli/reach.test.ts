/** Where a server may send this client. */
import { describe, expect, it } from 'vitest';
import { type Lookup, makeReach } from '../../src/cli/reach.ts';

const HOSTS: { readonly [host: string]: readonly string[] } = {
  'public.example': ['93.184.216.34'],
  'other.example': ['93.184.216.35', '2606:2800:220:1::1'],
  'inside.example': ['93.184.216.36', '10.0.0.1'],
  'home.example': ['192.168.1.5'],
};

/** `ok`, or what is said, with the hosts that were looked up. */
async function ask(server: string, ...urls: readonly string[]): Promise<readonly [string, readonly string[]]> {
  const asked: string[] = [];
  const lookup: Lookup = async (hostname) => {
    asked.push(hostname);
    const found = HOSTS[hostname];
    if (!found) throw new Error('ENOTFOUND');
    return found.map((address) => ({ address }));
  };
  const reach = makeReach(new URL(server), lookup);
  let said = 'ok';
  for (const url of urls) await reach(new URL(url)).catch((error: Error) => (said = `${error.name} ${error.message}`));
  return [said, asked];
}

describe('cli/reach', () => {
  it('lets a public server name itself and other public hosts', async () => {
    expect(await ask('https://public.example/mcp', 'https://public.example/x')).toEqual(['ok', []]);
    expect(await ask('https://public.example/mcp', 'https://other.example/x')).toEqual(['ok', ['public.example', 'other.example']]);
    expect((await ask('https://public.example/mcp', 'https://nowhere.example/'))[0]).toBe('ok'); // the request itself tells
  });

  it('lets a public server name no address of a private network, by name or by number', async () => {
    for (const url of ['https://inside.example/', 'http://127.0.0.1/', 'http://[::1]/', 'http://169.254.169.254/latest', 'https://10.1.1.1:8443/']) {
      const [said] = await ask('https://public.example/mcp', url);
      expect(said).toContain(`public.example sends this client to ${new URL(url).host}, which is an address of a private network.`);
    }
    expect((await ask('https://public.example/mcp', 'http://public.example:8080/'))[0]).toBe('ok'); // another origin of a public host
  }); // prettier-ignore

  it('resolves hosts by default, and accepts a public address', async () => {
    const reach = makeReach(new URL('https://93.184.216.34/mcp'));
    await expect(reach(new URL('http://localhost:1/'))).rejects.toThrow('93.184.216.34 sends this client to localhost:1');
    await expect(reach(new URL('https://93.184.216.35/'))).resolves.toBeUndefined();
  });

  it('lets a server within a private network name what it likes, and looks at it once', async () => {
    const [said, asked] = await ask('http://home.example/', 'https://inside.example/', 'http://127.0.0.1/', 'https://public.example/');
    expect([said, asked]).toEqual(['ok', ['home.example']]);
    expect(await ask('http://127.0.0.1:1/', 'http://10.0.0.1/')).toEqual(['ok', []]);
  });
});
