/** The checks of single members of authorization server metadata, one row for each fault, in the order of the report. */
import type { CheckId } from './checks.ts';
import { type Level, quoted } from './findings.ts';
import { type Document, listOf, textOf } from './run.ts';

/** A fault of one member. */
export interface FieldRule {
  readonly check: CheckId;
  readonly field: string;
  /** `strict`: a problem for a directory, else a warning. */
  readonly level: Level | 'strict';
  /** The wrong value; null if there is no fault. */
  readonly found: (document: Document) => string | null;
  readonly fix: string;
}

const DOCUMENTS = 'client_id_metadata_document_supported';
const REGISTRATION = 'registration_endpoint';
const METHODS = 'token_endpoint_auth_methods_supported';

/** A list that is there and lacks a value. */
const lacks = (field: string, value: string) => (document: Document): string | null => {
  const list = listOf(document, field);
  return list === null || list.includes(value) ? null : quoted(list);
}; // prettier-ignore

const takesDocuments = (document: Document): boolean => document[DOCUMENTS] === true;
const registers = (document: Document): boolean => textOf(document, REGISTRATION) !== null;

/** The rows. */
export const FIELDS: readonly FieldRule[] = [
  {
    check: 'pkce',
    field: 'code_challenge_methods_supported',
    level: 'problem',
    found: (document) => {
      const methods = document['code_challenge_methods_supported'];
      return Array.isArray(methods) && methods.includes('S256') ? null : quoted(methods);
    },
    fix: 'Support PKCE and say so: "code_challenge_methods_supported": ["S256"]. Clients must refuse a server that does not.',
  },
  {
    check: 'public-clients',
    field: METHODS,
    level: 'strict',
    found: (document) => (document[METHODS] === undefined ? 'nothing, which means client_secret_basic' : null),
    fix: 'Add "none": MCP clients on a computer keep no secret, and prove themselves with PKCE.',
  },
  {
    check: 'public-clients',
    field: METHODS,
    level: 'problem',
    found: lacks(METHODS, 'none'),
    fix: 'Add "none": MCP clients on a computer keep no secret, and prove themselves with PKCE.',
  },
  {
    check: 'grant-types',
    field: 'grant_types_supported',
    level: 'problem',
    found: lacks('grant_types_supported', 'authorization_code'),
    fix: 'Add "authorization_code": it is how MCP clients sign in.',
  },
  {
    check: 'grant-types',
    field: 'grant_types_supported',
    level: 'warning',
    found: lacks('grant_types_supported', 'refresh_token'),
    fix: 'Add "refresh_token". Without it users sign in again whenever an access token expires.',
  },
  {
    check: 'grant-types',
    field: 'response_types_supported',
    level: 'problem',
    found: lacks('response_types_supported', 'code'),
    fix: 'Add "code": it is how MCP clients sign in.',
  },
  {
    check: 'client-registration',
    field: DOCUMENTS,
    level: 'problem',
    found: (document) => (takesDocuments(document) || registers(document) ? null : 'neither documents nor registration'),
    fix: `Set "${DOCUMENTS}": true, and offer a "${REGISTRATION}" for clients that have no document. Otherwise each user has to enter a client id.`,
  },
  {
    check: 'client-registration',
    field: DOCUMENTS,
    level: 'strict',
    found: (document) => (!takesDocuments(document) && registers(document) ? 'registration only' : null),
    fix: 'Accept Client ID Metadata Documents as well: MCP has deprecated registration, and every connection makes a client.',
  },
  {
    check: 'client-registration',
    field: REGISTRATION,
    level: 'strict',
    found: (document) => (takesDocuments(document) && !registers(document) ? 'documents only' : null),
    fix: 'Offer registration (RFC 7591) as well: Cursor and mcp-remote have no document.',
  },
  {
    check: 'authorization-endpoint',
    field: 'require_pushed_authorization_requests',
    level: 'problem',
    found: (document) => (document['require_pushed_authorization_requests'] === true ? 'true' : null),
    fix: 'Set it to false: MCP clients do not push their requests (RFC 9126).',
  },
  {
    check: 'iss',
    field: 'authorization_response_iss_parameter_supported',
    level: 'warning',
    found: (document) => {
      const flag = document['authorization_response_iss_parameter_supported'];
      return flag === true ? null : quoted(flag);
    },
    fix: 'Send `iss` with every authorization answer and set this to true: it tells clients of several servers whose answer it is.',
  },
];
