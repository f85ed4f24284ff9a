/**
 * A request that is cut off, in the real workerd. A cancelled call of a service binding drops everything that the request still waited for:
 * no promise of it settles, no `finally` runs. Only in workerd: the Worker under test runs in the isolate of the tests.
 */
import { SELF } from 'cloudflare:test';
import { type Step, steps } from './request-steps.ts';

/** Runs a step as a request of its own, and cuts that off when the step has come as far as `hang`. */
export async function cutOff(work: (hang: () => Promise<never>, ctx: ExecutionContext) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const now = { isHung: false, isOver: false };
  const hang = (): Promise<never> => {
    now.isHung = true;
    return new Promise((_, reject) => setTimeout(() => reject(new Error('The request was not cut off.')), 20_000));
  };
  const sent = send((ctx) => work(hang, ctx), controller.signal).finally(() => (now.isOver = true));
  sent.catch(() => undefined);
  // Looked at again and again: a promise that the other request settles would go on within that request, and end with it.
  while (!now.isHung && !now.isOver) await new Promise((next) => setTimeout(next, 5));
  controller.abort();
  const answer = await sent.then(
    (response) => response.text(),
    () => null,
  );
  if (answer !== null) throw new Error(`The request was answered before it was cut off: ${answer}`);
}

/** Runs a step as a request of its own, and gives what it answers. */
export async function asRequest<T>(work: Step): Promise<T> {
  const response = await send(work);
  return (await response.json()) as T;
}

function send(work: Step, signal?: AbortSignal): Promise<Response> {
  const id = crypto.randomUUID();
  const all = (steps.portcullisSteps ??= new Map<string, Step>());
  all.set(id, work);
  return SELF.fetch(`https://steps.example/${id}`, signal ? { signal } : {});
}
