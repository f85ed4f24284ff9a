/** The Node runtime as a provider needs it. */
import type { Platform } from '../provider/provider.ts';
import { nodeRuntime } from './runtime.ts';

/** Node's own machine, and the address that `serve` found. */
export const nodePlatform: Platform = { runtime: nodeRuntime(), address: (_request, ctx) => ctx.address };
