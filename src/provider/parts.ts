/**
 * Parts of a server that not every application needs. They are passed in, because a bundle holds what can be reached by an import: all of them by
 * `portcullis`, none by `portcullis/own-pages`.
 */
import type { Call } from '../endpoints/endpoint.ts';
import type { PagesParser } from '../options/left-out.ts';
import type { Settings } from '../model/settings.ts';
import type { Route } from '../server.ts';

/** The parts. */
export interface Parts extends PagesParser {
  readonly furtherRoutesOf: (settings: Settings) => ReadonlyMap<string, Route>;
  readonly home: (call: Call) => Promise<Response>;
  /** The 401 of an endpoint as a page, with its challenge. */
  readonly unauthorizedPage: (call: Call, refusal: Response) => Promise<Response>;
}
