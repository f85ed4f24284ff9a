/** The input of every check. */
import type { Ask } from './ask.ts';
import type { Findings } from './findings.ts';
import type { Limits } from './limits.ts';
import type { DoctorOptions } from './options.ts';

/** One run of the doctor. */
export interface Run {
  readonly options: DoctorOptions;
  /** The MCP endpoint, as it was typed. */
  readonly url: string;
  readonly limits: Limits;
  readonly ask: Ask;
  readonly findings: Findings;
}

/** A JSON document that a check reads. */
export type Document = { readonly [member: string]: unknown };

/** The strings of a member that is a list; null where it is absent or not a list. */
export function listOf(document: Document, member: string): readonly string[] | null {
  const value = document[member];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null;
}

/** A member that is a string that is not empty; null where it is not. */
export function textOf(document: Document, member: string): string | null {
  const value = document[member];
  return typeof value === 'string' && value !== '' ? value : null;
}
