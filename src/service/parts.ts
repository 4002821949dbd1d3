import { AutoSync } from './auto-sync/auto-sync.js';
import { FleetTurns } from './fleet/fleet-turns.js';
import type { ResolvedServiceOptions } from './options.js';
import { openDocuments } from './records/document-store.js';
import { createLiveness } from './records/liveness.js';
import { NameIndex } from './records/name-index.js';
import { RecordEditor } from './records/record-editor.js';
import { RecordStore } from './records/record-store.js';
import type { StoredSync } from './records/stored-sync.js';
import { DueFinder } from './runs/find-due.js';
import { createActivity } from './runs/idle-tracker.js';
import { LocalRuns } from './runs/local-runs.js';
import { RunRequests } from './runs/run-requests.js';
import { Runner } from './runs/runner.js';
import { SourceLooks } from './runs/source-looks.js';

/** What a service is made of. */
export type ServiceParts = ReturnType<typeof createParts>;

export function createParts(options: ResolvedServiceOptions) {
  const liveness = createLiveness(options.clock);
  const documents = openDocuments(options);
  const records = new RecordStore(documents, liveness, options.emit);
  const editor = new RecordEditor(options, records, new NameIndex(documents, records, liveness));
  const activity = createActivity();
  const onDue = (stored: StoredSync) => void autoSync.take(stored);
  const runner = new Runner(options, records, onDue);
  const runs = new LocalRuns(options, records, runner, activity);
  const looks = new SourceLooks(options);
  const autoSync = new AutoSync(options, { records, runs, looks, activity });
  const finder = new DueFinder(options, records, looks);
  const turns = new FleetTurns(options);
  const requests = new RunRequests(options, records, runs, autoSync);
  return { options, records, onDue, editor, activity, runner, runs, autoSync, finder, turns, requests };
}
