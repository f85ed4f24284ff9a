/** What the doctor itself must not do: follow a server into a private network, take a token elsewhere, or believe a certificate. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../src/cli/doctor/doctor.ts';
import type { DoctorOptions } from '../../../src/cli/doctor/run.ts';
import { makeReach } from '../../../src/cli/reach.ts';
import { CERT, KEY } from '../../support/certificate.ts';
import { examineWith, TOKEN } from './small-server.ts';

const given = (url: string, more: Partial<DoctorOptions> = {}): DoctorOptions => ({
  url, format: 'text', directory: null, registers: false, origin: null, token: null, tokenFrom: 'PORTCULLIS_TOKEN', ...more,
}); // prettier-ignore

/** A public server by name, whose answers are made here. */
async function lookAt(answer: (url: URL, init: RequestInit) => Response | undefined, options: Partial<DoctorOptions> = {}) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  const url = 'https://mcp.example/mcp';
  const reach = makeReach(new URL(url), async (host) => [{ address: host.endsWith('.example') ? '93.184.216.34' : '10.0.0.7' }]);
  const fetch = async (to: string, init: RequestInit): Promise<Response> => {
    asked.push({ url: to, init });
    return answer(new URL(to), init) ?? new Response('not found', { status: 404 });
  };
  return { report: await examine(given(url, options), () => undefined, { reach, fetch }), asked };
}

const challenge = new Headers({
  'www-authenticate': 'Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
});
const resource = (server: string): Response => Response.json({ resource: 'https://mcp.example/mcp', authorization_servers: [server] });

describe('cli/doctor, itself', () => {
  it.each(['https://10.0.0.7', 'https://inside.corp', 'https://169.254.169.254', 'https://[::1]:8443'])(
    'does not follow a public server to %s, and says so',
    async (server) => {
      const { report, asked } = await lookAt(({ pathname }) =>
        pathname === '/mcp' ? new Response(null, { status: 401, headers: challenge }) : pathname.startsWith('/.well-known/oauth-protected') ? resource(server) : undefined,
      );
      expect(report.findings.filter(({ check }) => check === 'private-address')).not.toEqual([]);
      expect(asked.filter(({ url }) => new URL(url).host !== 'mcp.example')).toEqual([]);
    },
  ); // prettier-ignore

  it('does not follow a redirect of the metadata into a private network', async () => {
    const { report, asked } = await lookAt(({ pathname }) =>
      pathname === '/mcp' ? new Response(null, { status: 401, headers: challenge }) : Response.redirect('http://169.254.169.254/latest', 302),
    );
    expect(report.findings.map(({ check }) => check)).toContain('private-address');
    expect(asked.filter(({ url }) => new URL(url).host !== 'mcp.example')).toEqual([]);
  }); // prettier-ignore

  it('takes the token to the MCP URL alone, whatever redirects or metadata say', async () => {
    const { asked } = await lookAt(
      ({ pathname, host }, { method, headers }) => {
        if (pathname === '/mcp' && new Headers(headers).get('authorization') === `Bearer ${TOKEN}`) return new Response(null, { status: 307, headers: { location: 'https://other.example/mcp' } });
        if (pathname === '/mcp') return new Response(null, { status: 401, headers: challenge });
        if (pathname.startsWith('/.well-known/oauth-protected')) return resource('https://other.example');
        return host === 'other.example' && method === 'GET' ? Response.json({ issuer: 'https://other.example', token_endpoint: 'https://other.example/token', authorization_endpoint: 'https://other.example/authorize' }) : undefined;
      },
      { token: TOKEN },
    );
    const carried = asked.filter(({ init }) => JSON.stringify(init.headers).includes(TOKEN));
    expect(carried.length).toBeGreaterThan(0);
    expect(carried.filter(({ url }) => url !== 'https://mcp.example/mcp')).toEqual([]);
    expect(asked.some(({ url }) => new URL(url).host === 'other.example')).toBe(true);
  }); // prettier-ignore

  it('deletes a registration only at the host that issued it', async () => {
    const registering = async (manage: (origin: string) => string) =>
      examineWith(
        ({ path, origin }, answer) => void (path === '/register' && answer.status === 201 && Object.assign(answer.body, { registration_client_uri: manage(origin), registration_access_token: 'management' })),
        { registers: true },
      );
    expect((await registering((origin) => `${origin}/register/1`)).asked).toContain('DELETE /register/1');
    const elsewhere = await registering(() => 'http://localhost:9/register/1');
    expect(elsewhere.asked.some((one) => one.startsWith('DELETE'))).toBe(false);
    expect(JSON.stringify(elsewhere.report)).not.toContain('management');
  }); // prettier-ignore

  it('tells a certificate that no one trusts from an outage', async () => {
    const server = createServer({ cert: CERT, key: KEY }, (_request, response) => response.end());
    await new Promise<void>((next) => server.listen(0, '127.0.0.1', next));
    const { port } = server.address() as AddressInfo;
    const report = await examine(given(`https://127.0.0.1:${port}/mcp`), () => undefined);
    const plain = await examine(given(`http://127.0.0.1:${port}/mcp`), () => undefined);
    server.closeAllConnections();
    server.close();
    expect(report).toMatchObject({ outcome: 'problems', findings: [{ check: 'tls', level: 'problem', found: 'POST: DEPTH_ZERO_SELF_SIGNED_CERT', fix: expect.stringContaining('public authority') }] });
    expect(plain.outcome).not.toBe('fine');
  }); // prettier-ignore

  it.each([
    ['ENOTFOUND', 'reachable', 'problem', 'Correct the host mcp.example'],
    ['CERT_HAS_EXPIRED', 'tls', 'problem', 'Renew the certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', 'problem', 'names this host'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls', 'problem', 'intermediate certificates'],
    ['CERT_REVOKED', 'tls', 'problem', 'common clients trust'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', 'problem', 'does not speak TLS'],
    ['EAI_AGAIN', 'reachable', 'outage', 'could not be looked up'],
    ['ECONNRESET', 'reachable', 'outage', 'connection was cut'],
    ['UND_ERR_CONNECT_TIMEOUT', 'reachable', 'outage', 'accept a connection in time'],
    ['ESOMETHING', 'reachable', 'outage', 'There was no answer'],
  ])('tells %s as %s, %s', async (code, check, level, fix) => {
    const { report } = await lookAt(() => {
      throw new TypeError('fetch failed', { cause: { code } });
    });
    expect(report.findings).toEqual([expect.objectContaining({ check, level, found: expect.stringMatching(`${code}|no host has this name`), fix: expect.stringContaining(fix) })]);
    expect(report.outcome).toBe(level === 'outage' ? 'outage' : 'problems');
  }); // prettier-ignore

  it('asks for https where a server is not on this computer', async () => {
    const url = 'http://mcp.example/mcp';
    const report = await examine(given(url), () => undefined, { reach: async () => undefined, fetch: async () => new Response(null, { status: 404 }) });
    expect(report.findings.map(({ check }) => check)).toContain('https');
  }); // prettier-ignore
});
