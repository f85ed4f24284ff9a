/**
 * An installation of a client: its tokens and its ways to get and keep them, as real clients have them. Where the server says that a
 * token is not good, it does what the MCP SDK does: refresh, else sign in again; and the ledger asks whether that was right.
 */
import { base64url } from '../../src/lib/bytes.ts';
import { type Browser, makeBrowser } from '../../src/testing/browser.ts';
import { clientClaims, type Signer, shown } from '../support/signer.ts';
import type { Prover } from '../support/prover.ts';
import { AT_SITE, type Cluster, ISSUER, type Person, passwordOf } from './cluster.ts';
import type { Family } from './ledger.ts';
import { NetworkError, type World } from './network.ts';
import { type Habit, HABITS } from './plan.ts';
import { DESK, EXCHANGE, GATEWAY, MODERN_META, type Quirks, quirksOf } from './quirks.ts';
import { OTHER_SECRETS, PROXY_MS } from './tools.ts';

/** What a token answer gave. */
export interface Pair {
  readonly access: string;
  readonly refresh: string;
  readonly family: Family;
  /** When a process read it from the file, where that was a while ago. */
  readonly readAt?: number;
}

/** An answer that was read. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** What an installation is made of. */
export interface Setup {
  readonly world: World;
  readonly cluster: Cluster;
  readonly habit: Habit;
  readonly user: Person;
  readonly signer?: Signer;
  readonly prover?: Prover;
}

/** `refreshTokenGrace`, by default. */
const GRACE_MS = 120_000;
/** With pauses of a minute that is longer than any outage. */
const TRIES = 900;

/** One installation. Its `file` is what its processes share. */
export class Installation {
  readonly setup: Setup;
  readonly name: string;
  readonly quirks: Quirks;
  /** Where it stands in the network. */
  readonly address: string;
  browser: Browser;
  /** The token file. */
  file: Pair | null = null;
  /** What its user allows: `write` not always. */
  scope: readonly string[] = ['read', 'write'];
  clientId: string | null = null;
  #signIns = 0;

  constructor(setup: Setup) {
    this.setup = setup;
    this.name = setup.habit;
    this.quirks = quirksOf(setup.habit);
    this.address = `192.0.2.${HABITS.indexOf(setup.habit) + 10}`;
    this.browser = this.newBrowser();
    if (setup.habit === 'confidential') this.clientId = DESK.id;
    if (setup.habit === 'asks-less') this.scope = ['write']; // unticks what can be unticked
    if (setup.habit === 'twice') this.scope = ['read'];
    if (setup.habit === 'keyed') {
      this.clientId = 'https://client.example/app.json';
      const jwks_uri = 'https://client.example/keys.json';
      const { files } = setup.cluster.documents;
      files.set(this.clientId, { client_id: this.clientId, client_name: 'Keyed', redirect_uris: [this.quirks.redirectUri], token_endpoint_auth_method: 'private_key_jwt', jwks_uri }); // prettier-ignore
      files.set(jwks_uri, { keys: [setup.signer?.publicKey] });
    }
  }

  newBrowser(): Browser {
    return makeBrowser((request) => this.send(request));
  }

  /** Sends a request from where it stands. */
  async send(request: Request, access: string | null = null, patience?: number): Promise<Response> {
    request.headers.set('x-address', this.address);
    return this.setup.cluster.send(request, access, patience);
  }

  /** Repeats until the server answers at all: 503 and a lost connection are no answers. */
  async patiently<T>(what: string, act: () => Promise<T | null>): Promise<T> {
    const { time, ledger } = this.setup.world;
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        const result = await act();
        if (result !== null) return result;
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
      }
      await time.sleep(Math.min(60_000, 1000 * 2 ** tries) * (0.5 + time.chance.below(100) / 100));
    }
    ledger.broken('every honest client gets in', this.name, `${what} did not work in ${TRIES} tries`);
    throw new Error(`${this.name}: ${what} never worked.`);
  }

  /** One request to the token endpoint; null where nothing is known of its fate. */
  async ask(fields: Record<string, string>): Promise<Answer> {
    const { world, signer, prover, habit } = this.setup;
    const form = new URLSearchParams({ ...(habit === 'confidential' ? {} : { client_id: this.clientId ?? '' }), ...fields });
    for (const resource of this.quirks.resource) form.append('resource', resource);
    const own = habit === 'confidential' ? this.secretIn(form) : {};
    const proof = await prover?.proof('POST', `${ISSUER}/token`);
    if (signer)
      for (const [name, value] of Object.entries(
        shown(await signer.sign({ ...clientClaims(this.clientId ?? '', this.now()), aud: ISSUER })),
      ))
        form.set(name, value);
    const headers = { ...this.origin(), ...own, 'content-type': this.quirks.form, ...(proof ? { dpop: proof } : {}) };
    const response = await this.send(new Request(`${ISSUER}/token`, { method: 'POST', body: form.toString(), headers }));
    if (response.status === 200) world.ledger.private(this.name, response);
    const answer = await read(response);
    world.ledger.count(`token ${answer.status}`);
    const once = proof ?? form.get('client_assertion');
    if (answer.status !== 200 || !once) return answer;
    world.ledger.accepted(this.name, once);
    if (world.has('prober') && world.time.percent(10)) {
      const again = await this.send(new Request(`${ISSUER}/token`, { method: 'POST', body: form.toString(), headers })).then(read, lost); // someone heard it
      if (again?.status === 200) world.ledger.accepted(this.name, once);
    }
    return answer;
  }

  /** The secret, in the body or in a header that is not form-encoded, as libraries send it. */
  secretIn(form: URLSearchParams): Record<string, string> {
    if (this.setup.world.time.percent(50)) {
      form.set('client_id', DESK.id);
      form.set('client_secret', DESK.secret);
      return {};
    }
    return { authorization: `Basic ${btoa(`${DESK.id}:${DESK.secret}`)}` };
  }

  origin(): Record<string, string> {
    return this.quirks.origin === undefined ? {} : { origin: this.quirks.origin };
  }

  now(): number {
    return Math.floor(this.setup.world.time.now() / 1000);
  }

  /** From nothing to tokens, with everything that can happen on the way. */
  async signIn(): Promise<Pair> {
    const { world, habit } = this.setup;
    const signInName = `${this.name}#${++this.#signIns}`;
    world.ledger.say(this.name, `signs ${this.setup.user} in`);
    if (habit === 'registers-anew') this.browser = this.newBrowser(); // a private window
    return this.patiently('signing in', async () => {
      if (!(await this.discover())) return null;
      if (this.clientId === null || habit === 'registers-anew') this.clientId = await this.register();
      if (habit === 'device') return this.withDevice(signInName);
      const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
      const code = await this.consent(verifier);
      if (code === null) return null;
      const fields = { grant_type: 'authorization_code', code, redirect_uri: this.quirks.redirectUri, code_verifier: verifier };
      const answer = await this.redeem(fields);
      return answer && this.keep(answer, world.ledger.opened(signInName, this.setup.user, this.scope), code);
    });
  }

  /** What a client reads first; false where it would stop here. */
  async discover(): Promise<boolean> {
    const [route] = this.quirks.routes;
    const metadata = await read(await this.send(new Request(`${ISSUER}/.well-known/oauth-protected-resource${route}`)));
    if (metadata.status >= 500) return false;
    if (metadata.body['resource'] !== `${ISSUER}${route}`) return false; // RFC 9728 §3.3
    if (this.quirks.origin === undefined) return true;
    const headers = {
      origin: this.quirks.origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, traceparent',
    };
    const preflight = await this.send(new Request(`${ISSUER}/token`, { method: 'OPTIONS', headers }));
    return /traceparent|\*/.test(preflight.headers.get('access-control-allow-headers') ?? '');
  }

  /** Redeems as this client does: once, twice at a time, or again where no answer came. */
  async redeem(fields: Record<string, string>): Promise<Answer | null> {
    const { habit } = this.setup;
    const ask = (): Promise<Answer | null> => this.ask(fields).catch(lost);
    if (habit === 'double-redeem') {
      const [one, other] = await Promise.all([ask(), ask()]);
      return good(one) ?? good(other);
    }
    const first = await ask();
    if (first !== null && first.status < 500) return good(first);
    if (habit !== 'asks-again') return null; // the person starts anew
    const again = await ask();
    const { ledger } = this.setup.world;
    // A store that is still down cannot note that our answer was the 503: the retry is refused once, and the grant lives on.
    const isUnnoted = ledger.lastRefusal === 'code_repeated';
    if (first && again && again.status >= 400 && again.status < 500 && !isUnnoted && !this.hasForgotten())
      ledger.broken(
        'no sign-out by accident',
        this.name,
        `a code that was answered with ${first.status} is now answered with ${again.text.slice(0, 120)}`,
      );
    return good(again);
  }

  /** Whether the store has just lost what it knew of this sign-in. */
  hasForgotten(): boolean {
    const { failedOverAt, time } = this.setup.world;
    return failedOverAt > time.now() - 5 * 60_000;
  }

  async register(): Promise<string> {
    return this.patiently('registration', async () => {
      const grantTypes = [
        'authorization_code',
        'refresh_token',
        ...(this.setup.habit === 'device' ? ['urn:ietf:params:oauth:grant-type:device_code'] : []),
      ];
      const { redirectUri, metadata: odd } = this.quirks;
      const metadata = {
        ...odd,
        client_name: this.name,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'none',
        grant_types: grantTypes,
      };
      const request = new Request(`${ISSUER}/register`, {
        method: 'POST',
        body: JSON.stringify(metadata),
        headers: { 'content-type': 'application/json' },
      });
      const answer = await read(await this.send(request));
      return answer.status === 201 ? String(answer.body['client_id']) : null;
    });
  }

  /** Through the pages, to a code; null where something broke and the person starts again. */
  async consent(verifier: string): Promise<string | null> {
    const { world, habit, user } = this.setup;
    const { redirectUri, resource, scope, looksFirst, remembers } = this.quirks;
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    const query = new URLSearchParams({
      response_type: 'code', client_id: this.clientId ?? '', redirect_uri: redirectUri, state: 'st4te', scope,
      code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: 'S256',
    }); // prettier-ignore
    for (const one of resource) query.append('resource', one);
    const url = `${ISSUER}/authorize?${query.toString()}`;
    if (looksFirst && (await this.send(new Request(url, { method: 'HEAD' }))).status === 405) return null;
    const page = await this.browser.get(url);
    if (page.status === 400 && this.hasForgotten() && !['keyed', 'confidential'].includes(habit)) this.clientId = null; // its registration is lost
    if (page.status !== 200) return page.location ? codeIn(page.location) : null;
    const isSignedIn = page.text.includes('name="account"') && !page.text.includes('name="with"');
    const atSite = user === AT_SITE && !isSignedIn;
    const fields = isSignedIn
      ? { decision: 'approve' }
      : atSite
        ? { with: 'corp' }
        : { decision: 'approve', username: user, password: passwordOf(user) };
    await world.time.sleep(3000 + world.time.chance.below(20_000));
    const submit = (): ReturnType<Browser['submit']> =>
      this.browser.submit(page, {
        ...fields,
        scope: [...new Set([...fixedScopes(page.text), ...this.scope])],
        ...(remembers ? { remember: 'yes' } : {}),
      });
    const policy = /form-action ([^;]*)/.exec(page.headers.get('content-security-policy') ?? '')?.[1];
    const isHeldBack = policy !== undefined && (atSite || this.quirks.goesOn); // a browser asks it of each hop
    if (isHeldBack) world.ledger.broken('every honest client gets in', this.name, `a browser stops after the form: form-action ${policy}`);
    if (atSite) {
      const away = (await submit()).location;
      if (away === null) return null;
      await world.time.sleep(5000);
      const back = await this.browser.get(await this.setup.cluster.site.visit(away));
      if (back.status >= 500 && world.time.now() > world.calmFrom + CALMED_MS)
        world.ledger.broken('every honest client gets in', this.name, `a sign-in at the site ends in ${back.status} although it is up`);
      return codeIn(back.location);
    }
    if (habit !== 'double-redeem') {
      const answer = await submit();
      if (answer.status === 429) world.ledger.broken('every honest client gets in', this.name, 'the right password is answered with 429');
      return codeIn(answer.location);
    }
    const [first, second] = await Promise.all([submit().catch(lost), world.time.sleep(200).then(submit).catch(lost)]);
    const [shown, before] = [codeIn(second?.location ?? null), codeIn(first?.location ?? null)];
    if (before !== null && shown === null && second && second.status < 500 && !this.hasForgotten())
      world.ledger.broken('every honest client gets in', this.name, `a second click led to a page (${second.status}) instead of the app`);
    return shown ?? before; // a browser shows what came last
  }

  /** A device: shows a code, the person types it, the device polls. */
  async withDevice(name: string): Promise<Pair | null> {
    const { world, cluster, user } = this.setup;
    const form = new URLSearchParams({ client_id: this.clientId ?? '', scope: 'read write' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const begun = await read(
      await cluster.send(new Request(`${ISSUER}/device_authorization`, { method: 'POST', body: form.toString(), headers })),
    );
    if (begun.status !== 200) return null;
    const asked = await this.browser.get(`${ISSUER}/device`);
    if (asked.status !== 200) return null;
    const page = await this.browser.submit(asked, { user_code: String(begun.body['user_code']) });
    if (page.status !== 200) return null;
    const isSignedIn = page.text.includes('name="account"') && !page.text.includes('name="with"');
    const allowed = await this.browser.submit(page, {
      decision: 'approve',
      scope: this.scope,
      ...(isSignedIn ? {} : { username: user, password: passwordOf(user) }),
    });
    if (allowed.status >= 400) return null;
    const code = String(begun.body['device_code']);
    let [wasLost, wasDown] = [false, false];
    for (let polls = 0; polls < 100; polls++) {
      await world.time.sleep(1000 * (Number(begun.body['interval'] ?? 5) + 1));
      const answer = await this.ask({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code }).catch(lost);
      if (answer?.status === 200) return this.keep(answer, world.ledger.opened(name, user, this.scope), code);
      if (answer && answer.status < 500 && !['authorization_pending', 'slow_down'].includes(String(answer.body['error']))) {
        // A device whose good answer was lost on the way may be told that its code is spent; one that got our 503 may not.
        if (wasDown && !wasLost && !this.hasForgotten())
          world.ledger.broken(
            'no sign-out by accident',
            this.name,
            `a poll that was answered with 503 is now answered with ${answer.text.slice(0, 120)}`,
          );
        world.ledger.say(this.name, `device poll: ${answer.text.slice(0, 200)}`);
        return null;
      }
      wasLost ||= answer === null;
      wasDown ||= (answer?.status ?? 0) >= 500;
    }
    return null;
  }

  keep({ body }: Answer, family: Family, code: string): Pair {
    const [access, refresh] = [String(body['access_token']), textOf(body['refresh_token'])];
    const pair = { access, refresh, family };
    const { ledger } = this.setup.world;
    if (/offline_access/.test(this.quirks.scope) && !/offline_access/.test(textOf(body['scope'])))
      ledger.broken('every honest client gets in', this.name, 'offline_access was asked for and is not in the answer');
    ledger.secret(code.slice(code.indexOf('.') + 1));
    ledger.redeemed(this.name, code, refresh);
    ledger.gave(family, access, refresh);
    this.file = pair;
    return pair;
  }

  /** Refreshes with a pair that one of its processes holds; null where the server has said that it is over. */
  async refresh(held: Pair): Promise<Pair | null> {
    const { world, habit } = this.setup;
    const { refreshScope } = this.quirks;
    const scope = refreshScope === undefined ? {} : { scope: refreshScope };
    const began = held.readAt ?? world.time.now();
    const answer = await this.patiently('refreshing', async () => {
      const got = await this.ask({ grant_type: 'refresh_token', refresh_token: held.refresh, ...scope });
      return got.status >= 500 || got.status === 429 ? null : got;
    });
    if (answer.status === 200) {
      const pair = {
        access: String(answer.body['access_token']),
        refresh: textOf(answer.body['refresh_token']),
        family: held.family,
      };
      world.ledger.gave(held.family, pair.access, pair.refresh);
      world.ledger.refreshed(held.family);
      this.file = pair;
      return pair;
    }
    // A lost answer and an outage longer than the grace: the first try may have rotated the token (docs/security-model.md).
    if (world.time.now() - began > GRACE_MS) held.family.mayBeOver = true;
    world.ledger.signedOut(held.family, `refresh answered ${answer.status} ${answer.text.slice(0, 160)}`);
    if (answer.body['error'] === 'invalid_client' && habit !== 'keyed' && habit !== 'confidential') this.clientId = null;
    if (this.file?.family === held.family) this.file = null;
    return null;
  }

  /** Calls a tool; refreshes and signs in as it takes. The text it said, or null where no answer came. */
  async call(tool: string, held: Pair): Promise<{ readonly pair: Pair; readonly answer: Answer | null; readonly text: string | null }> {
    const { world } = this.setup;
    let pair = held;
    for (let tries = 0; tries < 6; tries++) {
      const began = world.time.now();
      const answer = await this.callTool(tool, pair.access).catch(lost);
      if (answer === null || answer.status >= 500) {
        const isCalm = began > world.calmFrom + CALMED_MS;
        if (isCalm) world.ledger.broken('every honest client gets in', this.name, `${tool} got ${answer?.status ?? 'no answer'} although nothing is wrong any more`); // prettier-ignore
        return { pair, answer, text: null };
      }
      if (![200, 401, 403, 429].includes(answer.status) || (answer.status === 403 && tool !== 'save'))
        world.ledger.broken(
          'every honest client gets in',
          this.name,
          `${tool} is answered with ${answer.status} ${answer.text.slice(0, 120)}`,
        );
      if (answer.status !== 401) return { pair, answer, text: resultOf(answer) };
      const next = await this.refresh(pair);
      pair = next ?? this.file ?? (await this.signIn());
    }
    world.ledger.broken('every honest client gets in', this.name, `${tool} is refused with fresh tokens`);
    return { pair, answer: null, text: null };
  }

  async callTool(tool: string, access: string): Promise<Answer> {
    const { prover, world } = this.setup;
    const { accept, isModern, routes } = this.quirks;
    const url = `${ISSUER}${world.time.chance.pick(routes)}`;
    const proof = await prover?.proof('POST', url, { token: access });
    const headers = {
      ...this.origin(),
      ...OTHER_SECRETS,
      'content-type': 'application/json',
      accept,
      authorization: `${proof ? 'DPoP' : 'Bearer'} ${access}`,
      ...(proof ? { dpop: proof } : {}),
      ...(isModern ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool } : {}),
    };
    const params = { name: tool, arguments: {}, ...(isModern ? { _meta: MODERN_META } : {}) };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const patience = tool === 'slow' ? PROXY_MS : undefined;
    const response = await this.send(new Request(url, { method: 'POST', headers, body }), access, patience);
    if (response.status === 200) world.ledger.private(this.name, response);
    const answer = await read(response);
    world.ledger.count(`call ${answer.status}`);
    return answer;
  }

  /** Another client exchanges a token of this one, which is then revoked: what came of it ends with it. */
  async handOver(pair: Pair): Promise<void> {
    const { ledger, time, until } = this.setup.world;
    const form = new URLSearchParams({
      grant_type: EXCHANGE, client_id: GATEWAY.id, client_secret: GATEWAY.secret, subject_token: pair.access,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    }); // prettier-ignore
    const post = (path: string, body: URLSearchParams): Promise<Response> =>
      this.send(new Request(`${ISSUER}${path}`, { method: 'POST', body: body.toString(), headers: { 'content-type': PLAIN_FORM } }));
    const answer = await post('/token', form).then(read, lost);
    if (answer?.status !== 200) return;
    const child = String(answer.body['access_token']);
    ledger.hangsOn(child, pair.family, pair.access);
    await this.callTool('whoami', child).catch(lost);
    const revoked = await post('/revoke', new URLSearchParams({ token: pair.access, client_id: DESK.id, client_secret: DESK.secret })).then(
      read,
      lost,
    );
    if (until.storeFull > time.now() || until.storeStuck > time.now()) pair.family.mayBeOver = true; // a full store may have to end all of it (F-69)
    if (revoked?.status !== 200) return;
    ledger.revokedAccess(pair.access);
    await time.sleep(1000);
    await this.callTool('whoami', child).catch(lost);
  }
}

const PLAIN_FORM = 'application/x-www-form-urlencoded';
/** What was wrong before may last so long. */
const CALMED_MS = 10 * 60_000;

/** Scopes of a page that a person cannot untick. */
const fixedScopes = (page: string): readonly string[] =>
  [...page.matchAll(/<input type="hidden" name="scope" value="([^"]*)"/g)].map(([, scope]) => scope ?? '');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads an answer whole. */
export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, body, text };
}

/** What the tool said; null for anything else. */
function resultOf({ text }: Answer): string | null {
  const lines = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => json ?? '');
  const json = lines.at(-1) ?? text;
  if (!json.startsWith('{')) return null;
  const { result } = JSON.parse(json) as { result?: { content?: { text?: string }[] } };
  return result?.content?.[0]?.text ?? null;
}

function lost(error: unknown): null {
  if (error instanceof NetworkError) return null;
  throw error;
}

const good = (answer: Answer | null): Answer | null => (answer?.status === 200 ? answer : null);

function codeIn(location: string | null): string | null {
  return location === null ? null : new URL(location, ISSUER).searchParams.get('code');
}
