/**
 * Site: the endpoints with HTML pages, which exist only where the server has a login to offer: path × method → endpoint. Pages, sign-in and account
 * are loaded with their first request. A server with pages of its own is built without all of this (`own-pages.ts`).
 */
import { callbackPath, type Endpoint, keysPath, loginPagesOf, sectionPath, sectionsOf, signInsPath } from './endpoints/endpoint.ts';
import { lazy } from './lib/async.ts';
import type { AdminApi, Settings } from './model/settings.ts';
import { haveSignIn, hostOf, isRedirect, isSite } from './model/login.ts';
import type { PersonRoute, Route } from './server.ts';

const accessKeys = lazy(async () => (await import('./endpoints/account/access-keys.ts')).accessKeys);
const account = lazy(async () => (await import('./endpoints/account/account.ts')).account);
const accountSection = lazy(async () => (await import('./endpoints/account/account.ts')).accountSection);
const approve = lazy(async () => (await import('./endpoints/authorize/consent.ts')).submitConsent);
const authorize = lazy(async () => (await import('./endpoints/authorize/authorize.ts')).authorize);
const callback = lazy(async () => (await import('./endpoints/authorize/upstream-sign-in.ts')).callback);
const notMe = lazy(async () => (await import('./endpoints/account/login.ts')).notMe);
const postedCallback = lazy(async () => (await import('./endpoints/sign-in/pages.ts')).postedCallback);
const connect = lazy(async () => (await import('./endpoints/account/linked-accounts.ts')).connect);
const errorPage = lazy(async () => (await import('./pages/message.ts')).errorPage);
const device = lazy(async () => (await import('./endpoints/authorize/device.ts')).device);
const deviceAuthorization = lazy(async () => (await import('./endpoints/authorize/device.ts')).deviceAuthorization);
const detectLanguage = lazy(async () => (await import('./endpoints/sign-in/browser-context.ts')).detectLanguage);
const login = lazy(async () => (await import('./endpoints/account/login.ts')).login);
const loginPageOf = lazy(async () => (await import('./endpoints/account/login.ts')).loginPageOf);
const logo = lazy(async () => (await import('./endpoints/authorize/logo.ts')).logo);
const prepareLogins = lazy(async () => (await import('./endpoints/sign-in/sign-in.ts')).prepareLogins);
const signIns = lazy(async () => (await import('./endpoints/account/linked-accounts.ts')).linkedLogins);
const step = lazy(async () => (await import('./endpoints/authorize/step.ts')).step);

/** What is the same for all pages. */
const PERSON: Pick<PersonRoute, 'reader' | 'begin' | 'errorPage'> = {
  reader: 'person',
  async begin(asked) {
    const call = await detectLanguage(asked);
    await prepareLogins(call);
    return call;
  },
  errorPage: (call, about) =>
    errorPage({ ...about, brand: call.as.settings.brand, contact: call.as.settings.clientPolicy?.contact, words: call.words }),
};

/** The routes for people of an issuer, by path. */
export function pageRoutesOf(settings: Settings): ReadonlyMap<string, Route> {
  const { paths, logins } = settings;
  const routes = new Map<string, Route>();
  if (!haveSignIn(logins)) return routes;
  const greeting = (endpoint: Endpoint): Endpoint =>
    hostOf(logins) ? lazy(async () => (await import('./endpoints/sign-in/sign-in.ts')).autoSignIn(endpoint)) : endpoint;
  routes.set(paths.authorize, {
    name: 'authorize',
    methods: { GET: greeting(authorize), HEAD: authorize, POST: authorize },
    ...PERSON,
  });
  routes.set(paths.approve, { name: 'approve', methods: { POST: finishing(approve) }, ...PERSON });
  routes.set(`${paths.authorize}/logo`, { name: 'logo', methods: { GET: logo }, reader: 'program' });
  if (paths.deviceAuthorization !== null) {
    routes.set(paths.deviceAuthorization, { name: 'device-authorization', methods: { POST: deviceAuthorization }, reader: 'program' });
    routes.set(paths.device, { name: 'device', methods: { GET: device, POST: device }, ...PERSON });
  }
  routes.set(paths.step, { name: 'step', methods: { POST: finishing(step) }, ...PERSON });
  for (const login of logins.filter(isSite)) {
    const GET = finishing((call) => callback(call, login));
    routes.set(callbackPath(paths.authorize, login.id), {
      name: 'callback',
      methods: { GET, POST: (call) => postedCallback(call, login) },
      ...PERSON,
    });
  }
  routes.set(`${paths.account}/connect`, { name: 'account/connect', methods: { GET: greeting(connect), POST: connect }, ...PERSON });
  if (settings.accessKeys?.personal)
    routes.set(keysPath(paths.account), {
      name: 'account/keys',
      methods: { GET: greeting(accessKeys), POST: finishing(accessKeys) },
      ...PERSON,
    });
  routes.set(paths.account, { name: 'account', methods: { GET: greeting(account), POST: account }, ...PERSON });
  if (logins.some(isRedirect))
    routes.set(signInsPath(paths.account), {
      name: 'account/sign-ins',
      methods: { GET: greeting(signIns), POST: signIns },
      ...PERSON,
    });
  if (settings.securityEmails) {
    routes.set(`${paths.account}/not-me`, { name: 'account/not-me', methods: { GET: notMe, POST: notMe }, ...PERSON });
  }
  for (const section of sectionsOf(settings)) {
    const endpoint: Endpoint = (call) => accountSection(call, section);
    routes.set(sectionPath(paths.account, section), {
      name: `account/${section.id}`,
      methods: { GET: greeting(endpoint), POST: endpoint },
      ...PERSON,
    });
  }
  for (const { login: id, page } of loginPagesOf(settings)) {
    const endpoint: Endpoint = (call) => loginPageOf(call, id, page);
    routes.set(`${paths.login}/${page.id}`, { name: `login/${page.id}`, methods: { GET: endpoint, POST: endpoint }, ...PERSON });
  }
  for (const { name, method } of settings.admin?.acts ?? []) {
    const endpoint: Endpoint = (call) => (settings.admin as AdminApi).answer(name, call as never);
    routes.set(`${paths.admin}/api/${name}`, { name: `admin/${name}`, methods: { [method]: endpoint }, reader: 'own' });
  }
  for (const name of settings.admin?.pages ?? []) {
    const endpoint: Endpoint = (call) => (settings.admin as AdminApi).page(name, call as never);
    const methods = { GET: greeting(endpoint), POST: finishing(endpoint) };
    routes.set(name === '' ? `${paths.admin}` : `${paths.admin}/${name}`, { name: 'admin', methods, ...PERSON });
  }
  return routes.set(paths.login, { name: 'login', methods: { GET: login, POST: login }, ...PERSON });
}

/**
 * Continues an endpoint after the browser has disconnected, which on Workers would end it: a second click drops the first request, and
 * needs its result.
 */
function finishing(endpoint: Endpoint): Endpoint {
  return (call) => {
    const work = endpoint(call);
    call.after(() => work.catch(() => undefined)); // the caller that awaits the answer gets the error
    return work;
  };
}
