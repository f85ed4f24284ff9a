/** What can be chosen for a project of `portcullis init`, and the arguments that choose it; errors are one line. */
import { basename, resolve } from 'node:path';
import { meant, parseFlags, usage } from '../flags.ts';
import { CliError } from '../terminal.ts';

/** What of a site stands in the project beside its client id and secret: the address of your account there. */
export interface Place {
  /** What it is, as asked and as said in `app.ts`. */
  readonly what: string;
  readonly example: string;
  readonly pattern: RegExp;
  /** The options of the provider. */
  options(place: string): Readonly<Record<string, string>>;
}

/** The name of a site on the command line. */
export type SiteName =
  'github' | 'google' | 'entra' | 'auth0' | 'workos' | 'stytch' | 'okta' | 'keycloak' | 'gitlab' | 'slack' | 'discord' | 'cloudflare-access' | 'oidc'; // prettier-ignore

/** A site. */
export interface Site {
  readonly title: string;
  /** The function of `portcullis/upstreams`. */
  readonly factory: string;
  /** What the names of its variables begin with. */
  readonly prefix: string;
  /** The id of its login, which stands in the callback. */
  readonly id: string;
  /** Who is an administrator: source text over `subject` and `claims`, and what it is. */
  readonly who: string;
  readonly people: string;
  readonly place?: Place;
}

const BY_ADDRESS = { who: "claims['email_verified'] === true && claims['email']", people: 'Verified e-mail addresses' };
const BY_ID = { who: 'subject', people: 'User ids' };
const ISSUER = { example: 'https://id.example.com', pattern: /^(?:https:\/\/|http:\/\/localhost\b)[\w.:/~-]+$/ };
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

function site(title: string, factory: string, more: Partial<Site> = {}): Site {
  const id = factory.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { title, factory, id, prefix: id.toUpperCase().replace('-', '_'), ...BY_ADDRESS, ...more };
}

/** Every site by its name on the command line. */
export const SITES: Readonly<Record<SiteName, Site>> = {
  github: site('GitHub', 'github', { ...BY_ID, people: 'User ids (`id` at https://api.github.com/users/NAME)' }), // a name can become another user's
  google: site('Google', 'google'),
  entra: site('Microsoft', 'entra', {
    ...BY_ID,
    people: 'User ids (TENANT_ID:OBJECT_ID)',
    place: {
      what: 'id of your tenant',
      example: '00000000-0000-0000-0000-000000000000',
      pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
      options: (tenant) => ({ tenant }),
    },
  }),
  auth0: site('Auth0', 'auth0', {
    place: { what: 'domain of your tenant', example: 'acme.eu.auth0.com', pattern: DOMAIN, options: (domain) => ({ domain }) },
  }),
  workos: site('WorkOS', 'workos'),
  stytch: site('Stytch', 'stytch', {
    ...BY_ID,
    place: {
      ...ISSUER,
      what: 'domain of your project',
      example: 'https://acme.customers.stytch.com',
      options: (projectDomain) => ({ projectDomain }),
    },
  }),
  okta: site('Okta', 'okta', {
    place: { what: 'domain of your organization', example: 'acme.okta.com', pattern: DOMAIN, options: (domain) => ({ domain }) },
  }),
  keycloak: site('Keycloak', 'keycloak', {
    place: {
      what: 'URL of your realm',
      example: 'https://login.example.com/realms/acme',
      pattern: /^(?:https:\/\/|http:\/\/localhost\b)[\w.:/~-]+\/realms\/[\w.~-]+$/,
      options: (place) => ({ url: place.replace(/\/realms\/.*$/, ''), realm: place.replace(/^.*\/realms\//, '') }),
    },
  }),
  gitlab: site('GitLab', 'gitlab'),
  slack: site('Slack', 'slack'),
  discord: site('Discord', 'discord'),
  'cloudflare-access': site('Cloudflare Access', 'cloudflareAccess', {
    ...BY_ID,
    place: {
      ...ISSUER,
      what: 'issuer of your application',
      example: 'https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/abc123',
      options: (issuer) => ({ issuer }),
    },
  }),
  oidc: site('single sign-on', 'oidc', { place: { ...ISSUER, what: 'issuer of your OpenID provider', options: (issuer) => ({ issuer }) } }),
};

/** The site with a name. */
export function siteOf(name: SiteName): Site {
  return SITES[name];
}

/** The runtimes of the server. */
export const RUNTIMES = ['node', 'workers', 'both'] as const;
/** How users sign in: with accounts of this server, or at a provider. */
export const LOGINS: readonly ('password' | SiteName)[] = ['password', ...(Object.keys(SITES) as SiteName[])];

/** A project. */
export interface Project {
  /** The folder, absolute. */
  readonly folder: string;
  /** Name of the package and of the server. */
  readonly name: string;
  readonly runtime: (typeof RUNTIMES)[number];
  readonly login: (typeof LOGINS)[number];
  /** The address of your account at the site, where it has one: domain, tenant or issuer. */
  readonly place?: string;
  /** Whether dependencies are installed. */
  readonly installs: boolean;
}

/** The given arguments; missing ones are asked, or have a default with `--yes`. */
export interface InitOptions extends Partial<Omit<Project, 'folder' | 'name'>> {
  readonly folder?: string;
  readonly name?: string;
  /** Asks nothing. */
  readonly yes: boolean;
  readonly json: boolean;
}

/** The usage text. */
export const INIT_USAGE: string = `Usage: portcullis init [FOLDER] [options]

Makes a protected MCP server: sign-in, consent, two tools, and a test of its own. It asks for what is not given, and never overwrites
a file.

  --runtime node|workers|both       where it runs (default: node)
  --login password|SITE             how users sign in (default: password, with accounts of its own); a SITE is one of
                                    ${Object.keys(SITES).slice(0, 7).join(', ')},
                                    ${Object.keys(SITES).slice(7).join(', ')} (any OpenID provider)
  --place ADDRESS                   your domain, tenant or issuer at that site, such as acme.eu.auth0.com
  --name NAME                       name of the server (default: that of the folder)
  --no-install                      do not install the dependencies
  --yes                             ask nothing, use the defaults
  --json                            print what was made as JSON
  --help

Examples:
  npx portcullis init notes --yes
  npx portcullis init notes --runtime both --login github
  npx portcullis init notes --login auth0 --place acme.eu.auth0.com
  npm create portcullis notes

Exit code: 0 when the project is there, 1 when it is not, 2 for a usage error.`;

const HELP = 'init --help';

const FLAGS = {
  runtime: { type: 'string' },
  login: { type: 'string' },
  place: { type: 'string' },
  name: { type: 'string' },
  'no-install': { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  json: { type: 'boolean' },
} as const;

/** Reads the arguments after the word `init`. @throws {CliError} with 2. */
export function parseInitOptions(argv: readonly string[]): InitOptions {
  const { values, positionals } = parseFlags(argv, FLAGS, HELP);
  const [folder, ...more] = positionals;
  if (more.length > 0) throw usage('init takes one folder', HELP);
  const runtime = oneOf('--runtime', values.runtime, RUNTIMES);
  const login = oneOf('--login', values.login, LOGINS);
  if (values.name !== undefined && !isName(values.name))
    throw usage('--name takes lower-case letters, digits and -, beginning with a letter, at most 50', HELP);
  if (values.place !== undefined) checkPlace(login, values.place);
  return {
    ...(values.place !== undefined && { place: values.place }),
    ...(folder !== undefined && { folder }),
    ...(values.name !== undefined && { name: values.name }),
    ...(runtime !== undefined && { runtime }),
    ...(login !== undefined && { login }),
    ...(values['no-install'] === true && { installs: false }),
    yes: values.yes === true,
    json: values.json === true,
  };
}

/** A project from the given arguments, with defaults for the others. */
export function projectOf({ folder = '.', name, runtime = 'node', login = 'password', place, installs = true }: InitOptions): Project {
  const path = resolve(folder);
  return { folder: path, name: name ?? nameOf(path), runtime, login, ...(place !== undefined && { place }), installs };
}

/** A name that npm and Cloudflare accept, from the name of a folder. */
export function nameOf(folder: string): string {
  const name = basename(folder).toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-+$/g, '').slice(0, 50).replace(/-+$/, ''); // prettier-ignore
  return name === '' ? 'mcp-server' : name;
}

/** It is written into a source file, so its form is known. */
function checkPlace(login: Project['login'] | undefined, place: string): void {
  if (login === undefined || login === 'password') throw usage('--place belongs to a site; give --login, too', HELP);
  const { place: asked, title } = siteOf(login);
  if (asked === undefined) throw usage(`--place is not needed for ${title}; leave it out`, HELP);
  if (!asked.pattern.test(place)) throw usage(`--place is the ${asked.what}, such as ${asked.example}`, HELP);
}

function isName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,48}[a-z0-9]$|^[a-z]$/.test(name);
}

function oneOf<const T extends string>(flag: string, value: string | undefined, choices: readonly T[]): T | undefined {
  const chosen = choices.find((choice) => choice === value);
  if (value !== undefined && chosen === undefined) {
    throw new CliError(`${flag} cannot be ${JSON.stringify(value)}${meant(value, choices) || `; use one of ${choices.join(', ')}.`} See: portcullis ${HELP}`, 2); // prettier-ignore
  }
  return chosen;
}
