/** Authorization server metadata (RFC 8414, OpenID Connect Discovery): where it is published, and whether MCP clients can use it. */
import { parseUrl } from '../../lib/url.ts';
import { type CheckId, type Level, quoted } from './findings.ts';
import { checkCharset, checkMembers, type Resource } from './resource-metadata.ts';
import { common } from './ask.ts';
import {
  type Document,
  documentIn,
  insteadOfJson,
  isGuarded,
  isInsecure,
  isTrouble,
  listOf,
  type Run,
  textOf,
  WITHOUT_TOKEN,
} from './run.ts';

/** An authorization server, as its metadata describes it. */
export interface Server {
  /** The URL of the document. */
  readonly at: string;
  /** Its name in the resource's metadata. */
  readonly named: string;
  readonly document: Document;
  /** Whether it supports Client ID Metadata Documents. */
  readonly takesDocuments: boolean;
  readonly registrationEndpoint: string | null;
  readonly authorizationEndpoint: string | null;
  readonly tokenEndpoint: string | null;
}

/** The URLs of the metadata, in the order in which clients try them (RFC 8414 §3.1, MCP authorization). */
function serverMetadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const [oauth, openid] = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
  const urls = [`${origin}${oauth}${path}`, `${origin}${openid}${path}`];
  return path === '' ? urls : [...urls, `${origin}${path}${openid}`];
}

/** Reads and checks the metadata of one server. @returns null if there is no usable metadata. */
export async function checkServerMetadata(run: Run, named: string, resource: Resource): Promise<Server | null> {
  const { ask, findings } = run;
  const urls = serverMetadataUrls(named);
  const answers = [];
  for (const url of urls) {
    const answer = await ask({ url, headers: { ...common({ url }), accept: 'application/json' }, follows: true });
    answers.push(answer);
    for (const hop of answer.redirects) isInsecure(hop, undefined, url, findings);
    if (documentIn(answer)) break;
  }
  findings.made('server-metadata');
  const [first] = answers;
  const found = answers.at(-1);
  const document = found ? documentIn(found) : null;
  if (!first || !found || !document) {
    const out = answers.find((answer) => isTrouble(answer, 'server-metadata', findings));
    if (!out && first)
      findings.add('server-metadata', 'problem', { url: first.url }, insteadOfJson(first), isGuarded(first) ? WITHOUT_TOKEN : `Publish the metadata of ${named} there, or correct "authorization_servers" in the resource metadata.`); // prettier-ignore
    return null;
  }
  findings.made('server-metadata-form');
  if (found !== first && !isTrouble(first, 'server-metadata-form', findings))
    findings.add('server-metadata-form', 'warning', { url: first.url }, insteadOfJson(first), `Publish the document of ${found.url} there as well: some clients look nowhere else.`); // prettier-ignore
  checkCharset(found, findings);
  // OpenID Connect Discovery §3 requires more than RFC 8414 §2.
  const more = found.url.includes('openid-configuration') ? ['jwks_uri', 'subject_types_supported', 'id_token_signing_alg_values_supported'] : []; // prettier-ignore
  checkMembers(findings, found.answeredBy, document, ['response_types_supported', ...more]);
  return judge(run, found.answeredBy, named, document, resource);
}

function judge({ findings, options }: Run, at: string, named: string, document: Document, resource: Resource): Server {
  const place = (field: string) => ({ url: at, field });
  const strict = options.directory ? 'problem' : 'warning';
  const issuer = textOf(document, 'issuer');
  findings.made('issuer');
  if (issuer !== named) {
    const slash = issuer?.replace(/\/$/, '') === named.replace(/\/$/, '');
    const fix = `It must be "${named}", character for character, as "authorization_servers" has it.${slash ? ' They differ in a slash at the end.' : ''}${parseUrl(issuer ?? '')?.host === parseUrl(named)?.host && !slash ? ' Behind a proxy that ends TLS, set the public URL of the server.' : ''}`; // prettier-ignore
    findings.add('issuer', 'problem', place('issuer'), quoted(issuer ?? document['issuer']), fix);
  }
  findings.made('endpoints');
  const endpoint = (field: string, needed: boolean): string | null => {
    const url = textOf(document, field);
    if (url === null && !needed) return null;
    if (url === null || !/^https?:$/.test(parseUrl(url)?.protocol ?? '')) {
      findings.add('endpoints', 'problem', place(field), quoted(url ?? document[field]), 'Name the endpoint by its absolute https URL.');
      return null;
    }
    return isInsecure(url, field, at, findings) ? null : url;
  };
  const server = {
    at,
    named,
    document,
    authorizationEndpoint: endpoint('authorization_endpoint', true),
    tokenEndpoint: endpoint('token_endpoint', true),
    registrationEndpoint: endpoint('registration_endpoint', false),
    takesDocuments: document['client_id_metadata_document_supported'] === true,
  };
  for (const { check, field, level, fix, ...rule } of FIELDS) {
    findings.made(check);
    const found = rule.found(document);
    if (found !== null) findings.add(check, level === 'strict' ? strict : level, place(field), found, fix);
  }
  const known = listOf(document, 'scopes_supported');
  const unknown = known === null ? [] : resource.scopes.filter((scope) => !known.includes(scope));
  findings.made('scopes');
  if (unknown.length > 0)
    findings.add('scopes', 'warning', place('scopes_supported'), `without ${quoted(unknown.join(' '))}`, 'List the scopes of the resource metadata and of the challenge here too, and grant them. Clients ask for all of them at once.'); // prettier-ignore
  return server;
}

/** A fault of one member. */
interface FieldRule {
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

/** The checks of single members, one row for each fault, in the order of the report. */
const FIELDS: readonly FieldRule[] = [
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
