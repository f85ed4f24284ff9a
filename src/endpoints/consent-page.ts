/**
 * What the consent page shows, put together from the ticket and the client's own words.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { Session } from '../core/records.ts';
import { type Consented, isThisComputer } from '../core/consents.ts';
import type { HtmlValue } from '../lib/html.ts';
import type { Client } from '../model/client.ts';
import type { Lifetimes } from '../model/grant.ts';
import { isForm, isRedirect } from '../model/login.ts';
import type { Ticket } from '../model/ticket.ts';
import { approvePage } from '../pages/approve.ts';
import { sayFor } from '../pages/words/span.ts';
import { say, type Words } from '../pages/words/words.ts';
import type { Call } from './endpoint.ts';
import { linksFor } from './login-links.ts';
import { nameOf, type SignedIn } from './sign-in.ts';

/** What is needed to show the page, first or again. */
export interface Consent {
  readonly ticket: Ticket;
  /** The ticket's secret, for the form. */
  readonly handle: string;
  readonly client: Client;
  readonly session: SignedIn | null;
  /** What was ticked and typed before; all scopes and nothing on the first showing. */
  readonly ticked?: readonly string[];
  readonly remember?: boolean;
  readonly typed?: { readonly [field: string]: string };
  readonly problem?: { readonly text: HtmlValue; readonly status: number; readonly retryAfter?: number | undefined };
}

/** The page. */
export async function consentPage(
  { as, words }: Call,
  { ticket, handle, client, session, ticked, remember, typed = {}, problem }: Consent,
): Promise<Response> {
  const { settings } = as;
  const redirectHost = new URL(ticket.redirectUri).host;
  const resource = settings.resources.find((one) => one.uri === ticket.resource);
  const email = session?.claims['email'];
  const before = session && (await allowedBefore(as, ticket, client, session));
  const isNew = (name: string): boolean => !before?.scope.includes(name);
  const stepUp = ticket.scope.some(isNew);
  return approvePage({
    action: settings.paths.approve,
    ticket: handle,
    client: { id: client.id, name: client.name, uri: client.uri, host: client.documentHost, selfDescribed: client.entered !== true },
    redirectUri: ticket.redirectUri,
    redirectHost,
    redirectIsLoopback: isThisComputer(ticket.redirectUri),
    resourceName: resource?.name ?? settings.name,
    scopes: ticket.scope.map((name) => ({
      name,
      description: settings.scopes.find((scope) => scope.name === name)?.description,
      required: resource?.scopes.includes(name) ?? false,
      checked: ticked?.includes(name) ?? true,
      allowed: stepUp && !isNew(name),
    })),
    remember: isThisComputer(ticket.redirectUri) ? undefined : (remember ?? (before ? isRemembered(ticket, before) : false)),
    account: session && {
      name: nameOf(session.claims, words),
      detail: typeof email === 'string' ? email : undefined,
      mark: await accountMark(as, session),
    },
    logins: settings.logins
      .filter(isForm)
      .map((login) => ({ id: login.id, label: say(login.label, words), fields: login.fields(typed, words) })),
    links: linksFor(settings, words, requestUrl(settings.paths.authorize, ticket)),
    sites: settings.logins.filter(isRedirect),
    login: typed['login'],
    lifetime: lifetimeText(client.grantTypes.includes('refresh_token') ? settings.lifetimes : { ...settings.lifetimes, refresh: 0 }, words),
    error: problem?.text,
    retryAfter: problem?.retryAfter,
    ...(problem ? { status: problem.status } : {}),
    brand: { name: settings.name },
    words,
  });
}

/** What this person allowed this client before, where there is one answer to that. */
async function allowedBefore(as: AuthServer, ticket: Ticket, client: Client, { userId }: SignedIn): Promise<Consented | null> {
  const entries = await as.consents.find({ ...ticket, userId, client });
  return (entries.length === 1 && entries[0]) || null;
}

function isRemembered({ scope }: Ticket, { remembered }: Consented): boolean {
  return scope.length > 0 && scope.every((one) => remembered.includes(one));
}

/** Stands in the form for the account that the page showed, so that a switch in another tab is noticed. */
export async function accountMark(as: AuthServer, session: Pick<Session, 'userId'> | null): Promise<string> {
  return session === null ? '' : (await as.keys.hash(`account\n${session.userId}`)).slice(0, 16);
}

/** The request once more: whoever leaves the page to sign up comes back to one like it. */
function requestUrl(authorize: string, { clientId, redirectUri, state, scope, resource, challenge }: Ticket): string {
  const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, resource });
  if (scope.length > 0) query.set('scope', scope.join(' '));
  if (state !== undefined) query.set('state', state);
  query.set('code_challenge', challenge);
  query.set('code_challenge_method', 'S256');
  return `${authorize}?${query}`;
}

function lifetimeText({ refresh, access }: Lifetimes, words: Words): string {
  return refresh === 0 ? words.approve.lastsFor(sayFor(access, words)) : words.approve.lastsUnused(sayFor(refresh, words));
}
