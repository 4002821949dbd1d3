import type { ServiceEvent } from '../events.js';
import { failureText } from '../failure.js';
import type { UnreadableRecord } from './record-store.js';

/** The event that names a record which can't be read. */
export const unreadableEvent = ({ key, syncId, error }: UnreadableRecord): ServiceEvent => ({
  type: 'record-unreadable',
  key,
  ...(syncId !== undefined && { syncId }),
  ...failureText(error),
});
