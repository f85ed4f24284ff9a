/** `portcullis/testing`: a clock, a browser without a window, an OAuth client, fakes of identity providers, and the test suite for stores. */
export { type Browser, type BrowserPage, makeBrowser } from './browser.ts';
export { type Clock, makeClock } from './clock.ts';
export { codeOf, registerClient, type TestClient, tokenFor, type Tokens, tokensOf } from './oauth-client.ts';
export { storeSuite } from './store-suite.ts';
export type { StoreCase } from './store-case.ts';
export { type FakeGitHub, makeFakeGitHub } from './fake-github.ts';
export { type FakeUpstream, makeFakeUpstream } from './fake-upstream.ts';
export { type FakeSlack, makeFakeSlack } from './fake-slack.ts';
export { type FakeStytch, makeFakeStytch } from './fake-stytch.ts';
export { faultyStore, type FaultyStore } from './faulty-store.ts';
