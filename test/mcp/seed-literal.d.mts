import type { FetchObject } from '../../src/model/context.ts';

type Result = { content: { type: 'text'; text: string }[] };

export declare function requirePermission(
  permission: string,
  handler: (request: unknown, context: never) => unknown,
): (request: unknown, context?: unknown) => Promise<Result>;

export declare const SeedMcp: { readonly Router: FetchObject };
