/**
 * Home page: for a person who opens the server, or the URL of its MCP endpoint, in a browser. It says what this is and how each MCP client is
 * connected: by a line to copy, or in its settings.
 */
import { html, type Html } from '../lib/html.ts';
import type { Brand } from '../model/display.ts';
import type { Words } from '../words/words.ts';
import { page } from './layout.ts';
import { linkLine } from './sign-in.ts';

/** All that the page shows. */
export interface HomeView {
  /** The MCP endpoints: URL and name. */
  readonly resources: readonly { readonly uri: string; readonly name: string }[];
  /** URL of the account page. */
  readonly accountPath?: string | undefined;
  readonly words: Words;
  readonly brand?: Brand | undefined;
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
}

/** The home page. */
export function homePage(view: HomeView): Response {
  const { resources, accountPath, words, brand, status, headers = {} } = view;
  const title = resources.length === 1 ? (resources[0]?.name ?? '') : (brand?.name ?? 'MCP');
  const body = html`<h1 class="long"><bdi>${title}</bdi></h1>
    <p class="lead">${words.home.lead}</p>
    ${resources.map((one) => resource(one, resources.length > 1, words))}
    ${accountPath && linkLine([{ href: accountPath, text: words.account.title }])}`;
  return page({ words, title, body, status, headers, brand, shows: { page: 'home', view } });
}

function resource({ uri, name }: HomeView['resources'][number], isNamed: boolean, { home: say }: Words): Html {
  const short = lineName(name);
  return html`<section class="part">
    ${isNamed && html`<h2><bdi>${name}</bdi></h2>`}
    <div class="panel">
      <dl>
        <dt>${say.url}</dt>
        <dd class="copied">${uri}</dd>
      </dl>
    </div>
    <dl class="lines">${[...PASTED, ...clientLines(uri, short), ...otherLines(uri)].map(lineOf)}</dl>
    <p class="foot">${say.signIn}</p>
  </section>`;
}

function lineOf({ client, line, isPath }: ClientLine): Html {
  return html`<dt><bdi>${client}</bdi></dt>
    <dd ${isPath ? html`lang="en"` : html`class="copied"`}><bdi>${line}</bdi></dd>`;
}

/** A client and what to type, write or open for it. */
interface ClientLine {
  readonly client: string;
  readonly line: string;
  /** Labels of its settings, not something to copy. */
  readonly isPath?: true;
}

/**
 * The lines for a server that is on the internet or on this computer.
 *
 * @param url of its MCP endpoint. @param name under which clients list it: letters, digits and hyphens.
 */
export function clientLines(url: string, name = 'local'): readonly ClientLine[] {
  const vscode = JSON.stringify({ name, type: 'http', url });
  return [
    { client: 'Claude Code', line: `claude mcp add --transport http ${name} ${url}` },
    { client: 'Codex', line: `codex mcp add ${name} --url ${url}` },
    { client: 'Cursor (~/.cursor/mcp.json)', line: JSON.stringify({ mcpServers: { [name]: { url } } }) },
    { client: 'VS Code', line: `code --add-mcp '${vscode}'` },
  ];
}

/** Lines for everything else. */
export function otherLines(url: string): readonly ClientLine[] {
  return [
    { client: 'MCP Inspector', line: `npx @modelcontextprotocol/inspector --server-url ${url} --transport http` },
    { client: 'mcp-remote', line: `npx mcp-remote ${url}` },
  ];
}

/** Clients on the internet, where the URL is pasted into a form. */
const PASTED: readonly ClientLine[] = [
  { client: 'Claude', line: 'Settings → Connectors → Add custom connector', isPath: true },
  { client: 'ChatGPT', line: 'Settings → Apps & Connectors → Advanced settings → Developer mode → Create', isPath: true },
];

/** A name for clients, made of the server's: `Acme Notes` is `acme-notes`. */
function lineName(server: string): string {
  const name = server.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40); // prettier-ignore
  return name === '' ? 'mcp' : name;
}
