/** What an administration command works on: a store that it opens itself, or a running server. */
import { userInfo } from 'node:os';
import { localAdmin } from '../../admin/local.ts';
import { runAct } from '../../admin/run.ts';
import { OAuthError } from '../../model/error.ts';
import type { Store } from '../../model/store.ts';
import { nodeRuntime } from '../../node/runtime.ts';
import { openStore, unusable } from '../store.ts';
import { CliError } from '../terminal.ts';

/** Runs acts by name. */
export interface Target {
  /** Whether it is a store, where no rules of a server hold. */
  readonly isStore?: true;
  /** What the act answers: an object, or a text of lines. @param method POST for a change. @throws {CliError} saying what is wrong. */
  readonly ask: (method: 'GET' | 'POST', act: string, input: Input) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** The input of an act. */
export type Input = { readonly [member: string]: unknown };

/** What the command line says about a store. */
export interface StoreOptions {
  readonly tenant: string | undefined;
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
  /** Told where the epoch may be wrong. */
  readonly warn: (line: string) => void;
}

/** Opens a store as a target; a running server may use it at the same time. @throws {CliError} */
export async function openLocal(name: string, options: StoreOptions, env: NodeJS.ProcessEnv): Promise<Target> {
  const { store, close, place } = await openStore(name, false);
  try {
    const { warn: _warn, ...part } = options;
    await checkPart(store, options, env['PORTCULLIS_EPOCH']);
    const { PORTCULLIS_EPOCH, PORTCULLIS_SECRET } = env;
    const { admin, settled } = await localAdmin({
      ...part,
      store,
      runtime: nodeRuntime(),
      by: `cli:${osUser()}`,
      env: { PORTCULLIS_EPOCH, PORTCULLIS_SECRET },
    });
    return {
      isStore: true,
      async close() {
        await settled();
        await close();
      },
      async ask(_method, act, input) {
        if (act === 'keys/create' && options.resource === undefined)
          throw new CliError('A store does not know your resources. Name the one of the key: --resource https://mcp.example/mcp', 2);
        try {
          const result = await runAct(admin, act, input);
          if (result instanceof ReadableStream) return await new Response(result).text();
          // The rest of the policy is an option of the server, which is not known here.
          return act === 'clients/policy' ? { newClients: (result as { newClients: string }).newClients } : result;
        } catch (error) {
          throw plain(error, place);
        }
      },
    };
  } catch (error) {
    await close();
    throw plain(error, place);
  }
}

const KEY = /^(?:([a-z0-9-]{1,32})\/)?(?:([a-z0-9][a-z0-9.-]{0,31})@)?[a-z-]+:/;

/**
 * Refuses to look into the wrong part of a store, where nothing would be found and nothing end: a missing tenant, or another epoch than that of
 * the server. One page of the records shows it. An epoch that has no records yet may have just begun, so that it is only a warning.
 */
async function checkPart(store: Store, { tenant, warn }: StoreOptions, epoch = ''): Promise<void> {
  const page = await store.all?.();
  const names = (page?.records ?? []).map(({ key }) => KEY.exec(key)).filter((name) => name !== null);
  const tenants = [...new Set(names.map(([, of]) => of))];
  const list = tenants.filter((of) => of !== undefined).join(', ');
  if (tenant === undefined && tenants.length > 0 && !tenants.includes(undefined))
    throw new CliError(`This store holds the tenants ${list}. Name one: --tenant ${tenants[0]}`, 2);
  if (tenant !== undefined && page && page.next === undefined && names.length > 0 && !tenants.includes(tenant))
    throw new CliError(`This store holds nothing of the tenant ${tenant}${list === '' ? ', and no tenants' : `; there are ${list}`}.`, 2);
  const epochs = [...new Set(names.map(([, , of]) => of).filter((of) => of !== undefined))];
  const [found] = epochs;
  if (epoch !== '' && page?.next === undefined && found !== undefined && !epochs.includes(epoch))
    warn(`This store holds nothing of PORTCULLIS_EPOCH=${epoch}, but of ${epochs.join(', ')}. Compare it with the server.`);
  if (epoch === '' && epochs.length > 1)
    throw new CliError(`This store holds records of several epochs: ${epochs.join(', ')}. Set PORTCULLIS_EPOCH to what the server has.`, 2);
  if (epoch === '' && found !== undefined)
    throw new CliError(`The server of this store runs with PORTCULLIS_EPOCH=${found}. Set it here to what the server has.`, 2);
}

/** Who acts, as the audit has it. */
function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown'); // a container without this user in its list
  }
}

/** A failure in one line. */
function plain(error: unknown, place: string | undefined): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  const isRefusal = (error instanceof OAuthError && error.status < 500) || error instanceof TypeError;
  if (isRefusal) return new CliError(error.message, 1, { cause: error });
  return unusable(error instanceof OAuthError && error.cause instanceof Error ? error.cause : error, place);
}
