/**
 * The administration as the server mounts it. It is a value of `portcullis/admin`, so that a server without it carries none of its code.
 */

import type { NewEvent } from './event.ts';

/** What `adminApi()` of `portcullis/admin` makes, for the option `admin`. */
export interface AdminApi {
  /** The permission that an administrator has. */
  readonly permission: string;
  /** Its acts, each at a path of its own below `/admin/api`. */
  readonly acts: readonly { readonly name: string; readonly method: 'GET' | 'POST' }[];
  /** Answers a request to an act. @param call of the server's endpoints. */
  readonly answer: (name: string, call: never) => Promise<Response>;
  /** Counts an event of a server for the act `measures`. */
  readonly note: (server: never, event: NewEvent) => void;
  /** Its pages, by path below `/admin`; the first one is empty. */
  readonly pages: readonly string[];
  /** Answers a request to a page. */
  readonly page: (name: string, call: never) => Promise<Response>;
}

/** A change that an administrator made, as it is kept. */
export type AuditRecord = {
  readonly v: 1;
  readonly at: number;
  /** The act: `users/disable`. */
  readonly act: string;
  /** The administrator. */
  readonly by: string;
  /** The id of the user, client, grant or key that it was about. */
  readonly target?: string;
  /** The id of what was made. */
  readonly made?: string;
  /** Absent while it runs, or if the process ended in between. */
  readonly outcome?: 'done' | 'refused' | 'failed';
};
