/** What users test their servers with: a clock, a browser without a window, an OAuth client, and the suite for stores. */
export { type Browser, type BrowserPage, makeBrowser, type Send } from './browser.ts';
export { type Clock, makeClock } from './clock.ts';
export { codeOf, type JsonAnswer, registerClient, type TestClient, type TestClientOptions, type Tokens, tokensOf } from './oauth-client.ts';
export * from './store-suite.ts';
export { type FakeGitHub, type FakeGitHubOptions, makeFakeGitHub } from './fake-github.ts';
export { type Decision, type FakeEndpoint, type FakeUpstream, type FakeUpstreamOptions, makeFakeUpstream } from './fake-upstream.ts';
export { type FakeSlack, makeFakeSlack } from './fake-slack.ts';
export { type FakeStytch, type FakeStytchOptions, makeFakeStytch } from './fake-stytch.ts';
export type { Forge } from './fake-signer.ts';
export type { Registered } from './fake-codes.ts';
export { faultyStore, type FaultyStore, type FaultyStoreOptions, type StoreFault } from './faulty-store.ts';
export type { FakeTokens, Given, TokenWays } from './fake-tokens.ts';
export type { Fault } from './fault.ts';
