/**
 * `portcullis/opentelemetry`: spans and metrics through `@opentelemetry/api`, which is passed in. Attributes follow the semantic conventions for HTTP,
 * databases and MCP, and hold what the server itself knows: no token, no secret, no path or text that a caller chose.
 */
import type * as OpenTelemetry from '@opentelemetry/api';
import type { Attributes as AllAttributes, Context, Counter, Histogram, Span as OpenSpan, SpanOptions } from '@opentelemetry/api';
import { checkTypes } from './lib/check-options.ts';
import type { Attributes, Span, Telemetry } from './model/event.ts';

export type { Telemetry } from './model/event.ts';

/** What is used of `@opentelemetry/api`. */
type Api = Pick<typeof OpenTelemetry, 'context' | 'metrics' | 'propagation' | 'trace' | 'ROOT_CONTEXT' | 'SpanKind' | 'SpanStatusCode'>;

/** Options of {@link openTelemetry}. */
interface TelemetryOptions {
  /** Whether spans of MCP messages name the user, as `enduser.id`. Default false. */
  readonly userId?: boolean | undefined;
}

const SCOPE = 'portcullis';
const VERBS: readonly unknown[] = ['read', 'readStale', 'write', 'remove', 'increment', 'attempt', 'list'];
const METHODS = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/;
/** Methods of MCP; any other name is a text of the caller. */
const MCP_METHODS =
  /^(?:initialize|ping|server\/discover|logging\/setLevel|completion\/complete|subscriptions\/listen|tools\/(?:call|list)|resources\/(?:list|read|subscribe|unsubscribe|templates\/list)|prompts\/(?:get|list)|tasks\/(?:get|list|result|cancel)|notifications\/(?:initialized|cancelled|progress|roots\/list_changed))$/;
const OTHER = '_OTHER';
/** Names that a tool or prompt can have. */
const NAME = /^[\w.\-/]{1,128}$/;
const SECONDS = {
  unit: 's',
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
};
/** Attributes that a histogram has as well: few values each. */
const MEASURED: readonly string[] = [
  'http.request.method',
  'url.scheme',
  'http.route',
  'http.response.status_code',
  'mcp.method.name',
  'error.type',
];

/**
 * Makes the value of the option `telemetry`.
 *
 * @param api the package `@opentelemetry/api`. Its SDK needs a context manager, and a propagator for the context of callers, as `@opentelemetry/sdk-node` has.
 * @throws {TypeError} for another value.
 * @example
 * const telemetry = openTelemetry(await import('@opentelemetry/api'));
 */
export function openTelemetry(api: Api, options: TelemetryOptions = {}): Telemetry {
  const parts = [[api?.trace, 'getTracer'], [api?.context, 'with'], [api?.propagation, 'extract'], [api?.metrics, 'getMeter']] as const; // prettier-ignore
  if (parts.some(([part, verb]) => typeof Reflect.get(part ?? {}, verb) !== 'function'))
    throw new TypeError("openTelemetry: give the package itself: import * as api from '@opentelemetry/api'; openTelemetry(api).");
  checkTypes('openTelemetry', options, 'userId:boolean');
  const { SERVER, CLIENT, INTERNAL } = api.SpanKind;
  const tracer = (): ReturnType<Api['trace']['getTracer']> => api.trace.getTracer(SCOPE); // asked for each time: the SDK may be started later
  let made: Instruments | undefined; // with the first request, when the SDK has started
  const instruments = (): Instruments => (made ??= instrumentsOf(api));

  async function spanned<T>(
    name: string,
    { parent = api.context.active(), ...about }: SpanOptions & { readonly parent?: Context },
    work: (span: Span, open: OpenSpan) => Promise<T>,
    ended: (seconds: number, attributes: AllAttributes) => void = () => undefined,
  ): Promise<T> {
    const [open, began] = [tracer().startSpan(name, about, parent), performance.now()];
    const known: AllAttributes = { ...about.attributes };
    const later: { end?: Promise<unknown> } = {};
    const span: Span = {
      set(attributes) {
        Object.assign(known, attributes);
        open.setAttributes(attributes);
        if ('error.type' in attributes) open.setStatus({ code: api.SpanStatusCode.ERROR });
      },
      until: (end) => void (later.end = end),
    };
    const finish = (): void => {
      open.end();
      ended((performance.now() - began) / 1000, Object.fromEntries(Object.entries(known).filter(([one]) => MEASURED.includes(one))));
    };
    try {
      return await api.context.with(api.trace.setSpan(parent, open), () => work(span, open));
    } catch (error) {
      span.set({ 'error.type': error instanceof Error ? error.name : 'error' }); // its message may hold anything
      throw error;
    } finally {
      if (later.end === undefined) finish();
      else void later.end.then(finish, finish);
    }
  }

  /** Where a span belongs: below the one that is open, unless the caller names another trace; then there, with a link to the open one. */
  function placeOf(fieldOf: (name: string) => unknown): Pick<SpanOptions, 'links'> & { readonly parent: Context } {
    const active = api.context.active();
    const open = api.trace.getSpan(active)?.spanContext();
    const get = (_: unknown, name: string): string | undefined => {
      const value = fieldOf(name);
      return typeof value === 'string' ? value : undefined;
    };
    const from = api.propagation.extract(open ? api.ROOT_CONTEXT : active, null, { get, keys: () => [] });
    const caller = api.trace.getSpanContext(from);
    if (caller === undefined || caller.traceId === open?.traceId) return { parent: active };
    return { parent: from, ...(open ? { links: [{ context: open }] } : {}) };
  }

  return {
    request(request, work) {
      const method = METHODS.test(request.method) ? request.method : OTHER;
      const attributes: Attributes = { 'http.request.method': method, 'url.scheme': request.url.split(':', 1)[0] ?? '' };
      const about = { kind: SERVER, attributes, ...placeOf((name) => request.headers.get(name)) };
      const answered = async (span: Span, open: OpenSpan): Promise<Response> => {
        const set = (more: Attributes): void => {
          span.set(more);
          if (more['http.route'] !== undefined) open.updateName(`${method} ${more['http.route']}`);
        };
        const response = await work({ ...span, set });
        const { status } = response;
        span.set({ 'http.response.status_code': status, ...(status >= 500 ? { 'error.type': String(status) } : {}) });
        return response;
      };
      return spanned(method, about, answered, (seconds, known) => instruments().requests.record(seconds, known));
    },
    step: (name, work) => spanned(name, { kind: INTERNAL }, work),
    message(message, access, work) {
      const { method: sent, params: given } = membersOf(message);
      const params = membersOf(given);
      const method = typeof sent === 'string' && MCP_METHODS.test(sent) ? sent : OTHER;
      const { name: called } = params;
      const name = /^(?:tools\/call|prompts\/get)$/.test(method) && typeof called === 'string' && NAME.test(called) ? called : null;
      const isTool = method === 'tools/call';
      const attributes: Attributes = {
        'mcp.method.name': method,
        ...(name === null ? {} : { [isTool ? 'gen_ai.tool.name' : 'gen_ai.prompt.name']: name }),
        ...(isTool ? { 'gen_ai.operation.name': 'execute_tool' } : {}),
        ...(name !== null && isTool ? { 'mcp.tool.name': name } : {}),
        ...(options.userId && access ? { 'enduser.id': access.userId } : {}),
      };
      const meta = membersOf(params['_meta']);
      const about = { kind: SERVER, attributes, ...placeOf((field) => meta[field]) };
      const answered = async (span: Span): Promise<Response> => {
        const response = await work(span);
        const { status } = response;
        if (status >= 400) span.set({ 'error.type': String(status) });
        else if (isTool && (await isToolError(response))) span.set({ 'error.type': 'tool_error' });
        return response;
      };
      return spanned(name === null ? method : `${method} ${name}`, about, answered, (seconds, known) =>
        instruments().messages.record(seconds, known),
      );
    },
    store(store) {
      const traced = (verb: string, work: (...all: unknown[]) => unknown) => {
        return (...all: unknown[]): Promise<unknown> => {
          const collection = String(all[0]).split(':', 1)[0] ?? ''; // never the id after it
          const attributes = { 'db.system.name': SCOPE, 'db.operation.name': verb, 'db.collection.name': collection };
          return spanned(`${verb} ${collection}`, { kind: CLIENT, attributes }, async () => work.apply(store, all));
        };
      };
      return new Proxy(store, {
        get(_, verb) {
          const value: unknown = Reflect.get(store, verb, store);
          if (typeof value !== 'function') return value;
          const work = value as (...all: unknown[]) => unknown;
          return VERBS.includes(verb) ? traced(String(verb), work) : work.bind(store);
        },
      });
    },
    event(event) {
      instruments().events.add(1, {
        kind: event.kind,
        ...('reason' in event && event.reason !== undefined ? { reason: event.reason } : {}),
      });
    },
  };
}

interface Instruments {
  readonly requests: Histogram;
  readonly messages: Histogram;
  readonly events: Counter;
}

function instrumentsOf({ metrics }: Api): Instruments {
  const meter = metrics.getMeter(SCOPE);
  return {
    requests: meter.createHistogram('http.server.request.duration', SECONDS),
    messages: meter.createHistogram('mcp.server.operation.duration', SECONDS),
    events: meter.createCounter('portcullis.events'),
  };
}

/** The members of an object; none of anything else that a caller may send. */
function membersOf(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [name: string]: unknown }) : {};
}

/** Whether a tool says that it failed: quotes inside of texts are escaped, so that this is a member. */
async function isToolError(response: Response): Promise<boolean> {
  if (!response.headers.get('content-type')?.startsWith('application/json')) return false;
  return /"isError"\s*:\s*true/.test(await response.clone().text());
}
