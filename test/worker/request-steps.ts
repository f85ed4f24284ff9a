/** Steps of a test that the Worker runs as requests of their own; it runs in the isolate of the tests. */

/** One step of a test, run as a request of the Worker. */
export type Step = (ctx: ExecutionContext) => Promise<unknown>;

/** By the path of the request. */
export const steps = globalThis as { portcullisSteps?: Map<string, Step> };

/** What the Worker answers: the step that a request names; null where it names none. */
export function runStep(request: Request, ctx: ExecutionContext): Promise<Response> | null {
  const step = steps.portcullisSteps?.get(new URL(request.url).pathname.slice(1));
  return step ? step(ctx).then((value) => Response.json(value ?? null)) : null;
}
