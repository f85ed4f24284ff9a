/**
 * Acts on grants and keys: list with filters, revoke one, or all of a user, a client or a scope, a page at a time; and what a token that was found
 * somewhere is good for, and whose it is.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { cutFormer } from '../core/records/former.ts';
import { endUserGrant, type GrantFilter } from '../core/records/grants.ts';
import { findToken } from '../core/verify.ts';
import { findRetired, whyOver } from '../model/grant.ts';
import type { Seconds } from '../model/store.ts';
import { grantIdOf, isKey, kindOf } from '../model/token.ts';
import type { GrantInfo } from '../provider/grants.ts';
import { type Acts, type Admin, type Input, missing, wrong } from './act.ts';

/** Acts on grants. */
export const grants: Acts = {
  grants: {
    method: 'GET',
    takes: ['user', 'client', 'scope', 'organization', 'unusedSince', 'after'],
    async run({ helpers }, input) {
      const { grants: found, ...page } = await helpers.listGrants(filterOf(input), input.optional('after'));
      return { grants: found.filter(wantedBy(input)), ...page };
    },
  },
  'grants/show': {
    method: 'GET',
    takes: ['id'],
    async run({ helpers }, input) {
      const grant = await helpers.findGrant(input.text('id'));
      if (!grant) throw missing('grant');
      return grant;
    },
  },
  'grants/revoke': {
    method: 'POST',
    takes: ['id'],
    async run({ as, helpers }, input) {
      const id = input.text('id');
      const owner = id.slice(0, Math.max(0, id.lastIndexOf(':'))); // of one in a former store
      const isEnded = (await endUserGrant(as, null, id)) || (owner !== '' && (await helpers.revokeGrant(id, owner)));
      if (!isEnded) throw missing('grant');
      return { id };
    },
  },
  'grants/revoke-all': {
    method: 'POST',
    takes: ['user', 'client', 'scope', 'organization', 'unusedSince', 'after'],
    async run(admin, input) {
      const filter = filterOf(input);
      const isWhole = ['scope', 'organization', 'unusedSince'].every((name) => input.all[name] === undefined);
      if (filter === 'all' && isWhole) throw wrong('Name a user, a client, a scope, an organization or unusedSince.');
      if (filter !== 'all' && isWhole && admin.as.settings.formerStore && input.optional('after') === undefined) {
        const { ended } = await endPage(admin, filter, input); // counts those that have not moved, too
        await cutFormer(admin.as, filter); // of which no list knows all
        const page = await endPage(admin, filter, input); // what moved meanwhile
        return { ...page, ended: ended + page.ended };
      }
      return endPage(admin, filter, input);
    },
  },
};

/** Acts on access keys. */
export const keys: Acts = {
  keys: {
    method: 'GET',
    takes: ['user', 'organization', 'of', 'after'],
    run({ helpers }, input) {
      const [user, organization, of] = [input.optional('user'), input.optional('organization'), input.optional('of')];
      if (of !== undefined && of !== 'server') throw wrong('of must be server.');
      const filter = user === undefined ? (organization === undefined ? (of ?? 'all') : { organization }) : { userId: user };
      return helpers.keys.list(filter, input.optional('after'));
    },
  },
  'keys/create': {
    method: 'POST',
    takes: ['name', 'scope', 'resource', 'organization', 'ttl'],
    run({ helpers }, input) {
      const [resource, organization] = [input.optional('resource'), input.all['organization'] as { id: string; name: string } | undefined];
      return helpers.keys.create({
        name: input.text('name'),
        scope: input.texts('scope'),
        ttl: input.number('ttl'),
        ...(resource === undefined ? {} : { resource }),
        ...(organization === undefined ? {} : { organization }), // checked there
      });
    },
  },
  'keys/revoke': {
    method: 'POST',
    takes: ['id'],
    async run({ helpers }, input) {
      if (!(await helpers.keys.revoke(input.text('id')))) throw missing('key');
      return {};
    },
  },
};

function filterOf(input: Input): GrantFilter {
  const [userId, clientId] = [input.optional('user'), input.optional('client')];
  if (userId !== undefined && clientId !== undefined) throw wrong('Name a user or a client, not both.');
  return userId === undefined ? (clientId === undefined ? 'all' : { clientId }) : { userId };
}

function wantedBy(input: Input): (grant: GrantInfo) => boolean {
  const [scope, organization, unusedSince] = [input.optional('scope'), input.optional('organization'), input.optionalNumber('unusedSince')];
  return (grant) =>
    (scope === undefined || grant.scope.includes(scope)) &&
    (organization === undefined || grant.organization?.id === organization) &&
    (unusedSince === undefined || grant.usedAt < unusedSince);
}

/** Ends what is wanted on one page; the caller goes on with `next`, so that no request takes without bound. */
async function endPage({ helpers }: Admin, filter: GrantFilter, input: Input): Promise<{ ended: number; next?: string }> {
  const { grants: found, ...page } = await helpers.listGrants(filter, input.optional('after'));
  let ended = 0;
  for (const { id, userId } of found.filter(wantedBy(input))) if (await helpers.revokeGrant(id, userId)) ended++;
  return { ended, ...page };
}

/** Acts on a token. */
export const tokens: Acts = {
  'tokens/inspect': {
    method: 'POST', // because a URL is logged
    takes: ['token'],
    isSecret: true,
    async run({ as, helpers }, input) {
      // As it stands in a header, a log or a file; whatever is no token would be told not to be valid.
      const token = input
        .text('token')
        .trim()
        .replace(/^(?:authorization:\s*)?(?:bearer|dpop)\s+/i, '')
        .replace(/^(["'`])(.*)\1$/, '$2');
      if (/\s/.test(token)) throw wrong('token must be one token: this one has white space in it.');
      const kind = isKey(token) ? 'key' : (kindOf(token) ?? 'unknown');
      const { why, ...found } = kind === 'refresh' ? await refreshOf(as, token) : await accessOf(as, token);
      const id = grantIdOf(kind === 'refresh' || kind === 'code' ? kind : 'access', token);
      return { live: why === undefined, kind, ...(why === undefined ? found : { why }), grant: id && (await helpers.findGrant(id)) };
    },
  },
};

interface Found {
  /** Why it is good for nothing. */
  readonly why?: string;
  readonly scope?: readonly string[];
  readonly expiresAt?: Seconds;
  /** Set if a refresh token was replaced, but until `expiresAt` still gets the tokens that replaced it. */
  readonly rotated?: true;
}

async function accessOf(as: AuthServer, token: string): Promise<Found> {
  let why = 'token_unknown';
  const found = await findToken(as, token, (reason) => void (why = reason));
  return found ? { scope: found.access.scope, expiresAt: found.access.expiresAt } : { why };
}

async function refreshOf(as: AuthServer, token: string): Promise<Found> {
  const grant = await as.records.findGrant(grantIdOf('refresh', token) ?? '');
  if (!grant) return { why: 'grant_unknown' };
  const why = whyOver(grant, as.now());
  if (why !== null) return { why };
  const { refresh, retired, scope } = grant;
  const { hash, familyHash } = await as.secrets.refreshProof(token);
  if (refresh?.familyHash !== familyHash) return { why: 'token_unknown' };
  const replaced = findRetired(retired, hash, as.now());
  if (replaced) return { scope, expiresAt: replaced.until, rotated: true };
  if (refresh.hash !== hash) return { why: 'token_unknown' };
  return refresh.expiresAt > as.now() ? { scope, expiresAt: refresh.expiresAt } : { why: 'token_expired' };
}
