/**
 * Telemetry as the server calls it: spans and counts. It is a value of `portcullis/opentelemetry`, so that a server without it carries none of its code.
 */
import type { Access } from './access.ts';
import type { NewEvent } from './event.ts';
import type { Store } from './store.ts';

/** Attributes of a span; never a token, a secret or a text of a user. */
export type Attributes = { readonly [name: string]: string | number | boolean };

/** A span that is open. */
export interface Span {
  set(attributes: Attributes): void;
  /** Keeps the span open until then: a stream goes on after its response was made. */
  until(end: Promise<unknown>): void;
}

/** What `openTelemetry()` of `portcullis/opentelemetry` makes, for the options `telemetry`. */
export interface Telemetry {
  /** Runs the work of a request in a span; that of the caller, as the header `traceparent` says, is its parent. The work sets `http.route`. */
  request(request: Request, work: (span: Span) => Promise<Response>): Promise<Response>;
  /** Runs one step inside a request in a span. */
  step<T>(name: string, work: (span: Span) => Promise<T>): Promise<T>;
  /** Runs an MCP message that was judged in a span, in the context of its `_meta.traceparent`. */
  message(message: unknown, access: Access | null, work: (span: Span) => Promise<Response>): Promise<Response>;
  /** The same store, whose operations are spans. */
  store(store: Store): Store;
  /** Counts an event. */
  event(event: NewEvent): void;
}
