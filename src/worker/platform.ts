/** The workerd runtime as a provider needs it. */
import type { Platform } from '../provider/provider.ts';
import { placeOfRequest } from './place-of.ts';
import { workerRuntime } from './runtime.ts';

/** The workerd runtime, and the client's address and place from Cloudflare's edge. */
export const workerPlatform: Platform = {
  runtime: workerRuntime(),
  place: placeOfRequest,
  address: (request) => request.headers.get('cf-connecting-ip') ?? undefined,
};
