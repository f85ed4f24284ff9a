/**
 * Home page: for a person who opens the server, or the URL of its MCP endpoint, in a browser. It says what this is and how to connect.
 */
import { html, type Html } from '../lib/html.ts';
import type { Brand } from '../model/brand.ts';
import { clientLines, type ClientLine, lineName, otherLines, PASTED } from './client-lines.ts';
import { page } from './layout.ts';
import { linkLine } from './sign-in.ts';
import type { Words } from '../words/words.ts';

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
