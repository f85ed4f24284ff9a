/** Starts PostgreSQL and Redis once for all files of the project `engines`, and tells them where. */
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URLs of the engines that were started. */
    readonly engines: { readonly postgres: string; readonly redis: string };
  }
}

let stop = async (): Promise<void> => undefined;

/** Called by vitest before the first file. */
export async function setup(project: TestProject): Promise<void> {
  const [postgres, redis] = [await startPostgres(), await startRedis('--appendfsync', 'no')];
  if (typeof postgres === 'string' || typeof redis === 'string')
    throw new Error([postgres, redis].filter((one) => typeof one === 'string').join('; '));
  project.provide('engines', { postgres: await postgres.freshUrl(), redis: redis.url });
  stop = async () => void (await Promise.all([postgres.stop(), redis.stop()]));
}

/** Called by vitest after the last one. */
export async function teardown(): Promise<void> {
  await stop();
}
