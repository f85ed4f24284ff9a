/**
 * Faults of the two reviews that the simulation cannot see, with the reason and what sees them instead. Every id of a review stands here or
 * among the faults of `faults.ts`.
 */

/** One of them. */
export interface Unseen {
  readonly ids: readonly string[];
  readonly why: string;
}

export const UNSEEN: readonly Unseen[] = [
  { ids: ['F-05', 'F-06', 'F-07'], why: 'the clients open no MCP sessions and streams and answer no questions (`test/mcp/elicitation`, `test/mcp/sessions`)' },
  { ids: ['F-14', 'F-64', 'F-65', 'F-70'], why: 'it is in the drivers of real databases, and the simulated store is none of them (`test/stores`)' },
  { ids: ['F-15'], why: 'the simulated store is atomic throughout, with no cache before it (`test/stores/composed.test.ts`)' },
  { ids: ['F-20', 'F-68', 'R-54'], why: 'it is in sockets of Node, and requests come whole here (`test/node`)' },
  { ids: ['F-31', 'F-39', 'F-41', 'F-43', 'F-55', 'R-34', 'R-39', 'R-55'], why: 'it is in a way of setting the server up that is not the simulated one, wrong from the first request on' },
  { ids: ['F-32', 'F-33', 'F-37', 'F-44'], why: 'the people have no passkeys, no second factors and no joined sign-ins (`test/journeys/sign-ins.test.ts`, `test/logins`)' },
  { ids: ['F-51', 'F-52'], why: 'only workerd drops the rest of a request that was cut off (`test/worker/cut-off.test.ts`)' },
  { ids: ['F-53', 'F-54', 'F-56', 'F-57', 'F-59'], why: 'the server takes no tokens of other authorization servers (`test/verifiers`)' },
  { ids: ['F-58'], why: 'it is in the command line (`test/cli`)' },
  { ids: ['F-61', 'F-67'], why: 'virtual time measures neither memory nor processors (`test/runtimes/leaks.test.ts`, `test/node/runtime-hash-queue.test.ts`)' },
  { ids: ['R-16', 'R-17'], why: 'the server has one address and no proxy (`test/node/serve-other-name.test.ts`, `test/journeys/issuer-path.test.ts`)' },
  { ids: ['R-35', 'R-36', 'R-37'], why: 'the site is a plain OpenID provider, without parts of a grant, organizations and endpoints of its own (`test/upstreams`)' },
  { ids: ['R-56'], why: 'permissions come from accounts alone (`test/journeys/permissions.test.ts`)' },
]; // prettier-ignore
