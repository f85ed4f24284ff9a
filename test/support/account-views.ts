/** The pages of an account as an operator's templates get them, and forms sent to them. */
import { coreParts } from '../../src/core/parts.ts';
import { type AuthServer, makeAuthServer } from '../../src/core/auth-server.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/provider/host.ts';
import type { AccountPageView, SectionPageView } from '../../src/pages/account.ts';
import type { MessageView } from '../../src/pages/message.ts';
import { pagedStore } from './paged-store.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, optionsFor } from './app.ts';

/** A server on memory whose lists give so many keys at once, its core on the same store, and the views of its last pages. */
export interface AccountWorld extends App {
  readonly as: AuthServer;
  readonly last: { account?: AccountPageView; section?: SectionPageView; message?: MessageView };
  /** Signs Alice in. */
  enter(headers?: Record<string, string>): Promise<Browser>;
  /** Posts fields to a path, with the session of a browser, as our own page does. */
  post(browser: Browser, path: string, fields: Record<string, string | readonly string[]>): Promise<BrowserPage>;
}

/** Makes one. @param page keys that a list of the store gives at once. */
export async function makeAccountWorld(more: Partial<OAuthProviderOptions> = {}, page = Infinity): Promise<AccountWorld> {
  const last: AccountWorld['last'] = {};
  const templates: NonNullable<NonNullable<OAuthProviderOptions['pages']>['templates']> = {
    account: (view, ours) => ((last.account = view), ours),
    section: (view, ours) => ((last.section = view), ours),
    message: (view, ours) => ((last.message = view), ours),
  };
  const options: Partial<OAuthProviderOptions> = { ...more, pages: { templates } };
  const clock = makeClock();
  const store = pagedStore(clock, page);
  const app = await appOn(store, clock, options);
  const settings = settingsOf(parseOptions(optionsFor(app.events, options)), { issuer: ISSUER }, true, {});
  return {
    ...app,
    as: makeAuthServer(settings, app.machine, store, coreParts),
    last,
    async enter(headers = {}) {
      const browser = app.browser();
      await browser.submit(await browser.get(`${ISSUER}/login`), ALICE, headers);
      return browser;
    },
    post: (browser, path, fields) =>
      browser.submit({ url: ISSUER + path, status: 200, headers: new Headers(), text: `<form action="${path}">`, location: null }, fields),
  };
}

/** Code and private reason of the last refusal. */
export function lastRefusal({ events }: App): readonly string[] {
  const last = events.findLast((event) => event.kind === 'request.refused');
  return last?.kind === 'request.refused' ? [last.code, last.reason] : [];
}
