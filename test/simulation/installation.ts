/**
 * An installation of a client: its tokens and its ways to get and keep them, as real clients have them. Where the server says that a
 * token is not good, it does what the MCP SDK does: refresh, else sign in again; and the ledger asks whether that was right.
 */
import { base64url } from '../../src/lib/base64url.ts';
import { type Browser, makeBrowser } from '../../src/testing/browser.ts';
import { clientClaims, type Signer, shown } from '../support/signer.ts';
import type { Prover } from '../support/prover.ts';
import { AT_SITE, type Cluster, ISSUER, type Person, passwordOf } from './cluster.ts';
import type { Family } from './ledger.ts';
import { NetworkError, type World } from './network.ts';
import type { Habit } from './plan.ts';

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
const REDIRECT = 'http://localhost:3334/callback';
/** With pauses of a minute that is longer than any outage. */
const TRIES = 2000;

/** One installation. Its `file` is what its processes share. */
export class Installation {
  readonly setup: Setup;
  readonly name: string;
  readonly browser: Browser;
  /** The token file. */
  file: Pair | null = null;
  /** What its user allows: `write` not always. */
  scope: readonly string[] = ['read', 'write'];
  clientId: string | null = null;
  #signIns = 0;

  constructor(setup: Setup) {
    this.setup = setup;
    this.name = setup.habit;
    this.browser = makeBrowser((request) => setup.cluster.send(request));
    if (setup.habit === 'keyed') {
      this.clientId = 'https://client.example/app.json';
      const jwks_uri = 'https://client.example/keys.json';
      const { files } = setup.cluster.documents;
      files.set(this.clientId, { client_id: this.clientId, client_name: 'Keyed', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'private_key_jwt', jwks_uri }); // prettier-ignore
      files.set(jwks_uri, { keys: [setup.signer?.publicKey] });
    }
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
    const { world, cluster, signer, prover } = this.setup;
    const form = new URLSearchParams({ client_id: this.clientId ?? '', ...fields });
    const proof = await prover?.proof('POST', `${ISSUER}/token`);
    if (signer)
      for (const [name, value] of Object.entries(
        shown(await signer.sign({ ...clientClaims(this.clientId ?? '', this.now()), aud: ISSUER })),
      ))
        form.set(name, value);
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...(proof ? { dpop: proof } : {}) };
    const answer = await read(await cluster.send(new Request(`${ISSUER}/token`, { method: 'POST', body: form.toString(), headers })));
    world.ledger.count(`token ${answer.status}`);
    const once = proof ?? form.get('client_assertion');
    if (answer.status !== 200 || !once) return answer;
    world.ledger.accepted(this.name, once);
    if (world.has('prober') && world.time.percent(10)) {
      const again = await cluster.send(new Request(`${ISSUER}/token`, { method: 'POST', body: form.toString(), headers })).then(read, lost); // somebody heard it
      if (again?.status === 200) world.ledger.accepted(this.name, once);
    }
    return answer;
  }

  now(): number {
    return Math.floor(this.setup.world.time.now() / 1000);
  }

  /** From nothing to tokens, with everything that can happen on the way. */
  async signIn(): Promise<Pair> {
    const { world, habit } = this.setup;
    const signInName = `${this.name}#${++this.#signIns}`;
    world.ledger.say(this.name, `signs ${this.setup.user} in`);
    return this.patiently('signing in', async () => {
      if (this.clientId === null || habit === 'registers-anew') this.clientId = await this.register();
      if (habit === 'device') return this.withDevice(signInName);
      const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
      const code = await this.consent(verifier);
      if (code === null) return null;
      const fields = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
      const answer = await this.redeem(fields);
      return answer && this.keep(answer, world.ledger.opened(signInName, this.setup.user, this.scope), code);
    });
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
    if (first && again && again.status >= 400 && again.status < 500)
      this.setup.world.ledger.broken(
        'no sign-out by accident',
        this.name,
        `a code that was answered with ${first.status} is now answered with ${again.text.slice(0, 120)}`,
      );
    return good(again);
  }

  async register(): Promise<string> {
    return this.patiently('registration', async () => {
      const grantTypes = [
        'authorization_code',
        'refresh_token',
        ...(this.setup.habit === 'device' ? ['urn:ietf:params:oauth:grant-type:device_code'] : []),
      ];
      const metadata = { client_name: this.name, redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none', grant_types: grantTypes };
      const request = new Request(`${ISSUER}/register`, {
        method: 'POST',
        body: JSON.stringify(metadata),
        headers: { 'content-type': 'application/json' },
      });
      const answer = await read(await this.setup.cluster.send(request));
      return answer.status === 201 ? String(answer.body['client_id']) : null;
    });
  }

  /** Through the pages, to a code; null where something broke and the person starts again. */
  async consent(verifier: string): Promise<string | null> {
    const { world, habit, user } = this.setup;
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    const query = new URLSearchParams({
      response_type: 'code', client_id: this.clientId ?? '', redirect_uri: REDIRECT, state: 'st4te',
      scope: habit === 'narrow' ? 'read write unheard:of' : habit === 'asks-less' ? 'write' : 'read write',
      code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: 'S256',
    }); // prettier-ignore
    const page = await this.browser.get(`${ISSUER}/authorize?${query.toString()}`);
    if (page.status !== 200) return page.location ? codeIn(page.location) : null;
    const isSignedIn = page.text.includes('name="account"') && !page.text.includes('name="with"');
    const atSite = user === AT_SITE && !isSignedIn;
    const fields = isSignedIn
      ? { decision: 'approve' }
      : atSite
        ? { with: 'corp' }
        : { decision: 'approve', username: user, password: passwordOf(user) };
    await world.time.sleep(3000 + world.time.chance.below(20_000));
    const submit = (): ReturnType<Browser['submit']> => this.browser.submit(page, { ...fields, scope: this.scope });
    if (atSite) {
      const away = (await submit()).location;
      if (away === null) return null;
      await world.time.sleep(5000);
      return codeIn((await this.browser.get(await this.setup.cluster.site.visit(away))).location);
    }
    if (habit !== 'double-redeem') return codeIn((await submit()).location);
    const [first, second] = await Promise.all([submit().catch(lost), world.time.sleep(200).then(submit).catch(lost)]);
    const [shown, before] = [codeIn(second?.location ?? null), codeIn(first?.location ?? null)];
    if (before !== null && shown === null && second && second.status < 500)
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
        if (wasDown && !wasLost)
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
    ledger.secret(code.slice(code.indexOf('.') + 1));
    ledger.redeemed(this.name, code, refresh);
    ledger.gave(family, access, refresh);
    this.file = pair;
    return pair;
  }

  /** Refreshes with a pair that one of its processes holds; null where the server has said that it is over. */
  async refresh(held: Pair): Promise<Pair | null> {
    const { world, habit } = this.setup;
    const scope = habit === 'narrow' ? { scope: 'read write unheard:of offline_access' } : habit === 'asks-less' ? { scope: 'write' } : {};
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
    if (answer.body['error'] === 'invalid_client' && habit !== 'keyed') this.clientId = null;
    if (this.file?.family === held.family) this.file = null;
    return null;
  }

  /** Calls a tool; refreshes and signs in as it takes. The text it said, or null where no answer came. */
  async call(tool: string, held: Pair): Promise<{ readonly pair: Pair; readonly text: string | null }> {
    let pair = held;
    for (let tries = 0; tries < 6; tries++) {
      const answer = await this.send(tool, pair.access).catch(lost);
      if (answer === null || answer.status >= 500) return { pair, text: null };
      if (answer.status !== 401) return { pair, text: resultOf(answer) };
      const next = await this.refresh(pair);
      pair = next ?? this.file ?? (await this.signIn());
    }
    this.setup.world.ledger.broken('every honest client gets in', this.name, `${tool} is refused with fresh tokens`);
    return { pair, text: null };
  }

  async send(tool: string, access: string): Promise<Answer> {
    const { cluster, prover, world } = this.setup;
    const proof = await prover?.proof('POST', `${ISSUER}/mcp`, { token: access });
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `${proof ? 'DPoP' : 'Bearer'} ${access}`,
      ...(proof ? { dpop: proof } : {}),
    };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } });
    const answer = await read(await cluster.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body }), access));
    world.ledger.count(`call ${answer.status}`);
    return answer;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads an answer whole. */
export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, body, text };
}

/** What the tool said; null for anything else. */
function resultOf({ text }: Answer): string | null {
  const json = /^data: (\{.*)$/m.exec(text)?.[1] ?? text;
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
