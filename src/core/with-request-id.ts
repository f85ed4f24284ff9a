/** The server for one request: the same server, whose events carry the id of the request. */
import { endedEvent, type NewEvent } from '../model/event.ts';
import type { AuthServer } from './auth-server.ts';
import type { Records } from './records/records.ts';

/** The server for one request. @param requestId made when it is first asked for. */
export function withRequestId(as: AuthServer, requestId: () => string): AuthServer {
  const isOurs = as.settings.on === null; // the default listener prints only the id that a failure carries
  const emit = (event: NewEvent): void => as.emit(isOurs ? event : { requestId: requestId(), ...event });
  const changeGrant: Records['changeGrant'] = (id, transition) =>
    as.records.changeGrant(id, transition, (grant) => {
      const event = endedEvent(grant);
      if (event) emit(event);
    });
  return { ...as, emit, records: { ...as.records, changeGrant } };
}
