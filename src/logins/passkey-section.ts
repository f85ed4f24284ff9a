/**
 * The passkeys of an account, on its own page below the account page: add, rename, remove. Adding and removing need a
 * recent sign-in, so that a stolen session cannot add a way in. A passkey of another account is answered as not found (SEC-163).
 */
import { askFirst, field, errorBox, html, markWrong } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import type { Account } from '../model/account.ts';
import type { AccountSection, SectionAnswer, SectionCall } from '../model/login.ts';
import { MAX_PASSKEYS, type Passkey } from '../model/passkey.ts';
import type { Params } from '../model/params.ts';
import type { Seconds } from '../model/store.ts';
import { sayDay, type Words } from '../words/words.ts';
import { ANSWER, ceremonyFields, makeCeremony, partyOf, PASSKEY_SCRIPT, type PasskeyOptions } from './passkey-options.ts';
import { verifyRegistration } from './passkey-verifier.ts';

/** Maximum age of a sign-in for adding and removing. */
const RECENT: Seconds = 600;
const MAX_NAME_LENGTH = 64;

/** The section. */
export function passkeySection(options: PasskeyOptions): AccountSection {
  return {
    id: 'passkeys',
    async line({ userId }, { accounts, passkeys }, { passkey: say }) {
      if (!(await accounts.find(userId))) return null; // signs in at another site, and continues to do so
      return { title: say.title, detail: say.count((await passkeys.of(userId)).length) };
    },
    async answer(call) {
      const account = await call.services.accounts.find(call.user.userId);
      if (!account)
        return { kind: 'page', title: call.words.passkey.title, body: html`<p class="lead">${call.words.passkey.notOwn}</p>`, status: 404 };
      const { form } = call;
      if (!form) return list(call, account);
      switch (form.optional('do')) {
        case 'rename':
          return rename(call, account, form);
        case 'begin':
          return call.isRecent(RECENT) ? begin(call, account, form, options) : { kind: 'sign-in-again' };
        case 'add':
          return call.isRecent(RECENT) ? add(call, account, form, options) : { kind: 'sign-in-again' };
        case 'remove':
          return call.isRecent(RECENT) ? remove(call, account, form) : { kind: 'sign-in-again' };
        default:
          return list(call, account, call.words.passkey.notYours, 400);
      }
    },
  };
}

const done: SectionAnswer = { kind: 'done', to: 'section' };

async function rename(call: SectionCall, account: Account, form: Params): Promise<SectionAnswer> {
  const { passkey: say } = call.words;
  const name = nameIn(form);
  const id = form.optional('passkey') ?? '';
  if (!isName(name)) return list(call, account, say.nameBad, 400, id);
  const renamed = await call.services.passkeys.rename(account.id, id, name);
  return renamed ? done : list(call, account, say.notYours, 404);
}

async function remove(call: SectionCall, account: Account, form: Params): Promise<SectionAnswer> {
  const { passkey: say } = call.words;
  const { passkeys } = call.services;
  const id = form.optional('passkey') ?? '';
  const keepLast = account.withoutPassword === true && form.optional('sure') !== 'yes';
  switch (await passkeys.remove(account.id, id, { keepLast })) {
    case 'removed':
      return done;
    case 'last':
      return list(call, account, say.lastOne, 409);
    case 'gone':
      return list(call, account, say.notYours, 404);
  }
}

async function begin(call: SectionCall, account: Account, form: Params, options: PasskeyOptions): Promise<SectionAnswer> {
  const { words, services, path } = call;
  const { passkey: say } = words;
  const name = nameIn(form) || say.defaultName;
  if (!isName(name)) return list(call, account, say.nameBad, 400, '');
  const has = await services.passkeys.of(account.id);
  if (has.length >= MAX_PASSKEYS) return list(call, account, say.tooMany, 409);
  const challenge = await services.passkeys.openChallenge(account.id);
  const owner = { userId: account.id, username: account.username, displayName: account.name ?? account.username, has };
  const ceremony = makeCeremony(partyOf(options, services.issuer), options, challenge, owner);
  const body = html`<p class="lead">${say.addText}</p>
    <form method="post" action="${path}">
      <input type="hidden" name="do" value="add" /><input type="hidden" name="challenge" value="${challenge}" />
      <input type="hidden" name="name" value="${name}" />
      <div class="part">${ceremonyFields(ceremony, words)}</div>
      <div class="actions"><button class="main">${say.addButton}</button></div>
    </form>
    <p class="foot"><a href="${path}">${say.back}</a></p>`;
  return { kind: 'page', title: say.addTitle, body, script: PASSKEY_SCRIPT };
}

/** The challenge is used up before the answer is checked: one answer, right or wrong. */
async function add(call: SectionCall, account: Account, form: Params, options: PasskeyOptions): Promise<SectionAnswer> {
  const { services, words } = call;
  const { passkey: say } = words;
  const challenge = form.optional('challenge') ?? '';
  const [answer, name] = [form.optional(ANSWER) ?? '', nameIn(form)];
  if (!(await services.passkeys.takeChallenge(account.id, challenge))) return list(call, account, say.challengeOver, 400);
  if (answer === '') return list(call, account, say.none, 400);
  if (!isName(name)) return list(call, account, say.nameBad, 400);
  const made = await verifyRegistration(answer, { party: partyOf(options, services.issuer), challenge });
  if ('fault' in made) return list(call, account, say.wrong, 400);
  const added = await services.passkeys.add({ ...made, userId: account.id, name, createdAt: services.now() });
  if (!added) return list(call, account, say.taken, 409);
  if (await call.isSignedIn()) return done;
  await services.passkeys.remove(account.id, made.id); // signed out meanwhile: what is removed with the sessions is found before or after this
  return { kind: 'sign-in-again' };
}

/** Whether the only passkey is also the only way into the account. */
function isLastWay(account: Account, passkeys: readonly Passkey[]): boolean {
  return account.withoutPassword === true && passkeys.length === 1;
}

function nameIn(form: Params): string {
  return (form.optional('name') ?? '').normalize('NFC').trim();
}

function isName(name: string): boolean {
  return name !== '' && name.length <= MAX_NAME_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(name);
}

/** @param wrong the passkey with the wrong name; empty for a new one. */
async function list(
  { services, words, path }: SectionCall,
  account: Account,
  problem?: string,
  status?: number,
  wrong?: string,
): Promise<SectionAnswer> {
  const { passkey: say } = words;
  const mine = await services.passkeys.of(account.id);
  const isLast = isLastWay(account, mine);
  const name = field('name', say.nameOfNew, 'off', {
    id: 'passkey-name',
    required: false,
    autocapitalize: 'sentences',
    more: { maxlength: MAX_NAME_LENGTH, placeholder: say.defaultName },
  });
  const body = html`${errorBox(problem)} ${mine.length === 0 && html`<p class="lead">${say.empty}</p>`}
    ${mine.map((one, at) => panel(one, at, { path, isLast, isOpen: isLast && problem !== undefined, isWrong: one.id === wrong, words }))}
    <form class="part" method="post" action="${path}">
      <input type="hidden" name="do" value="begin" />
      ${wrong === '' ? markWrong(name) : name}
      <div class="actions"><button class="main">${say.add}</button></div>
    </form>`;
  return { kind: 'page', title: say.title, body, ...(status === undefined ? {} : { status }) };
}

interface Around {
  readonly path: string;
  readonly isLast: boolean;
  /** Whether its actions are shown at once. */
  readonly isOpen: boolean;
  /** Whether its name is wrong. */
  readonly isWrong: boolean;
  readonly words: Words;
}

function panel(passkey: Passkey, at: number, { path, isLast, isOpen, isWrong, words }: Around): Html {
  const { passkey: say } = words;
  const name = html`<bdi>${passkey.name}</bdi>`;
  const used = passkey.usedAt === undefined ? say.unused : say.used(sayDay(passkey.usedAt, words));
  const place = !passkey.backupEligible ? say.deviceBound : passkey.backedUp ? say.synced : say.eligible;
  const look = {
    id: `passkey-name-${at}`,
    value: passkey.name,
    autocapitalize: 'sentences',
    more: { maxlength: MAX_NAME_LENGTH },
  } as const;
  const newName = field('name', say.name, 'off', look);
  return html`<section class="panel" aria-labelledby="passkey-${at}">
    <h2 id="passkey-${at}">${name}</h2>
    <p class="hint">${place}</p>
    <p class="hint">${say.created(sayDay(passkey.createdAt, words))}, ${used}</p>
    <details ${(isOpen || isWrong) && html` open`}>
      <summary>${say.change}</summary>
      <form method="post" action="${path}">
        <input type="hidden" name="do" value="rename" /><input type="hidden" name="passkey" value="${passkey.id}" />
        ${isWrong ? markWrong(newName) : newName}
        <button class="plain">${say.rename}</button>
      </form>
      <form method="post" action="${path}">
        <input type="hidden" name="do" value="remove" /><input type="hidden" name="passkey" value="${passkey.id}" />
        ${
          isLast &&
          html`<p class="note">${say.lastOne}</p>
            <label class="tick"><input type="checkbox" name="sure" value="yes" /><span>${say.sure}</span></label>`
        }
        ${isLast ? html`<button>${say.removing(name)}</button>` : askFirst(say.removing(name), say.sureRemove, html`<button>${say.removing(name)}</button>`)}
      </form>
    </details>
  </section>`;
}
