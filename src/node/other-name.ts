/**
 * Warns about a missing issuer: a server without one uses localhost in all of its URLs. Behind a tunnel no client can use those, so the
 * operator is told, once, the host name of a request.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** A name of the DNS, with a port perhaps: nothing else of a stranger's header comes into a log. */
const NAME = /^(?=.{1,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])?(?::\d{1,5})?$/i;

let isTold = false;

/** Warns once in a process, where a request came for another name than localhost. */
export function tellOfOtherName({ host, 'x-forwarded-host': forwarded }: IncomingHttpHeaders): void {
  if (isTold) return;
  const names = [host, typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined];
  const name = names.find((one) => one !== undefined && NAME.test(one) && !/\.localhost(:|$)/i.test(one));
  if (name === undefined) return;
  isTold = true;
  console.warn(`portcullis: a request came for ${name}; set PORTCULLIS_ISSUER=https://${name}`);
}
