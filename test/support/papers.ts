/** What a client of the MCP SDK keeps while it signs in and after, in memory: the half of its `OAuthClientProvider` that is the same for everyone. */
import type { OAuthClientProvider } from '@modelcontextprotocol/client';

/** The verbs that keep and give. */
export type Keeping = Required<
  Pick<
    OAuthClientProvider,
    | 'clientInformation'
    | 'saveClientInformation'
    | 'tokens'
    | 'saveTokens'
    | 'codeVerifier'
    | 'saveCodeVerifier'
    | 'discoveryState'
    | 'saveDiscoveryState'
  >
>;

/** Empty at first. `kept` is what there is, by `client`, `tokens`, `verifier` and `discovery`. */
export function makeKeeping(): { readonly kept: Map<string, unknown>; readonly keeping: Keeping } {
  const kept = new Map<string, unknown>();
  const keep = (name: string) => (value: unknown) => void kept.set(name, value);
  const give = (name: string) => () => kept.get(name) as never;
  const keeping: Keeping = {
    clientInformation: give('client'),
    saveClientInformation: keep('client'),
    tokens: give('tokens'),
    saveTokens: keep('tokens'),
    codeVerifier: give('verifier'),
    saveCodeVerifier: keep('verifier'),
    discoveryState: give('discovery'),
    saveDiscoveryState: keep('discovery'),
  };
  return { kept, keeping };
}
