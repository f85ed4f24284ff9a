/**
 * Node's server hands code of our own a light request (`node/http/lazy-request`), a third of the price. Whatever is not our own gets a
 * genuine one: it may call `fetch(request)` or `new Request(request, …)`, which look inside.
 */

/** Says of an object with `fetch`, or of a function of that shape, that it calls {@link toNativeRequest} before it hands a request to a stranger. */
export interface TakesLight {
  readonly takesLightRequests: true;
}

/** Whether an application, or its `fetch`, said so. */
export function takesLight(app: object): boolean {
  const { takesLightRequests, fetch } = app as Partial<TakesLight> & { readonly fetch?: Partial<TakesLight> };
  return takesLightRequests === true || fetch?.takesLightRequests === true;
}

/** The request, fit for code that is not ours. In workerd it is that already. */
export function toNativeRequest(request: Request): Request {
  const light = request as { genuine?(): Request };
  return typeof light.genuine === 'function' ? light.genuine() : request;
}

/** The response, fit for a server that is not ours: Bun, Deno and others look inside. Of a light one (`node/http/lazy-response`) the real one. */
export function toNativeResponse(response: Response): Response {
  return (response as { readonly real?: Response }).real ?? response;
}
