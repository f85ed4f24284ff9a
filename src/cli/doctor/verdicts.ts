/** What the findings mean for each client: how it would register, and what stops it. */
import { isLoopbackHost } from '../../lib/url.ts';
import { CHECKS, type Check, type CheckId, type ClientId } from './checks.ts';
import { CLIENTS, type ClientProfile } from './clients.ts';
import type { Finding } from './findings.ts';
import type { Server } from './server-metadata.ts';

/** One client at this server. */
export interface Verdict {
  readonly client: ClientId;
  readonly name: string;
  /** `no way here`: it calls from the internet, and this server is on this computer. */
  readonly verdict: 'connects' | 'stopped' | 'no way here' | 'no sign-in needed' | 'unknown';
  /** How the server would know it. */
  readonly knownBy: 'document' | 'registration' | null;
  /** The checks that stop it. */
  readonly stoppedBy: readonly CheckId[];
}

/** The verdict for each client. @param servers those with metadata; a client uses the first. */
export function verdictsOf(url: string, isOpen: boolean, servers: readonly Server[], findings: readonly Finding[]): readonly Verdict[] {
  const down = findings.some(({ check, level }) => level === 'outage' && CHECKS[check].stops === 'all');
  return CLIENTS.map((client) => {
    const server = servers[0];
    const knownBy = server ? wayOf(client, server) : null;
    const stops = new Set(
      findings.filter((finding) => finding.level === 'problem' && stopsClient(finding, client)).map(({ check }) => check),
    );
    if (!isOpen && server && knownBy === null) stops.add('client-registration');
    const away = client.calls === 'from the internet' && isLoopbackHost(new URL(url).hostname);
    const stoppedBy = [...stops];
    const sees =
      stoppedBy.length > 0
        ? 'stopped'
        : away
          ? 'no way here'
          : down
            ? 'unknown'
            : isOpen
              ? 'no sign-in needed'
              : server
                ? 'connects'
                : 'unknown';
    return { client: client.id, name: client.name, verdict: sees, knownBy, stoppedBy };
  });
}

/** Clients with a metadata document use it before registration (MCP authorization, client registration). */
function wayOf({ document, proves, needsIss }: ClientProfile, server: Server): Verdict['knownBy'] {
  const { takesDocuments, registrationEndpoint, document: metadata } = server;
  const methods = metadata['token_endpoint_auth_methods_supported'];
  const canProve = !Array.isArray(methods) || proves.some((method) => methods.includes(method));
  const hasIss = metadata['authorization_response_iss_parameter_supported'] === true || !needsIss;
  if (document !== null && takesDocuments && canProve && hasIss) return 'document';
  return registrationEndpoint === null ? null : 'registration';
}

function stopsClient({ check, found }: Finding, client: ClientProfile): boolean {
  const { stops }: Check = CHECKS[check];
  if (check === 'sign-in-page' || check === 'register') return found.startsWith(`${client.name}:`);
  return stops === 'all' || (stops === 'hosted' && client.calls === 'from the internet');
}
