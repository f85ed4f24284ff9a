/** Protected resource metadata (RFC 9728): where it is published, and whether it describes the requested URL; and the form of any metadata. */
import { isLoopbackHost, parseUrl } from '../../lib/url.ts';
import { common, type Exchange } from './ask.ts';
import { type Challenge, metadataUrlsOf } from './challenge.ts';
import { type Findings, quoted } from './findings.ts';
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

/** The resource's metadata. */
export interface Resource {
  /** The URL of the document; null if it was not found. */
  readonly at: string | null;
  readonly servers: readonly string[];
  readonly scopes: readonly string[];
}

/** Reads the document at each of its URLs; like clients, uses the first valid one. */
export async function checkResourceMetadata(run: Run, { metadataUrl, kind, scopes }: Challenge): Promise<Resource> {
  const { url, findings, options } = run;
  const places = metadataUrlsOf(url);
  const byHeader = metadataUrl === null ? null : await read(run, metadataUrl);
  const byPath = await read(run, places.path);
  const atRoot = await read(run, places.root);
  const found = [byHeader, byPath, atRoot].find((one) => one !== null && documentIn(one));
  if (kind === 'open' && !found) return { at: null, servers: [], scopes: [] }; // a server without authorization, which needs none
  findings.made('resource-metadata');
  if (byHeader !== null && !documentIn(byHeader) && !isTrouble(byHeader, 'challenge-resource-metadata', findings)) {
    findings.add('challenge-resource-metadata', 'problem', { url, header: 'WWW-Authenticate' }, `${quoted(metadataUrl)} answers ${insteadOfJson(byHeader)}`, 'Publish the metadata at the URL that the challenge names, or name the URL where it is.'); // prettier-ignore
  }
  if (!found) {
    if (!isTrouble(byPath, 'resource-metadata', findings) && !(atRoot !== byPath && isTrouble(atRoot, 'resource-metadata', findings))) {
      findings.add('resource-metadata', 'problem', { url: places.path }, insteadOfJson(byPath), isGuarded(byPath) ? WITHOUT_TOKEN : `Publish a JSON document with "resource": "${url}" and "authorization_servers" there.`); // prettier-ignore
      if (options.directory) findings.add('static-bearer', 'problem', { url }, 'a 401 without a way to sign in', 'Directories accept servers that sign users in with OAuth. Publish resource metadata and an authorization server.'); // prettier-ignore
    }
    return { at: null, servers: [], scopes: [] };
  }
  const level = options.directory ? 'problem' : 'warning';
  findings.made('resource-metadata-path');
  findings.made('resource-metadata-root');
  if (!documentIn(byPath) && !isTrouble(byPath, 'resource-metadata-path', findings))
    findings.add('resource-metadata-path', level, { url: places.path }, insteadOfJson(byPath), 'Publish the metadata there as well: clients that were given no URL try it first.'); // prettier-ignore
  if (!documentIn(atRoot) && !isTrouble(atRoot, 'resource-metadata-root', findings))
    findings.add('resource-metadata-root', level, { url: places.root }, insteadOfJson(atRoot), 'Publish the metadata there as well, if this origin has one MCP server: some clients look nowhere else.'); // prettier-ignore
  const [counts, other] = [documentIn(found), documentIn(byPath)];
  const differs = ['resource', 'authorization_servers'].find(
    (field) => other && JSON.stringify(counts?.[field]) !== JSON.stringify(other[field]),
  );
  if (differs !== undefined)
    findings.add('resource-metadata-path', 'problem', { url: places.path, field: differs }, quoted(other?.[differs]), `Publish the same document there as at ${found.url}: which of them a client reads depends on the client.`); // prettier-ignore
  await checkHead(run, found);
  const resource = judge(run, found, documentIn(found) ?? {});
  return { ...resource, scopes: [...new Set([...resource.scopes, ...scopes])] }; // clients ask for those of the challenge first
}

async function read({ ask, findings }: Run, url: string): Promise<Exchange> {
  const answer = await ask({ url, headers: { ...common({ url }), accept: 'application/json' }, follows: true });
  const plain = [url, ...answer.redirects].find((hop, at) => at > 0 && isInsecure(hop, undefined, url, findings));
  if (answer.redirects.length > 0 && plain === undefined)
    findings.add('redirect', 'warning', { url, header: 'Location' }, quoted(answer.redirects[0]), 'Answer at this URL itself. Some clients do not follow redirects of metadata.'); // prettier-ignore
  if (documentIn(answer)) checkCharset(answer, findings);
  return answer;
}

function judge(run: Run, { answeredBy: at }: Exchange, document: Document): Resource {
  const { url, findings } = run;
  const field = 'resource';
  findings.made('resource');
  const resource = textOf(document, field);
  if (resource === null || (resource !== url && parseUrl(resource)?.href !== url)) {
    const [level, fix] = resource === null ? (['problem', `Add "resource": "${url}".`] as const) : difference(resource, url);
    findings.add('resource', level, { url: at, field }, resource === null ? quoted(document[field]) : quoted(resource), fix);
  }
  const servers = listOf(document, 'authorization_servers') ?? [];
  const where = { url: at, field: 'authorization_servers' };
  findings.made('authorization-servers');
  if (servers.length === 0)
    findings.add('authorization-servers', 'problem', where, quoted(document['authorization_servers']), 'List the issuer of the authorization server: ["https://auth.example.com"].'); // prettier-ignore
  const good = servers.filter((server) => {
    const parsed = parseUrl(server);
    const isGood = parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.search === '' && parsed.hash === '';
    if (!isGood)
      findings.add('authorization-servers', 'problem', where, quoted(server), 'Name the issuer: an https URL without query and fragment.');
    else isInsecure(server, 'authorization_servers', at, findings);
    return isGood;
  });
  checkMembers(findings, at, document, []);
  const methods = listOf(document, 'bearer_methods_supported');
  if (methods !== null && !methods.includes('header'))
    findings.add('static-bearer', 'problem', { url: at, field: 'bearer_methods_supported' }, quoted(methods), 'Accept tokens in the Authorization header: ["header"]. MCP allows nothing else.'); // prettier-ignore
  return { at, servers: good, scopes: listOf(document, 'scopes_supported') ?? [] };
}

/** How `resource` differs from the URL, and the usual cause. */
function difference(resource: string, url: string): readonly ['problem' | 'warning', string] {
  const [is, asked] = [parseUrl(resource), new URL(url)];
  const same = `It must be "${url}", character for character.`;
  if (is === null) return ['problem', same];
  if (is.host === asked.host && is.protocol !== asked.protocol)
    return ['problem', `${same} Behind a proxy that ends TLS, set the public URL of the server, or have it trust X-Forwarded-Proto.`];
  if (is.host !== asked.host && isLoopbackHost(is.hostname) && isLoopbackHost(asked.hostname))
    return ['problem', `${same} Connect to ${is.href}, which is what the server calls itself.`];
  if (is.host !== asked.host)
    return ['problem', `${same} Set the public URL of the server: it takes its name from ${is.host}, which is not where clients call it.`];
  if (is.href.replace(/\/$/, '') === asked.href.replace(/\/$/, ''))
    return ['warning', `${same} They differ in a slash at the end; give clients the URL exactly as the metadata has it.`];
  const parent = is.pathname.replace(/\/$/, '');
  if (asked.pathname.startsWith(`${parent}/`)) return ['warning', `${same} Clients of the MCP SDK take a parent path, others do not.`];
  return ['problem', `${same} If this is the metadata of another path, give each path a document of its own.`];
}

async function checkHead({ ask, findings }: Run, { answeredBy: url }: Exchange): Promise<void> {
  const { status } = await ask({ url, method: 'HEAD', headers: common({ url }) });
  findings.made('head');
  if (status === 200 || status === 405) return;
  findings.add('head', 'warning', { url }, status === 0 ? 'HEAD: no answer' : `HEAD: HTTP ${status}`, 'Answer HEAD as GET, without the body. Clients and link checkers ask with it first.'); // prettier-ignore
}

/** RFC 8259 §8.1: JSON is UTF-8, without a byte order mark. */
export function checkCharset({ headers, text, answeredBy: url }: Exchange, findings: Run['findings']): void {
  const header = 'Content-Type';
  const type = headers.get(header) ?? '';
  findings.made('charset');
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(type)?.[1];
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8')
    findings.add('charset', 'problem', { url, header }, quoted(type), 'Send the document in UTF-8, with Content-Type: application/json.');
  else if (!/^application\/(json|[\w.-]+\+json)\b/i.test(type))
    findings.add(
      'charset',
      'warning',
      { url, header },
      quoted(type),
      'Send Content-Type: application/json. Strict clients refuse another type.',
    );
  if (text.startsWith('\ufeff'))
    findings.add(
      'charset',
      'problem',
      { url },
      'a byte order mark before the JSON',
      'Save the document as UTF-8 without a byte order mark.',
    );
}

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

/**
 * Reports members of another type, and required ones that are missing. Clients parse the whole document before they use any of it: one optional
 * member that is `null`, or a text in the place of a list, and clients made with the MCP SDK refuse all of it.
 *
 * @param at the URL of the document.
 */
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
