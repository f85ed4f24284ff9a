/** One trip to a provider and back, without a server of ours around it. */
import type { Identity } from '../../src/model/identity.ts';
import { type FakeUpstream, type FakeUpstreamOptions, makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import type { CallbackResult, Upstream } from '../../src/upstreams/contract.ts';
import { UpstreamError } from '../../src/upstreams/contract.ts';

export const REDIRECT = 'https://mcp.example/authorize/callback/test';
export const APP = { clientId: 'portcullis', clientSecret: 'upstream-client-secret' } as const;
export const STATE = 's'.repeat(43);
export const realNow = (): number => Math.floor(Date.now() / 1000);

/** A fake provider for that trip. */
export function fakeProvider(more: Partial<FakeUpstreamOptions> = {}): Promise<FakeUpstream> {
  return makeFakeUpstream({ ...APP, redirectUri: REDIRECT, now: realNow, ...more });
}

/** Where a provider sends the browser. */
export async function locationOf(provider: Upstream, env: unknown = {}): Promise<URL> {
  return new URL((await provider.startSignIn({ redirectUri: REDIRECT, state: STATE, env })).location);
}

/** There and back. `visit` is the person at the provider. */
export async function trip(provider: Upstream, visit: (location: string) => Promise<string>, now: number = realNow()): Promise<Identity> {
  return (await arrival(provider, visit, { now })).identity;
}

/** The same, with the tokens. @param choice `redirectUri`: what the code is redeemed with, where it is not that of the departure. */
export async function arrival(
  provider: Upstream,
  visit: (location: string) => Promise<string>,
  { now = realNow(), redirectUri = REDIRECT, offline = false }: { now?: number; redirectUri?: string; offline?: boolean } = {},
): Promise<CallbackResult> {
  const { location, keep } = await provider.startSignIn({ redirectUri: REDIRECT, state: STATE, env: {}, offline });
  const parameters = new URL(await visit(location)).searchParams;
  return provider.finishSignIn({ redirectUri, state: STATE, parameters, kept: keep, now, env: {} });
}

/** How a trip failed: the kind and the reason; throws when it did not, or not by an `UpstreamError`. */
export async function failureIn(going: Promise<unknown>): Promise<string> {
  const outcome = await going.catch((error: unknown) => error);
  if (outcome instanceof UpstreamError) return `${outcome.failure} ${outcome.reason}`;
  throw outcome instanceof Error ? outcome : new Error(`It did not fail: ${JSON.stringify(outcome)}`);
}
