/** Logos under a client policy, of bytes that only look like an image, and for requests that come together. */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { appOn, ISSUER } from '../../support/app.ts';
import { whileTimeStands } from '../../support/standing-clock.ts';

async function setUp(start: string, more: Partial<OAuthProviderOptions> = {}) {
  const clock = makeClock();
  const fetched: string[] = [];
  const image = Uint8Array.from({ length: 40 }, (_, at) => (at < start.length ? start.charCodeAt(at) : 0));
  const fetchPublic = async (url: string): Promise<Response> => (fetched.push(url), new Response(image));
  const app = await appOn(memoryStore(clock), clock, more, { fetchPublic });
  const { body } = await app.register({ redirect_uris: ['https://app.example/callback'], logo_uri: 'https://client.example/logo' });
  const id = String(body['client_id']);
  const logo = async (): Promise<string> => {
    const { status, headers } = await app.ask('GET', `/authorize/logo?${new URLSearchParams({ client_id: id })}`);
    return status === 200 ? (headers.get('content-type') ?? '') : String(status);
  };
  return { app, fetched, id, logo };
}

describe('endpoints/authorize/logo: rules', () => {
  it('fetches nothing for a client that may not be granted anything yet', async () => {
    const { app, fetched, id, logo } = await setUp('\x89PNG\r\n\x1a\n', { clientPolicy: { newClients: 'approve' } });
    expect([await logo(), fetched]).toEqual(['404', []]);
    await app.provider.helpers(app.env).clients.approve(id);
    expect([await logo(), fetched.length]).toEqual(['image/png', 1]);
  });

  it.each([
    ['GIF87a', 'image/gif'],
    ['GIF89a', 'image/gif'],
    ['xGIF89a', '404'],
    ['RIFF\n \t\rWEBP', 'image/webp'],
    ['RIFF1234WEBX', '404'],
    ['\xff\xd8\xff', 'image/jpeg'],
    ['<svg xmlns="http://www.w3.org/2000/svg">', '404'],
  ])('takes an image by its first bytes: %j is %s', async (start, type) => {
    expect(await (await setUp(start)).logo()).toBe(type);
  });

  it('fetches nothing from this server, not for a client of the operator either (SEC-103)', async () => {
    const logoUri = `${ISSUER}/logo.png`;
    const redirectUris = ['https://app.example/callback'];
    const { app, fetched } = await setUp('GIF89a', {
      clients: [
        { id: 'own', redirectUris, authMethod: 'none', logoUri },
        { id: 'other', redirectUris, authMethod: 'none', logoUri: 'https://client.example/logo' },
      ],
    });
    const statusOf = async (id: string): Promise<number> => (await app.ask('GET', `/authorize/logo?client_id=${id}`)).status;
    expect([await statusOf('own'), fetched]).toEqual([404, []]);
    expect([await statusOf('other'), fetched.length]).toEqual([200, 1]);
  });

  it('fetches once for requests that come together', async () => {
    const { fetched, logo } = await setUp('GIF89a');
    const types = await whileTimeStands(() => Promise.all([logo(), logo(), logo()]));
    expect([types, fetched.length]).toEqual([['image/gif', 'image/gif', 'image/gif'], 1]);
  });
});
