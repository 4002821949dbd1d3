import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import type { SyncPlan } from '../../../src/contracts/plan.js';
import type { SecretSource } from '../../../src/contracts/source.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { formatPlan } from '../../../src/format/format-plan.js';
import { formatResult } from '../../../src/format/format-result.js';
import { memorySource } from '../../../src/sources/memory.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { captureOutput } from '../../../src/testing/leaks/captured-output.js';
import { holdingTime, type AnyEngine, type Site } from '../sites.js';
import type { SyncResult } from '../../../src/contracts/result.js';
import type { AnyDestinationDriver } from '../../../src/contracts/typed-definition.js';

export const canaries = createCanaries(11);
const [token, keyText] = canaries.tokens.map(({ text }) => text);
/** What the emulators take as a token, and what fingerprints are made with: both are as secret as a value. */
export const TOKEN = token ?? '';
export const SECRET_KEY = keyText ?? '';
export const VALUES = canaries.values.map(({ text }) => text);

/** Everything that can be seen of some calls, by channel. */
export type Channels = Map<string, unknown[]>;

function note(channels: Channels, channel: string, ...things: readonly unknown[]): void {
  channels.set(channel, [...(channels.get(channel) ?? []), ...things]);
}

function notePlan(channels: Channels, plan: SyncPlan): void {
  note(channels, 'a plan', plan);
  for (const format of ['text', 'markdown'] as const)
    note(channels, 'formatPlan', formatPlan(plan, { format }));
}

function noteResult(channels: Channels, result: SyncResult): void {
  note(channels, 'a result', result);
  for (const format of ['text', 'markdown'] as const)
    note(channels, 'formatResult', formatResult(result, { format }));
}

/** Calls, and notes what comes out: an answer, or an error with all that hangs on it. */
export async function noteEnd<Answer>(
  channels: Channels,
  call: () => Answer | Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    const answer = await call();
    note(channels, 'an answer', answer);
    return answer;
  } catch (error) {
    note(channels, 'an error', error);
    if (!isSecretSyncError(error)) return undefined;
    if (error.plan !== undefined) notePlan(channels, error.plan);
    if (error.result !== undefined) noteResult(channels, error.result);
    return undefined;
  }
}

const documentsOf = async (store: StateStore): Promise<readonly unknown[]> =>
  Promise.all((await store.list('')).map(async (key) => [key, await store.get(key)]));

async function storeOnDisk({ clock }: Site) {
  const directory = await mkdtemp(join(tmpdir(), 'secret-sync-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const contents = async (): Promise<readonly unknown[]> => {
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    return Promise.all(
      files
        .filter((file) => file.isFile())
        .map(async (file) => [file.name, await readFile(join(file.parentPath, file.name), 'utf8')]),
    );
  };
  return { store: holdingTime(clock, fileStore(directory)), contents };
}

/** Throws when anything that was planted shows in any channel. */
export function assertClean(channels: Channels): void {
  for (const [channel, things] of channels) canaries.assertAbsent(channel, things);
}

export interface Scene {
  /** Whether the store is one of files, which take their time to be flushed. Default: false. */
  readonly onDisk?: boolean;
  /** What goes wrong, once a plan has been made. */
  readonly fail?: (site: Site) => void;
  /** Default: the one of the site. */
  readonly driver?: AnyDestinationDriver;
  /** Default: the planted values, in memory. */
  readonly source?: SecretSource;
  readonly fetch?: typeof globalThis.fetch;
  /** Called with the engine, after all else. */
  readonly more?: (engine: AnyEngine, channels: Channels) => Promise<void>;
  /** Called with every event. */
  readonly onEvent?: (channels: Channels) => void;
}

/** Runs every operation with planted values at a destination that echoes what it gets, and collects what can be seen. */
export async function play(site: Site, scene: Scene = {}): Promise<Channels> {
  const stored =
    scene.onDisk === true ? await storeOnDisk(site) : { store: site.store, contents: documentsOf };
  const channels: Channels = new Map();
  const { driver = site.driver, fail = () => undefined } = scene;
  const secrets = memorySource(VALUES.map((text, index) => [`KEY_${index}`, text] as const));
  // What stands there is secret too: one value that differs, and one to be deleted.
  site.edit('KEY_0', VALUES[1] ?? '');
  site.edit('GONE', VALUES[2] ?? '');
  const { engine, events } = site.engine({
    drivers: [driver],
    source: scene.source ?? secrets,
    store: stored.store,
    fingerprintKey: SECRET_KEY,
    fetch: site.clock.track(scene.fetch ?? site.emulator.fetch),
    retry: { retries: 1 },
    onEvent: () => scene.onEvent?.(channels),
  });
  const definition = site.definition({ syncOptions: { deletionScope: 'matching' } });
  const call = <Answer>(work: () => Promise<Answer>) => noteEnd(channels, work);
  const printed = await captureOutput(async () => {
    const plan = await call(() => engine.plan(definition));
    if (plan !== undefined) notePlan(channels, plan);
    fail(site);
    if (plan !== undefined) await call(() => engine.apply(plan));
    const result = await call(() => engine.sync(definition));
    if (result !== undefined) noteResult(channels, result);
    secrets.set('KEY_1', `${VALUES[1]}${VALUES[0]}`);
    secrets.delete('KEY_2');
    await call(() => engine.sync(definition, { force: true }));
    await call(() => engine.sync(definition, { signal: AbortSignal.abort() }));
    await call(() => engine.importSecrets(definition, { importBehavior: 'prioritize-destination' }));
    VALUES.forEach((text, index) => secrets.set(`BAD_${index}`, `${text}\0`));
    await call(() => engine.sync(definition));
    VALUES.forEach((_, index) => secrets.delete(`BAD_${index}`));
    await call(() => engine.removeSecrets(definition));
    await scene.more?.(engine, channels);
  });
  note(channels, 'the console', printed);
  note(channels, 'the events', events);
  note(channels, 'the store', ...(await stored.contents(stored.store)));
  note(
    channels,
    'a request, beside its body and authorization,',
    site.emulator.requests.map(({ url, headers }) => [
      url,
      Object.entries(headers).filter(([name]) => name !== 'authorization'),
    ]),
  );
  return channels;
}
