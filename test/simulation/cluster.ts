/** The server under test: the real `OAuthProvider` in several processes on one store, with tools that report what they run. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { scryptSync } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/server';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { type AuthContext, McpAgent, policy, requireScopes } from '../../src/mcp/index.ts';
import type { Store } from '../../src/model/store.ts';
import { UpstreamTokenError } from '../../src/model/upstream.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type FakeUpstream, makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ISSUER } from '../support/addresses.ts';
import { across, makeMachine, type Machine, NetworkError, revive, storeFor, type World } from './network.ts';
import { documentHost, type DocumentHost, oddSite } from './sites.ts';

export { ISSUER };
/** Our client at the site. */
const APP = { clientId: 'portcullis', clientSecret: 'upstream-client-secret' } as const;
const SECRETS = ['b2xkZXN0LXNlY3JldC1vZi10aGUtc2VydmVyLTAwMDE=', 'bmV3ZXN0LXNlY3JldC1vZi10aGUtc2VydmVyLTAwMDI='];

/** People; their passwords are known to the ledger. */
export const PEOPLE = ['ada', 'bob', 'cleo', 'dora'] as const;
/** Who has no password here and signs in at the site. */
export const AT_SITE: Person = 'dora';
export type Person = (typeof PEOPLE)[number];
export const passwordOf = (person: string): string => `correct horse battery ${person}`;

/** Everything that runs. */
export interface Cluster {
  readonly machines: readonly Machine[];
  readonly site: FakeUpstream;
  readonly documents: DocumentHost;
  /** Sends a request to any process, as a load balancer does. @param access the token it bears, for the ledger. */
  send(request: Request, access?: string | null): Promise<Response>;
  /** Helpers in a process that lives, as an operator's script uses them. */
  helpers(): OAuthHelpers;
  /** Kills a process; it comes up again after so many milliseconds. */
  crash(machine: Machine, pause: number): void;
  secretsOf(machine: Machine): string;
  /** Restarts a process with these secrets. */
  deploy(machine: Machine, secrets: string): void;
}

/** Which token a call bears and when it was sent: known to the simulation, not to the server. */
const calls = new AsyncLocalStorage<{ readonly access: string | null; readonly began: number }>();

interface Running {
  readonly provider: OAuthProvider;
  readonly env: Record<string, unknown>;
}

/** Starts the processes. */
export async function startCluster(world: World): Promise<Cluster> {
  const { time, ledger } = world;
  const seconds = (): number => Math.floor(time.now() / 1000);
  const inner = memoryStore({ now: seconds, capacity: 1_000_000 });
  const idp = await makeFakeUpstream({ ...APP, redirectUri: `${ISSUER}/authorize/callback/corp`, now: seconds });
  const site = { ...idp, fetch: oddSite(world, idp) };
  const documents = documentHost(world);
  const machines = Array.from({ length: world.plan.processes }, (_, at) => makeMachine(`server-${at + 1}`));
  const running = new Map<Machine, Running>();
  const secretsOf = new Map<Machine, string>(machines.map((machine) => [machine, SECRETS[0]!]));
  const boot = (machine: Machine): void =>
    void running.set(machine, start(world, machine, inner, { site, documents }, secretsOf.get(machine)!));
  for (const machine of machines) {
    if (world.has('drift')) machine.drift = time.chance.below(8_000) - 4_000;
    boot(machine);
  }
  const restart = (machine: Machine, pause: number): void => {
    machine.die();
    time.at(time.now() + pause, () => {
      revive(machine);
      boot(machine);
      ledger.say(machine.name, 'is up again');
    });
  };
  const living = (): Machine => time.chance.pick(machines.filter(({ isAlive }) => isAlive));
  return {
    machines,
    site,
    documents,
    async send(request, access = null) {
      const machine = living();
      if (machine === undefined) throw new NetworkError('Every process is down.');
      const { provider, env } = running.get(machine)!;
      const call = { access, began: time.now() };
      return across(world, machine, request, (arrived) => calls.run(call, () => provider.fetch(arrived, env)));
    },
    helpers() {
      const { provider, env } = running.get(living() ?? machines[0]!)!;
      return provider.helpers(env);
    },
    crash(machine, pause) {
      if (!machine.isAlive) return;
      ledger.say(machine.name, 'dies');
      restart(machine, pause);
    },
    secretsOf: (machine) => secretsOf.get(machine) ?? '',
    deploy(machine, secrets) {
      secretsOf.set(machine, secrets);
      if (!machine.isAlive) return; // it comes up with them
      ledger.say(machine.name, `restarts with ${secrets.split(',').length} secret(s)`);
      restart(machine, 2000);
    },
  };
}

/** The steps of a rotation, as the guide has them. */
export const ROTATION: readonly string[] = [`${SECRETS[0]},${SECRETS[1]}`, `${SECRETS[1]},${SECRETS[0]}`];

/** What stands outside. */
interface Outside {
  readonly site: FakeUpstream;
  readonly documents: DocumentHost;
}

function start(world: World, machine: Machine, inner: Store, { site, documents }: Outside, secret: string): Running {
  const node = nodeRuntime();
  const now = (): number => Math.floor((world.time.now() + machine.drift) / 1000);
  const cheap = (text: string, salt: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
    new Uint8Array(scryptSync(text, salt, 32, { N: 16, r: 8, p: 1 }));
  const runtime = {
    ...node,
    now,
    scrypt: async (text: string, salt: Uint8Array<ArrayBuffer>) => cheap(text, salt),
    fetchPublic: documents.fetch,
  };
  const corp = oidc({ ...APP, issuer: site.issuer, id: 'corp', label: 'Corp', fetch: site.fetch });
  const provider = new OAuthProvider(
    {
      issuer: ISSUER,
      apiRoute: '/mcp',
      apiHandler: toolsOf(world).serve('/mcp', {
        policy: policy({ tools: { admin: { permissions: ['admin'] } } }),
        onError: () => world.ledger.count('tool errors'),
      }),
      logins: [password(), upstream(corp, { keepTokens: true })],
      clientRegistrationEndpoint: '/register',
      deviceAuthorizationEndpoint: '/device_authorization',
      scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
      requiredScopes: ['read'],
      permissions: async ({ userId }, env) =>
        (env as unknown as { OAUTH_PROVIDER: OAuthHelpers }).OAUTH_PROVIDER.accounts.permissionsOf(userId),
      on: (event) => world.ledger.heard(event),
    },
    { runtime, address: () => '192.0.2.1' },
  );
  return { provider, env: { PORTCULLIS: storeFor(world, machine, inner), PORTCULLIS_SECRET: secret } };
}

/** The tools; each tells the ledger that it ran. */
function toolsOf(world: World) {
  return class Tools extends McpAgent<unknown, { count: number }, AuthContext> {
    server = new McpServer({ name: 'notes', version: '1' });
    override initialState = { count: 0 };

    init(): void {
      const say = (text: string): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text }] });
      const ran = (tool: string): void => {
        const call = calls.getStore();
        world.ledger.ran(tool, call?.access ?? null, call?.began ?? 0);
      };
      this.server.registerTool('whoami', {}, () => (ran('whoami'), say(this.auth.userId)));
      this.server.registerTool(
        'save',
        {},
        requireScopes(['write'], () => (ran('save'), say('saved'))),
      );
      this.server.registerTool('admin', {}, () => (ran('admin'), say('done')));
      this.server.registerTool('count', {}, async () => {
        ran('count');
        await this.setState((state) => ({ count: state.count + 1 }));
        return say(String(this.state.count));
      });
      this.server.registerTool('site', {}, async () => {
        ran('site');
        try {
          return say((await this.auth.upstream('corp').token()) === '' ? 'empty' : 'token');
        } catch (error) {
          if (error instanceof UpstreamTokenError) return say(`failed: ${error.failure}`);
          throw error;
        }
      });
    }
  };
}
