/**
 * The types of metadata members. Clients parse the whole document before they use any of it: one optional member that is `null`, or a text in the
 * place of a list, and clients made with the MCP SDK refuse all of it.
 */
import type { Findings } from './findings.ts';
import { quoted } from './findings.ts';
import type { Document } from './run.ts';

/** Members that other checks report are not listed: `issuer`, the two endpoints, `resource`, `authorization_servers`, PKCE. */
const TYPES = {
  'a list of strings': 'scopes_supported response_types_supported response_modes_supported grant_types_supported token_endpoint_auth_methods_supported bearer_methods_supported subject_types_supported id_token_signing_alg_values_supported',
  'a string': 'registration_endpoint revocation_endpoint introspection_endpoint jwks_uri service_documentation resource_name resource_documentation',
  'true or false': 'client_id_metadata_document_supported authorization_response_iss_parameter_supported',
} as const; // prettier-ignore

const IS: { readonly [type in keyof typeof TYPES]: (value: unknown) => boolean } = {
  'a list of strings': (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  'a string': (value) => typeof value === 'string',
  'true or false': (value) => typeof value === 'boolean',
};

/** Reports members of another type, and required ones that are missing. @param at the URL of the document. */
export function checkMembers(findings: Findings, at: string, document: Document, required: readonly string[]): void {
  const rest = 'Clients made with the MCP SDK refuse a document with a wrong member as a whole.';
  findings.made('metadata-members');
  for (const [type, names] of Object.entries(TYPES) as [keyof typeof TYPES, string][]) {
    for (const field of names.split(' ')) {
      const value = document[field];
      const isNeeded = required.includes(field);
      if (value === undefined ? !isNeeded : IS[type](value)) continue;
      const fix = isNeeded ? `Send ${type}: the member is required.` : `Send ${type}, or leave the member out.`;
      findings.add('metadata-members', 'problem', { url: at, field }, value === undefined ? 'nothing' : quoted(value), `${fix} ${rest}`);
    }
  }
}
