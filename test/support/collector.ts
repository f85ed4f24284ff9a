/** A collector of OpenTelemetry: takes traces as protobuf over HTTP (OTLP), and decodes as much as tests look at. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it was sent. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: { readonly [name: string]: unknown };
  /** Trace ids of its links. */
  readonly links: readonly string[];
  readonly isError: boolean;
}

/** A running collector. */
export interface Collector {
  readonly url: string;
  readonly spans: SentSpan[];
  /** Everything that was sent, as it was. */
  readonly bodies: Buffer[];
  stop(): Promise<void>;
}

/** Starts a collector on a free port of loopback. */
export async function startCollector(): Promise<Collector> {
  const [spans, bodies]: [SentSpan[], Buffer[]] = [[], []];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      bodies.push(body);
      if (request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf') spans.push(...spansIn(body));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const stop = (): Promise<void> => new Promise((done) => (server.close(() => done()), server.closeAllConnections()));
  return { url, spans, bodies, stop };
}

/** A field of a protobuf message: a number, or bytes. */
type Field = readonly [number: number, value: number | Buffer];

/** Spans of an `ExportTraceServiceRequest`: resource_spans 1, scope_spans 2, spans 2. */
function spansIn(body: Buffer): readonly SentSpan[] {
  return bytesOf(body, 1).flatMap((resource) => bytesOf(resource, 2).flatMap((scope) => bytesOf(scope, 2).map(spanOf)));
}

function spanOf(bytes: Buffer): SentSpan {
  const text = (field: number, encoding: 'hex' | 'utf8'): string => bytesOf(bytes, field)[0]?.toString(encoding) ?? '';
  return {
    traceId: text(1, 'hex'),
    spanId: text(2, 'hex'),
    parentId: text(4, 'hex'),
    name: text(5, 'utf8'),
    kind: Number(fieldsOf(bytes).find(([field]) => field === 6)?.[1] ?? 0),
    attributes: Object.fromEntries(bytesOf(bytes, 9).map(attributeOf)),
    links: bytesOf(bytes, 13).map((link) => bytesOf(link, 1)[0]?.toString('hex') ?? ''),
    isError: bytesOf(bytes, 15).some((status) => fieldsOf(status).some(([field, value]) => field === 3 && value === 2)),
  };
}

function attributeOf(bytes: Buffer): readonly [string, unknown] {
  const value = fieldsOf(bytesOf(bytes, 2)[0] ?? Buffer.alloc(0))[0]?.[1];
  return [bytesOf(bytes, 1)[0]?.toString() ?? '', Buffer.isBuffer(value) ? value.toString() : value];
}

function bytesOf(message: Buffer, wanted: number): readonly Buffer[] {
  return fieldsOf(message).flatMap(([field, value]) => (field === wanted && Buffer.isBuffer(value) ? [value] : []));
}

/** The fields of a message (protobuf wire types 0, 1, 2 and 5). */
function fieldsOf(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 0) fields.push([field, varint()]);
    else {
      const length = type === 2 ? varint() : type === 1 ? 8 : 4;
      fields.push([field, message.subarray(at, (at += length))]);
    }
  }
  return fields;
}
