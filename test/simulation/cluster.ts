/** The server under test: the real `OAuthProvider` in several processes on one store, with tools that report what they run. */
import { scryptSync } from 'node:crypto';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import type { Store } from '../../src/model/store.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { exportRecords, importRecords } from '../../src/stores/move.ts';
import { type FakeUpstream, makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ISSUER } from '../support/addresses.ts';
import { across, makeMachine, type Machine, NetworkError, revive, storeFor, type World } from './network.ts';
import { DESK, EXCHANGE, GATEWAY, quirksOf } from './quirks.ts';
import { documentHost, type DocumentHost, oddSite, tokenIn } from './sites.ts';
import { type Replicated, replicated } from './replica.ts';
import { calls, RULES, toolsOf } from './tools.ts';

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
export const addressOf = (person: string): string => `${person}@mail.example`;
/** An account whose password stands in the configuration. */
export const SEEDED = 'root';

/** Everything that runs. */
export interface Cluster {
  readonly machines: readonly Machine[];
  readonly site: FakeUpstream;
  readonly documents: DocumentHost;
  /** Sends a request to any process, as a load balancer does. @param access the token it bears, for the ledger. @param patience see `across`. */
  send(request: Request, access?: string | null, patience?: number): Promise<Response>;
  /** Helpers in a process that lives, as an operator's script uses them. */
  helpers(): OAuthHelpers;
  /** Kills a process; it comes up again after so many milliseconds. */
  crash(machine: Machine, pause: number): void;
  secretsOf(machine: Machine): string;
  /** Restarts a process with these secrets. */
  deploy(machine: Machine, secrets: string): void;
  /** What else stands in the configuration; processes read it when they start. */
  readonly configuration: { rootPassword: string; admitted: readonly string[] };
  /** The store goes over to its replica. */
  failOver(milliseconds: number): Promise<void>;
  /** Stops everything, moves all records to another store by export and import, and starts again. @param epoch the name of a new one. */
  move(epoch?: string): Promise<void>;
}

/** How long a mail takes. */
export const MAIL_MS = 5000;
/** Registered clients, at most. */
export const MAX_CLIENTS = 400;
/** A name that the operator's policy does not know what to say to. */
export const UNWANTED = 'Unwanted';

interface Configured {
  readonly ROOT_PASSWORD: string;
}

interface Running {
  readonly provider: OAuthProvider;
  readonly env: Record<string, unknown>;
}

/** Starts the processes. */
export async function startCluster(world: World): Promise<Cluster> {
  const { time, ledger } = world;
  const seconds = (): number => Math.floor(time.now() / 1000);
  const empty = (): Replicated => replicated(memoryStore({ now: seconds, capacity: 1_000_000 }), () => time.now());
  const configuration = { rootPassword: 'the first password of root', admitted: ['uma@corp.example'] };
  let [inner, epoch, isMoving] = [empty(), 'first', false];
  const idp = await makeFakeUpstream({ ...APP, redirectUri: `${ISSUER}/authorize/callback/corp`, now: seconds });
  idp.thin = true; // name and address have to be asked for
  const undated = new Set<string>();
  const site = { ...idp, fetch: oddSite(world, idp, undated) };
  const isGood = (token: string): boolean => undated.has(token) || idp.tokens.isGood(tokenIn(token), seconds());
  const documents = documentHost(world);
  const machines = Array.from({ length: world.plan.processes }, (_, at) => makeMachine(`server-${at + 1}`));
  const running = new Map<Machine, Running>();
  const secretsOf = new Map<Machine, string>(machines.map((machine) => [machine, SECRETS[0]!]));
  const boot = (machine: Machine): void =>
    void running.set(
      machine,
      start(world, machine, { inner: inner.store, epoch, configuration, site, documents, isGood }, secretsOf.get(machine)!),
    );
  for (const machine of machines) {
    if (world.has('drift')) machine.drift = time.chance.below(8_000) - 4_000;
    boot(machine);
  }
  const restart = (machine: Machine, pause: number): void => {
    machine.die();
    const diedAt = time.now();
    // The site may have given a new refresh token for the old one, and nothing that has died can store it.
    time.at(diedAt + 1500, () => world.siteRefreshedAt > diedAt - 1000 && ledger.uncertain(AT_SITE));
    time.at(time.now() + pause, () => {
      if (machine.isAlive || isMoving) return;
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
    async send(request, access = null, patience) {
      const machine = living();
      if (machine === undefined) throw new NetworkError('Every process is down.');
      const { provider, env } = running.get(machine)!;
      const call = { access, began: time.now() };
      return across(world, machine, request, (arrived) => calls.run(call, () => provider.fetch(arrived, env)), patience);
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
    configuration,
    failOver: (milliseconds) => inner.failOver(milliseconds),
    async move(next) {
      isMoving = true;
      for (const machine of machines) if (machine.isAlive) machine.die();
      await time.sleep(60_000); // what they had begun is over by then
      const other = empty();
      try {
        const lines: string[] = [];
        for await (const line of exportRecords(inner.store)) lines.push(line);
        await importRecords(other.store, lines);
        [inner, epoch] = [other, next ?? epoch];
      } catch (error) {
        ledger.broken('what was kept is not lost', 'administrator', `all records cannot be moved: ${String(error)}`);
      }
      isMoving = false;
      for (const machine of machines) restart(machine, 1000);
    },
  };
}

/** The steps of a rotation, as the guide has them. */
export const ROTATION: readonly string[] = [`${SECRETS[0]},${SECRETS[1]}`, `${SECRETS[1]},${SECRETS[0]}`, SECRETS[1]!];

/** What a process finds when it starts. */
interface Outside {
  readonly inner: Store;
  readonly epoch: string;
  readonly configuration: Cluster['configuration'];
  readonly site: FakeUpstream;
  readonly documents: DocumentHost;
  /** Whether a token of the site lives, as far as the server can know. */
  readonly isGood: (token: string) => boolean;
}

function start(world: World, machine: Machine, { inner, epoch, configuration, site, documents, isGood }: Outside, secret: string): Running {
  const node = nodeRuntime();
  const now = (): number => Math.floor((world.time.now() + machine.drift) / 1000);
  const cheap = (text: string, salt: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
    new Uint8Array(scryptSync(text, salt, 32, { N: 16, r: 8, p: 1 }));
  const runtime = {
    ...node,
    now,
    // Two bytes are for a pause between two tries, which has to be the same in each run of a seed.
    random: (length: number) =>
      length === 2 ? Uint8Array.of(world.time.chance.below(256), world.time.chance.below(256)) : node.random(length),
    scrypt: async (text: string, salt: Uint8Array<ArrayBuffer>) => cheap(text, salt),
    fetchPublic: documents.fetch,
  };
  const corp = oidc({ ...APP, issuer: site.issuer, id: 'corp', label: 'Corp', fetch: site.fetch });
  const tools = toolsOf(world, isGood);
  const more = { policy: RULES, onError: () => world.ledger.count('tool errors') };
  const provider = new OAuthProvider(
    {
      issuer: ISSUER,
      apiHandlers: Object.fromEntries(['/mcp', '/notes'].map((route) => [route, tools.serve(route, more)])),
      allowedOrigins: ['tauri://localhost'],
      clients: [
        { ...DESK, name: 'Desk', redirectUris: [quirksOf('confidential').redirectUri] },
        { ...GATEWAY, grantTypes: [EXCHANGE] },
      ],
      tokenExchange: () => true,
      logins: [
        password<Configured>({
          accounts: ({ ROOT_PASSWORD }) => [{ username: SEEDED, password: ROOT_PASSWORD }],
          sendEmail: async () => world.time.sleep(MAIL_MS),
        }),
        upstream(corp, { keepTokens: true, emails: configuration.admitted }),
      ],
      clientRegistrationEndpoint: '/register',
      clientRegistration: { most: MAX_CLIENTS, policy: ({ name }) => (name === UNWANTED ? (undefined as unknown as boolean) : true) },
      deviceAuthorizationEndpoint: '/device_authorization',
      scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
      requiredScopes: ['read'],
      permissions: async ({ userId }, env) =>
        (env as unknown as { OAUTH_PROVIDER: OAuthHelpers }).OAUTH_PROVIDER.accounts.permissionsOf(userId),
      on: (event) => world.ledger.heard(event),
    },
    { runtime, address: (request) => request.headers.get('x-address') ?? '192.0.2.1' },
  );
  return {
    provider,
    env: {
      PORTCULLIS: storeFor(world, machine, inner),
      PORTCULLIS_SECRET: secret,
      PORTCULLIS_EPOCH: epoch,
      ROOT_PASSWORD: configuration.rootPassword,
    },
  };
}
