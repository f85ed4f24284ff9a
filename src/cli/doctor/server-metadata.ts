/** Authorization server metadata (RFC 8414, OpenID Connect Discovery): where it is published, and whether MCP clients can use it. */
import { parseUrl } from '../../lib/url.ts';
import { quoted } from './findings.ts';
import { checkMembers } from './members.ts';
import { FIELDS } from './server-fields.ts';
import { common } from './messages.ts';
import { checkCharset, type Resource } from './resource-metadata.ts';
import { type Document, listOf, type Run, textOf } from './run.ts';
import { documentIn, insteadOfJson, isGuarded, isInsecure, isTrouble, WITHOUT_TOKEN } from './trouble.ts';

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
