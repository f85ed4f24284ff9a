/**
 * Messages about the security of an account: a new app or access token, a changed password or way to sign in, a sign-in from a new place.
 * Each has a link for users who did not do it. They go to the verified address of an account of this server, or else to the one that an upstream
 * has verified, after the response.
 *
 *   event → account or upstream with a verified address → new for this user? → link → message
 */
import { html } from '../../lib/html.ts';
import type { Accounts } from '../../model/account.ts';
import { keyClientId } from '../../model/token.ts';
import { changeRecord, has, versioned } from '../../model/record.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Links } from '../../model/login-services.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';
import type { Seconds, Store } from '../../model/store.ts';
import type { Records } from '../records/records.ts';
import type { Secrets } from '../records/secrets.ts';
import { upstreamEmailOf } from './identities.ts';

/** Kind of the link, and path of its page below the account page. */
export const NOT_ME = 'not-me';
const LINK_TTL: Seconds = 7 * 86_400;
/** How long what a user has is known without a change. */
const KNOWN_TTL: Seconds = 400 * 86_400;
const MAX_KNOWN = 64;

type KnownRecord = { readonly v: 1; readonly known: readonly string[]; readonly lang?: string; readonly hasPlace?: true };
const isKnown = (value: unknown): value is KnownRecord => versioned(value) && has(value, 'known');

/** What of the server the messages need. */
export interface SecurityMailParts {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly records: Pick<Records, 'findClient' | 'findDocument'>;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly links: Links;
  readonly env: unknown;
  now(): Seconds;
}

/** Something that the user should know of. */
export interface Notice {
  readonly userId: string;
  readonly what: 'app' | 'key' | 'password' | 'factor' | 'place';
  /** Told once for each value; each time without one. */
  readonly once?: string;
  /** Name of the app or of the browser. */
  readonly name?: string;
  /** The language of the user, to be kept for later messages. */
  readonly lang?: string;
}

/** Sends the message for an event; nothing for those that users need not know of. */
export async function sendEventNotice(as: SecurityMailParts, event: NewEvent): Promise<void> {
  if (event.kind === 'factor.changed') {
    const { userId, factor, what } = event;
    if (what === 'renamed' || what === 'recovery_used') return;
    return sendNotice(as, { userId, what: factor === 'password' ? 'password' : 'factor' });
  }
  if (event.kind !== 'grant.opened' || event.userId === undefined) return;
  const { userId, clientId, grantId } = event;
  /** The metadata document as it was at the sign-in: still kept, since it was read a moment ago. */
  const document = async (): ReturnType<Records['findDocument']> => as.records.findDocument(await as.secrets.hash(clientId));
  if (clientId === keyClientId(grantId)) return sendNotice(as, { userId, what: 'key' });
  const client =
    as.settings.clients.get(clientId)?.client ?? (await (URL.canParse(clientId) ? document() : as.records.findClient(clientId)));
  return sendNotice(as, { userId, what: 'app', once: `app\n${clientId}`, name: client?.name ?? clientId });
}

/** Sends the message of a notice, if it is new for the user and the user has a verified address. Rejects if sending failed. */
export async function sendNotice(as: SecurityMailParts, { userId, what, once, name, lang: seenLang }: Notice): Promise<void> {
  const { settings, secrets, accounts, links } = as;
  const account = await accounts.find(userId);
  const to = account?.emailVerified ? account.email : await upstreamEmailOf(as, userId);
  if (!account && to === undefined) return;
  const mark = once === undefined ? undefined : await secrets.hash(`notice\n${userId}\n${once}`);
  const { isNew, lang } = await changeRecord(as, `notices:${await secrets.hash(`notices\n${userId}`)}`, isKnown, (record) => {
    const { known = [], lang: oldLang } = record ?? {};
    const language = seenLang ?? oldLang;
    const hasPlace = record?.hasPlace === true;
    const isFirstPlace = what === 'place' && !hasPlace; // an account's first sign-in, whatever it was told of before
    const isNewOne = mark === undefined || !known.includes(mark);
    const result = { isNew: isNewOne && !isFirstPlace, lang: language ?? 'en' };
    if (!isNewOne && language === oldLang) return { result };
    const next = mark === undefined || !isNewOne ? known : [...known, mark].slice(-MAX_KNOWN);
    return {
      write: {
        v: 1,
        known: next,
        ...(language === undefined ? {} : { lang: language }),
        ...(hasPlace || what === 'place' ? { hasPlace: true } : {}),
      },
      until: as.now() + KNOWN_TTL,
      result,
    };
  });
  if (!isNew || to === undefined) return;
  const words = settings.languages.of(lang);
  const say = words.notice;
  const url = `${settings.origin}${settings.paths.account}/${NOT_ME}?token=${await links.make(NOT_ME, { userId }, LINK_TTL)}`;
  const server = settings.name;
  const happened = { app: say.app, key: say.key, password: say.password, factor: say.factor, place: say.place }[what](server, name ?? '');
  const lines = [happened, say.ifYou, say.ifNot, url];
  const document = html`<!doctype html>
    <html lang="${words.lang}" dir="${words.dir}">
      <body style="font:16px/1.5 sans-serif">
        ${lines.map((line) => html`<p>${line === url ? html`<a href="${url}">${url}</a>` : line}</p>`)}
      </body>
    </html> `;
  await settings.securityEmails?.(
    {
      kind: 'security-notice',
      to,
      subject: say.subject(server),
      text: `${lines.join('\n\n')}\n`,
      html: document.toString(),
      url,
      lang: words.lang,
    },
    as.env as never,
  );
}
