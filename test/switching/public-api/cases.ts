/** All cases of the public API. */
import { authorize } from './authorize.ts';
import { callbacks } from './callbacks.ts';
import type { Case } from './case.ts';
import { consent } from './consent.ts';
import { documents } from './documents.ts';
import { enterprise } from './enterprise.ts';
import { helpers } from './helpers.ts';
import { metadata } from './metadata.ts';
import { options } from './options.ts';
import { register } from './register.ts';
import { resource } from './resource.ts';
import { revoke } from './revoke.ts';
import { roles } from './roles.ts';
import { routes } from './routes.ts';
import { token } from './token.ts';

const bySubject = {
  options,
  routes,
  metadata,
  register,
  authorize,
  token,
  revoke,
  resource,
  callbacks,
  helpers,
  consent,
  documents,
  roles,
  enterprise,
};

/** In the order in which they run; what is expected of each stands in `expected`. */
export const cases: readonly (Case & { readonly subject: string })[] = Object.entries(bySubject).flatMap(([subject, list]) =>
  list.map((one) => ({ subject, ...one })),
);
