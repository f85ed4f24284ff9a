/**
 * Node's server hands our own code a light request (`node/light-request`). Whatever is not our own gets a genuine one: it may
 * call `fetch(request)` or `new Request(request, …)`, which look inside.
 */

/** The request, fit for code that is not ours. In workerd it is that already. */
export function genuine(request: Request): Request {
  const light = request as { genuine?(): Request };
  return typeof light.genuine === 'function' ? light.genuine() : request;
}
