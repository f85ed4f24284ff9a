/** The administration commands: for each verb the act behind it, the words and flags that it takes, and what it asks first. */

/** How a flag is read: a text, one text each time it is given, a number, seconds, a time in the past, or yes. */
export type Kind = 'text' | 'texts' | 'number' | 'seconds' | 'past' | 'yes';

/** Work of more than one act, or with a secret (`work.ts`). */
export type Work =
  | 'find'
  | 'password'
  | 'permissions'
  | 'revokeAll'
  | 'sessions'
  | 'key'
  | 'token'
  | 'export'
  | 'verify'
  | 'health'
  | 'sweep';

/** A verb of a noun: `user disable`. */
export interface Verb {
  readonly does: string;
  /** The act; POST where it changes something. */
  readonly act: string;
  readonly method?: 'POST';
  /** Words after the verb: the member of the input that each is, and what the help calls it. For `USER`, names and addresses do as well as ids. */
  readonly words?: readonly string[];
  /** Names of {@link FLAGS}. */
  readonly flags?: readonly string[];
  /** What is lost; asked before it is done. */
  readonly asks?: string;
  /** The member of the answer that holds the rows of a list, and the members to show. */
  readonly rows?: string;
  readonly columns?: readonly string[];
  /** The member that takes the cursor of the next page. Default `after`. */
  readonly pager?: string;
  /** The member that takes the id of `--user`, if it is not `user`. */
  readonly userAs?: string;
  /** Input that is always the same. */
  readonly input?: { readonly [member: string]: unknown };
  readonly work?: Work;
  /** Set where it may take away the last administrator; then it takes `--last`. */
  readonly shutsOut?: true;
}

/** A flag: the member of the input that it is, how it is read, what the help calls its value. */
export interface Flag {
  readonly member: string;
  readonly kind: Kind;
  readonly shown?: string;
  /** What it stands for, if not for itself. */
  readonly means?: string;
  /** What it is called, if the name in the table is not that. */
  readonly called?: string;
}

/** A thing that the command line administers. */
export interface Noun {
  readonly what: string;
  readonly verbs: { readonly [verb: string]: Verb };
  readonly examples: readonly string[];
}

const text = (member: string, shown: string): Flag => ({ member, kind: 'text', shown });
const texts = (member: string, shown: string): Flag => ({ member, kind: 'texts', shown });
const yes = (member: string): Flag => ({ member, kind: 'yes' });

/** Flags of the acts. */
export const FLAGS: { readonly [flag: string]: Flag } = {
  name: text('name', 'TEXT'),
  email: text('email', 'ADDRESS'),
  'email-verified': yes('emailVerified'),
  permission: texts('permissions', 'NAME'),
  none: yes('none'),
  last: yes('last'),
  'password-stdin': yes('passwordStdin'),
  'no-password': yes('noPassword'),
  user: text('user', 'USER'),
  client: text('client', 'ID'),
  scope: text('scope', 'NAME'),
  organization: text('organization', 'ID'),
  'unused-since': { member: 'unusedSince', kind: 'past', shown: 'TIME' },
  since: { member: 'since', kind: 'past', shown: 'TIME' },
  until: { member: 'until', kind: 'past', shown: 'TIME' },
  kind: text('kind', 'KIND'),
  act: text('act', 'ACT'),
  by: text('by', 'ID'),
  target: text('target', 'ID'),
  block: { member: 'block', kind: 'number', shown: 'NUMBER' },
  hash: text('hash', 'HASH'),
  'of-server': { ...yes('of'), means: 'server' },
  'as-seen': text('asSeen', 'TEXT'),
  'redirect-uri': texts('redirectUris', 'URI'),
  'grant-type': texts('grantTypes', 'NAME'),
  'auth-method': text('authMethod', 'NAME'),
  'application-type': text('applicationType', 'web|native'),
  uri: text('uri', 'URL'),
  scopes: { ...texts('scope', 'NAME'), called: 'scope' },
  ttl: { member: 'ttl', kind: 'seconds', shown: 'DURATION' },
  resource: text('resource', 'URL'),
  'organization-name': text('organizationName', 'TEXT'),
  most: { member: 'most', kind: 'number', shown: 'NUMBER' },
};

const PASSWORD = ['password-stdin'];
const FILTER = ['user', 'client', 'scope', 'organization', 'unused-since'];
const LOG = { flags: ['user', 'kind', 'act', 'by', 'target', 'since', 'until'], userAs: 'target' };
const ACCOUNT = ['id', 'username', 'name', 'email', 'permissions', 'disabled', 'createdAt'];
const IDENTITY = ['userId', 'issuer', 'account', 'createdAt'];
const DECIDED = ['clientId', 'name', 'hosts', 'userId', 'at'];
const GRANT = ['id', 'userId', 'clientId', 'scope', 'organization', 'createdAt', 'usedAt'];

/** Every noun, by name. */
export const NOUNS: { readonly [noun: string]: Noun } = {
  user: {
    what: 'USER is an id, a user name or a verified address.',
    verbs: {
      list: { does: 'accounts of this server', act: 'users', rows: 'users', columns: ACCOUNT },
      outside: { does: 'identities at other sites, with their user', act: 'users/outside', rows: 'identities', columns: IDENTITY },
      find: {
        does: 'finds users by id, user name, address, or the name of the account at another site',
        act: 'users/find',
        words: ['q=TEXT'],
        work: 'find',
      },
      show: { does: 'account, identities, passkeys, second factor and sessions of a user', act: 'users/show', words: ['id=USER'] },
      create: {
        does: 'creates an account; asks for a password unless --no-password is given',
        act: 'users/create',
        method: 'POST',
        words: ['username=NAME'],
        flags: ['name', 'email', 'email-verified', 'permission', ...PASSWORD, 'no-password'],
        work: 'password',
      },
      'set-password': { does: 'sets a new password and ends every session and grant', act: 'users/set-password', method: 'POST', words: ['id=USER'], flags: PASSWORD, work: 'password', asks: 'Set a new password, and end every session and grant of' }, // prettier-ignore
      'set-permissions': { does: 'replaces all permissions of the user', act: 'users/set-permissions', method: 'POST', words: ['id=USER'], flags: ['permission', 'none', 'last'], work: 'permissions', shutsOut: true, asks: 'Change the permissions of' }, // prettier-ignore
      disable: { does: 'ends every session, grant and key, until it is enabled', act: 'users/disable', method: 'POST', words: ['id=USER'], flags: ['last'], shutsOut: true, asks: 'Disable, and end every session, grant and key of' }, // prettier-ignore
      enable: { does: 'lets a disabled user sign in again', act: 'users/enable', method: 'POST', words: ['id=USER'] },
      'sign-out': { does: 'ends every session and grant', act: 'users/sign-out', method: 'POST', words: ['id=USER'], asks: 'End every session and grant of' }, // prettier-ignore
      remove: { does: 'deletes the user; this cannot be undone', act: 'users/remove', method: 'POST', words: ['id=USER'], flags: ['last'], shutsOut: true, asks: 'Remove, for good,' }, // prettier-ignore
      'remove-identity': { does: 'removes the link to an account at another site', act: 'users/remove-identity', method: 'POST', words: ['id=USER', 'identity=ID'], asks: 'Remove this way to sign in of' }, // prettier-ignore
      'remove-passkey': { does: 'removes a passkey', act: 'users/remove-passkey', method: 'POST', words: ['id=USER', 'passkey=ID'], asks: 'Remove this passkey of' }, // prettier-ignore
      'remove-factor': { does: 'removes the second factor', act: 'users/remove-second-factor', method: 'POST', words: ['id=USER'], asks: 'Remove the second factor of' }, // prettier-ignore
      'forget-consents': {
        does: 'forgets remembered consents, so that the user is asked again',
        act: 'consents/forget',
        method: 'POST',
        words: ['user=USER'],
        flags: ['client'],
      },
    },
    examples: ['user find alice@acme.example', 'user create alice --permission notes.read', 'user disable alice --yes'],
  },
  client: {
    what: '',
    verbs: {
      list: {
        does: 'registered clients',
        act: 'clients',
        rows: 'clients',
        columns: ['id', 'name', 'authMethod', 'redirectUris', 'createdAt'],
      },
      ...Object.fromEntries(['waiting', 'approved', 'blocked'].map((status) => [status, { does: status === 'waiting' ? 'clients that wait for approval' : `${status} clients`, act: 'clients/by-status', rows: 'clients', columns: DECIDED, input: { status } }])), // prettier-ignore
      show: { does: 'one client, and whether it was approved or blocked', act: 'clients/show', words: ['id=ID'] },
      create: {
        does: 'creates a client and prints its secret once',
        act: 'clients/create',
        method: 'POST',
        words: ['name=NAME'],
        flags: ['redirect-uri', 'grant-type', 'auth-method', 'scopes', 'application-type', 'uri'],
      },
      approve: {
        does: 'lets users who wait for it continue; --as-seen: only if it still is what `client show` said under `seen`',
        act: 'clients/approve',
        method: 'POST',
        words: ['id=ID'],
        flags: ['as-seen'],
      },
      block: { does: 'ends its grants and refuses it from now on', act: 'clients/block', method: 'POST', words: ['id=ID'], flags: ['as-seen'], asks: 'Block, and end every grant of' }, // prettier-ignore
      reset: {
        does: 'undoes approve or block',
        act: 'clients/reset',
        method: 'POST',
        words: ['id=ID'],
        asks: 'Undo approve or block of',
      },
      delete: {
        does: 'deletes the client and its grants',
        act: 'clients/delete',
        method: 'POST',
        words: ['id=ID'],
        asks: 'Delete, with all of its grants,',
      },
      policy: { does: 'what happens to new clients', act: 'clients/policy' },
      'set-new': { does: 'what happens to new clients: allow, approve, refuse, or configured', act: 'clients/set-new', method: 'POST', words: ['newClients=MODE'], asks: 'From now on, new clients are treated as' }, // prettier-ignore
    },
    examples: ['client waiting', 'client approve https://app.example/client.json', 'client create Nightly --scope notes.read'],
  },
  grant: {
    what: 'A grant is what a user allowed a client. TIME is a duration before now, or a date.',
    verbs: {
      list: { does: 'grants of a user, of a client, or all', act: 'grants', flags: FILTER, rows: 'grants', columns: GRANT },
      show: { does: 'one grant', act: 'grants/show', words: ['id=ID'] },
      revoke: {
        does: 'ends one grant, from the next call on',
        act: 'grants/revoke',
        method: 'POST',
        words: ['id=ID'],
        asks: 'Revoke the grant',
      },
      'revoke-all': {
        does: 'ends all that match; says how many first',
        act: 'grants/revoke-all',
        method: 'POST',
        flags: FILTER,
        work: 'revokeAll',
      },
    },
    examples: ['grant list --user alice', 'grant revoke-all --client abc --scope notes.write', 'grant revoke-all --unused-since 90d --yes'],
  },
  session: {
    what: 'A session is a signed-in browser, or a signed-in command line.',
    verbs: {
      list: { does: 'sessions of a user', act: 'users/show', words: ['id=USER'], rows: 'sessions', work: 'sessions' },
      end: {
        does: 'ends one session',
        act: 'users/end-session',
        method: 'POST',
        words: ['id=USER', 'session=ID'],
        asks: 'End a session of',
      },
    },
    examples: ['session list alice', 'session end alice d41d8cd98f00b204e98009'],
  },
  key: {
    what: 'Service keys, and personal access tokens, which their users make. DURATION is 90d, 12h and so on.',
    verbs: {
      list: { does: 'keys of a user, an organization, the server, or all', act: 'keys', flags: ['user', 'organization', 'of-server'], rows: 'keys', columns: ['id', 'kind', 'name', 'userId', 'scope', 'organization', 'expiresAt', 'lastUsedAt'] }, // prettier-ignore
      create: { does: 'creates a service key and prints it once', act: 'keys/create', method: 'POST', words: ['name=NAME'], flags: ['scopes', 'ttl', 'resource', 'organization', 'organization-name'], work: 'key' }, // prettier-ignore
      revoke: {
        does: 'ends a key of either kind, from the next call on',
        act: 'keys/revoke',
        method: 'POST',
        words: ['id=ID'],
        asks: 'Revoke the key',
      },
    },
    examples: ['key list --of-server', 'key create Nightly --scope notes.read --ttl 90d --resource https://mcp.example/mcp'],
  },
  token: {
    what: 'Reads the token from the standard input, or asks for it: never as an argument, which other programs can see.',
    verbs: { inspect: { does: 'whose it is, and whether it is valid', act: 'tokens/inspect', method: 'POST', work: 'token' } },
    examples: ['token inspect < token.txt'],
  },
  audit: {
    what: 'TIME is a duration before now, or a date. All but list need a server with the option `audit`, which keeps a log.',
    verbs: {
      list: { does: 'changes by administrators, oldest first', act: 'audit', flags: ['since'], rows: 'entries', columns: ['at', 'by', 'act', 'target', 'outcome'] }, // prettier-ignore
      log: { does: 'the audit log, newest first', act: 'audit/entries', ...LOG, rows: 'entries', pager: 'before', columns: ['at', 'kind', 'by', 'act', 'userId', 'clientId', 'target', 'reason'] }, // prettier-ignore
      export: { does: 'all of it, oldest first, as JSON lines', act: 'audit/export', ...LOG, work: 'export' },
      verify: { does: 'whether something in it was changed or removed; --block and --hash: a head noted earlier', act: 'audit/verify', flags: ['block', 'hash'], work: 'verify' }, // prettier-ignore
    },
    examples: ['audit log --user alice --since 7d', 'audit export --since 2026-11-01 > audit.jsonl', 'audit verify'],
  },
  store: {
    what: '',
    verbs: {
      health: { does: 'whether it can be written and read', act: 'health', work: 'health' },
      sweep: { does: 'removes expired records', act: 'sweep', method: 'POST', flags: ['most'], work: 'sweep' },
    },
    examples: ['store sweep'],
  },
};
