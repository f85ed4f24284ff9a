/** All cases of the public API. */
import { authorize } from './authorize.ts';
import type { Case } from './case.ts';
import { metadata } from './metadata.ts';
import { options } from './options.ts';
import { routes } from './routes.ts';
import { token } from './token.ts';

const bySubject = { options, routes, metadata, authorize, token };

/** In the order in which they run; what is expected of each stands in `expected`. */
export const cases: readonly (Case & { readonly subject: string })[] = Object.entries(bySubject).flatMap(([subject, list]) =>
  list.map((one) => ({ subject, ...one })),
);
