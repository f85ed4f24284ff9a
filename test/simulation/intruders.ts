/** Who has bad intentions: a thief of tokens, a prober of tools, a guesser of passwords, a page that others visit. */
import { base64url } from '../../src/lib/bytes.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import type { Prover } from '../support/prover.ts';
import { addressOf, AT_SITE, type Cluster, ISSUER, MAIL_MS, MAX_CLIENTS, PEOPLE, passwordOf, UNWANTED } from './cluster.ts';
import { type Installation, type Pair, read } from './installation.ts';
import { NetworkError, type World } from './network.ts';
import { GATED } from './tools.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Everyone and everything that takes part beside the clients. */
export interface Stage {
  readonly world: World;
  readonly cluster: Cluster;
  readonly installations: readonly Installation[];
  /** A key of the thief's own. */
  readonly thiefKey: Prover;
}

/** Takes a refresh token as it stands in a file, and uses it for days: as it is, or with a key of the thief's own. */
export async function steal(stage: Stage): Promise<void> {
  const { world, installations } = stage;
  const victims = installations.filter((one) => one.file !== null && one.setup.habit !== 'keyed' && one.setup.habit !== 'bound');
  const victim = world.time.chance.pick(victims);
  if (!victim?.file) return;
  const pair = victim.file;
  pair.family.stolenAt ??= world.time.now();
  world.ledger.say('thief', `steals from ${pair.family.name}`);
  void enjoy(stage, victim, pair);
}

async function enjoy({ world, cluster, thiefKey }: Stage, victim: Installation, stolen: Pair): Promise<void> {
  const { time, ledger } = world;
  const binds = time.percent(40);
  const clientId = victim.clientId ?? '';
  let refresh = stolen.refresh;
  await time.sleep(time.chance.below(HOUR));
  for (let rounds = 0; rounds < 40 && time.now() < world.calmFrom; rounds++) {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(binds ? { dpop: await thiefKey.proof('POST', `${ISSUER}/token`) } : {}),
    };
    const sent = time.now();
    const answer = await cluster.send(new Request(`${ISSUER}/token`, { method: 'POST', body, headers })).then(read, () => null);
    if (answer && answer.status >= 400 && answer.status < 500) {
      ledger.say('thief', `is refused for ${stolen.family.name}`);
      return;
    }
    if (answer?.status === 200) {
      refresh = String(answer.body['refresh_token']);
      ledger.gave(stolen.family, String(answer.body['access_token']), refresh);
      ledger.thiefRefreshed(stolen.family, sent);
      ledger.say('thief', `refreshed ${stolen.family.name}`);
    }
    await time.sleep(time.chance.below(3 * HOUR));
  }
}

/** Hostile bodies: with the token of someone who may do little, and without one. */
export async function probe({ world, cluster, installations }: Stage): Promise<void> {
  const { time, ledger } = world;
  const holder = time.chance.pick(installations.filter((one) => one.file !== null && !one.setup.prover));
  const access = time.percent(70) ? (holder?.file?.access ?? null) : null;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(access === null ? {} : { authorization: `Bearer ${access}` }),
  };
  const user = holder?.setup.user ?? '';
  const couldSee = ledger.mayHave(user, 'admin');
  for (const body of hostileBodies(time.chance.pick(['admin', 'save']))) {
    const answer = await cluster.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body }), access).then(read, () => null);
    ledger.count(`probe ${answer?.status ?? 'lost'}`);
    if (access === null && answer?.status === 200)
      ledger.broken('no call without a token', 'prober', `a stranger got 200: ${answer.text.slice(0, 200)}`);
    if (answer?.text.includes(GATED) && !couldSee && !ledger.mayHave(user, 'admin'))
      ledger.broken(
        'no call without its permission',
        'prober',
        `${user} was shown what is for administrators: ${answer.text.slice(0, 200)}`,
      );
    if (answer?.status === 500) ledger.broken('bad input is refused', 'prober', `500 ${answer.text.slice(0, 200)}`);
  }
}

function hostileBodies(tool: string): readonly (string | Uint8Array<ArrayBuffer>)[] {
  const message = (method: string, params: object, id = 1): string => JSON.stringify({ jsonrpc: '2.0', id, method, params });
  const call = (name: string, more = ''): string =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":{}}${more}}`;
  const complete = (ref: object, name: string): string => message('completion/complete', { ref, argument: { name, value: '' } });
  return [
    `\uFEFF${call(tool)}`,
    `[${call(tool)}]`,
    `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"${tool}","arguments":{}}}`,
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"${tool}","arguments":{}}}`,
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}},"params":{"name":"${tool}","arguments":{}}}`,
    call(`${tool} `),
    call(tool.toUpperCase()),
    call(tool, ',"__proto__":{"name":"whoami"}'),
    `${call(tool)}\u0000`,
    new Uint8Array([0xff, 0xfe, ...new Uint8Array(new Uint16Array([...call(tool)].map((sign) => sign.charCodeAt(0))).buffer)]),
    complete({ type: 'ref/prompt', name: 'plan', uri: null }, 'word'),
    complete({ type: 'ref/prompt', name: 'plan', uri: 'files://{+path}' }, 'word'),
    complete({ type: 'ref/resource', uri: 'files://secret/{id}', name: 'plan' }, 'id'),
    message('prompts/get', { name: 'plan' }),
    ...['files://secret/1', 'FILES://secret/1', 'files://%73ecret/1', 'files://x/../secret/1'].map((uri) =>
      message('resources/read', { uri }),
    ),
    ...['tools/list', 'prompts/list', 'resources/templates/list'].map((method) => message(method, {})),
    `[${message('tools/list', {})},${message('prompts/list', {})}]`,
    `[${message('prompts/list', {})},${message('tools/list', {})}]`,
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ];
}

/** Tries passwords for two hours, from a network of its own: the owners still get in. */
export async function guess({ world, cluster }: Stage): Promise<void> {
  const { time } = world;
  const user = time.chance.pick(PEOPLE.filter((one) => one !== AT_SITE));
  const address = `198.51.100.${time.chance.below(250)}`;
  const browser = makeBrowser((request) => (request.headers.set('x-address', address), cluster.send(request)));
  world.ledger.say('guesser', `tries passwords of ${user}`);
  await ask({ world, cluster } as Stage, address).catch((error: unknown) => {
    if (!(error instanceof NetworkError)) throw error;
  });
  for (let tries = 0; tries < 60 && time.now() < world.calmFrom; tries++) {
    await time.sleep(2 * MINUTE);
    try {
      const page = await browser.get(`${ISSUER}/login`);
      const { status, text } = await browser.submit(page, { username: user, password: `wrong ${tries}` });
      world.ledger.count(`guess ${status}`);
      if (status === 303 || text.includes(`>${user}<`))
        world.ledger.broken('no sign-in without the password', 'guesser', `${user} is signed in`);
      if (tries % 30 === 29 && (await enter(cluster, user, passwordOf(user))) === 429)
        world.ledger.broken('every honest client gets in', 'guesser', `${user} is told to wait because of what others tried`);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  }
}

/** Whether a password opens an account. */
export async function mayEnter({ cluster }: Stage, username: string, password: string): Promise<boolean> {
  try {
    return (await enter(cluster, username, password)) === 303;
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

/** The status of a sign-in with a browser that no one has seen, from a network of its own. */
async function enter(cluster: Cluster, username: string, password: string): Promise<number> {
  const browser = makeBrowser((request) => (request.headers.set('x-address', '203.0.113.9'), cluster.send(request)));
  return (await browser.submit(await browser.get(`${ISSUER}/login`), { username, password })).status;
}

/** Asks for a new password of someone who is there and of someone who is not: nothing tells them apart, not even the time it takes. */
async function ask({ world, cluster }: Stage, address: string): Promise<void> {
  const { time } = world;
  const browser = makeBrowser((request) => (request.headers.set('x-address', address), cluster.send(request)));
  let [ofOthers, ofPeople] = [0, Infinity]; // milliseconds
  for (const username of [addressOf('ada'), 'nobody@mail.example', addressOf('bob'), 'no.one@mail.example']) {
    const page = await browser.get(`${ISSUER}/login/forgot`);
    const began = time.now();
    const { status } = await browser.submit(page, { username });
    if (status !== 200) return;
    if (username.startsWith('no')) ofOthers = Math.max(ofOthers, time.now() - began);
    else ofPeople = Math.min(ofPeople, time.now() - began);
  }
  if (ofPeople >= MAIL_MS && ofOthers < MAIL_MS)
    world.ledger.broken('no answer tells who is there', 'guesser', `${ofPeople} ms for who is there, ${ofOthers} for others`);
}

/** Registers clients by the hundred, and makes many people at once come with a client that no one has met. */
export async function flood({ world, cluster }: Stage): Promise<void> {
  const { time, ledger } = world;
  const register = (client_name: string, at: number): Promise<number> => {
    const body = JSON.stringify({ client_name, redirect_uris: ['http://localhost:9/cb'], token_endpoint_auth_method: 'none' });
    const headers = {
      'content-type': 'application/json',
      'x-address': `2001:db8:${time.chance.below(60_000).toString(16)}:${at.toString(16)}::1`,
    };
    return cluster.send(new Request(`${ISSUER}/register`, { method: 'POST', body, headers })).then(({ status }) => status, nothing);
  };
  ledger.say('flood', 'registers clients');
  for (let round = 0; round < 8; round++) {
    const statuses = await Promise.all(Array.from({ length: 20 }, (_, at) => register('Many', at)));
    for (const status of statuses) ledger.count(`flood ${status}`);
  }
  const clients = await countClients(cluster).catch(() => 0);
  if (clients > MAX_CLIENTS)
    ledger.broken('the policy of the operator holds', 'flood', `${clients} clients are registered, and ${MAX_CLIENTS} may be`);
  for (let tries = 0; tries < 3; tries++)
    if ((await register(UNWANTED, 7)) === 201)
      ledger.broken('the policy of the operator holds', 'flood', 'a client was taken that nobody said yes to');
  const url = `https://stranger.example/${time.now()}.json`;
  const redirect_uris = ['https://stranger.example/cb'];
  cluster.documents.files.set(url, { client_id: url, client_name: 'Stranger', redirect_uris, token_endpoint_auth_method: 'none' });
  const query = new URLSearchParams({ client_id: url, redirect_uri: redirect_uris[0] ?? '', response_type: 'code', scope: 'read', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' }); // prettier-ignore
  const network = `203.0.113.${time.chance.below(200) + 20}`;
  const looks = Array.from({ length: 80 }, async () => {
    const headers = { 'x-address': network };
    return cluster.send(new Request(`${ISSUER}/authorize?${query.toString()}`, { headers })).then(({ status }) => status, nothing);
  });
  const refused = (await Promise.all(looks)).filter((status) => status === 429).length;
  if (refused > 0) ledger.broken('every honest client gets in', 'flood', `${refused} of 80 who came with one new client were told to wait`);
}

async function countClients(cluster: Cluster): Promise<number> {
  const { clients } = cluster.helpers();
  let [count, after]: [number, string | undefined] = [0, undefined];
  do {
    const page: { readonly clients: readonly { readonly entered?: boolean }[]; readonly next?: string } = await clients.list(after);
    count += page.clients.filter(({ entered }) => entered !== true).length;
    after = page.next;
  } while (after !== undefined);
  return count;
}

const nothing = (): number => 0;

/** A page that someone visits who is signed in here: it sends the browser on, and must not get a code or a redirect that no one asked for. */
export async function lure({ world, cluster, installations }: Stage): Promise<void> {
  const { time, ledger } = world;
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('v'.repeat(43)))));
  const requestOf = (clientId: string, redirectUri: string, more: Record<string, string>): string =>
    new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state: 'theirs', code_challenge: challenge, code_challenge_method: 'S256', scope: 'read write', ...more }).toString(); // prettier-ignore
  const crossSite = { 'sec-fetch-site': 'cross-site' };
  try {
    const victims = installations.filter((one) => one.file !== null && one.quirks.remembers && one.setup.user !== AT_SITE);
    const victim = victims.length === 0 ? undefined : time.chance.pick(victims);
    if (victim) {
      const wanted = `/authorize?${requestOf(victim.clientId ?? '', victim.quirks.redirectUri, {})}`;
      const path = `/login?${new URLSearchParams({ again: '1', return_to: wanted }).toString()}`;
      const page = await victim.browser.get(`${ISSUER}${path}`, crossSite);
      const { user } = victim.setup;
      const there = page.location ?? (await victim.browser.submit(page, { username: user, password: passwordOf(user) })).location;
      const end = there === null ? null : await victim.browser.get(new URL(there, ISSUER).href, { 'sec-fetch-site': 'same-origin' });
      const direct = await victim.browser.get(`${ISSUER}${wanted}`, crossSite);
      for (const location of [end?.location, direct.location])
        if (location?.includes('code='))
          ledger.broken('no code without a yes', 'page', `${user} was asked nothing: ${location.slice(0, 60)}`);
    }
    const redirect_uris = ['https://evil.example/callback'];
    const body = JSON.stringify({ redirect_uris, token_endpoint_auth_method: 'none' });
    const registration = new Request(`${ISSUER}/register`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    const { body: registered } = await read(await cluster.send(registration));
    const stranger = makeBrowser((request) => cluster.send(request));
    for (const more of [
      { prompt: 'none' },
      { response_type: 'token' },
      { code_challenge_method: 'plain' },
      { resource: 'https://other.example' },
    ]) {
      const url = `${ISSUER}/authorize?${requestOf(JSON.stringify(registered['client_id'] ?? '').slice(1, -1), redirect_uris[0] ?? '', more)}`;
      const { location } = await stranger.get(url, crossSite);
      if (location?.startsWith('https://evil.example'))
        ledger.broken('no redirect before a person acts', 'page', `${JSON.stringify(more)} led to ${location.slice(0, 80)}`);
    }
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
  }
}
