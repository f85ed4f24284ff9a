/** What the server itself does with an event, where options ask for it: counts it for metrics, keeps it in the audit log. */
import type { NewEvent } from '../model/event.ts';
import { appendEvent } from './audit/append.ts';
import type { AuditWriter } from './audit/entry.ts';
import { countEvent, type Counted } from './metrics.ts';

/** Observes an event. Never rejects. */
export async function observe(
  as: AuditWriter & Counted & { readonly settings: { readonly scrapeToken: string | null } },
  event: NewEvent,
): Promise<void> {
  if (as.settings.scrapeToken) countEvent(as, event);
  if (as.settings.audit) await appendEvent(as, event, as.now());
}
