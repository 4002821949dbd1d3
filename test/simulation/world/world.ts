import type { JsonValue } from '../../../src/contracts/json.js';
import type { Fault } from '../../../src/testing/emulators/server/types.js';
import { startHasuraCloudEmulator } from '../../../src/testing/emulators/hasura-cloud/index.js';
import { startQoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import { memoryStore } from '../../../src/stores/memory.js';
import type { Clock } from '../../../src/contracts/clock.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { createLedger, type Ledger } from '../ledger.js';
import type { Library } from '../bugs/library.js';
import type { Random } from '../../support/properties/random.js';
import { breachOfAct } from '../rules/writes.js';
import {
  LOCATIONS,
  MARK,
  partOf,
  SOURCE_KEYS,
  type Setting,
  type SiteName,
  type SyncSetting,
} from './setting.js';
import { hasuraSite, qoverySite, type Site, type Snapshot } from './sites.js';
import type { Change, HandEdit } from '../steps.js';
import type { Act, Watched } from './watched.js';

export const TOKEN = 'a-token-that-nobody-may-see';

/** A broken promise: the first one ends a simulation. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

/** All there is: services, source, store, clock, and what is known of them. */
export interface World {
  readonly setting: Setting;
  /** The definitions as they are now. */
  readonly syncs: SyncSetting[];
  readonly library: Library;
  readonly clock: Clock;
  readonly sites: ReadonlyMap<SiteName, Site>;
  readonly sources: ReadonlyMap<string, Map<string, string>>;
  readonly store: ReturnType<typeof memoryStore>;
  /** Whether a fingerprint key was dropped before all that it vouches for was sealed again. */
  hasLostKey: boolean;
  /** The documents of the store, as they are now. */
  readonly documents: Map<
    string,
    { readonly document: JsonValue; readonly version: string; readonly putAt: number }
  >;
  /** What a reader gets in place of a document of the store, by its key. */
  readonly forged: Map<string, JsonValue>;
  readonly ledger: Ledger;
  /** The syncs whose records were deleted: nothing is written for them any more. */
  readonly deleted: Set<string>;
  /** Under way now. */
  readonly running: Set<Watched>;
  readonly counts: Map<string, number>;
  violation: Violation | undefined;
  readonly trace: (line: string) => void;
  fingerprintKeys: [string, ...string[]];
  /** A slow network, while it is set. */
  latency: Random | undefined;
  /** When the clock of the machine was set last, by `clock`. */
  clockSetAt: number;
  /** What the clock of the machine shows that the processes run on. */
  machineTime(): number;
  /** Sets that clock by so many ms. */
  setClock(ms: number): void;
  site(name: SiteName): Site;
  change(change: Change): void;
  /** Sends a request to a service; what it changes there is put down to the run. */
  carry(
    watched: Watched,
    url: string,
    init: RequestInit | undefined,
    fault: Fault | undefined,
  ): Promise<Carried>;
  /** The name of a version of a document: it depends on that document alone. */
  nameVersion(key: string, version: string): string;
  /** What a document is now, with the name of its version. */
  tellDocument(key: string): string | undefined;
  count(what: string): void;
  report(rule: string, detail: string): void;
  /** Reports what shows a value or a token. */
  checkLeak(channel: string, text: string): void;
  close(): Promise<void>;
}

/** An answer, read to its end. */
export interface Carried {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** What stood there when the service answered. */
  readonly standing: Snapshot;
}

export interface WorldOptions {
  readonly library: Library;
  /** Over real sockets. Default: in this process. */
  readonly sockets?: boolean;
  /** Moves when its owner says so. Default: one that moves when nobody does anything but wait. */
  readonly clock?: Clock;
  /** Gets a line for each call and what came of it. */
  readonly trace?: (line: string) => void;
}

export async function createWorld(
  setting: Setting,
  { library, sockets = false, trace = () => undefined, clock: given }: WorldOptions,
): Promise<World> {
  const virtual = createVirtualClock({ auto: true });
  const clock = given ?? virtual;
  // The services' clock is ahead of ours, further with each edit by hand, so that no two edits share a millisecond.
  let ahead = 0;
  let skew = 0;
  const now = () => clock.now() + ahead;
  const hasura = await startHasuraCloudEmulator({ accessToken: TOKEN, now, ...setting.hasura });
  const qovery = await startQoveryEmulator({ accessToken: TOKEN, now, ...setting.qovery });
  const organization = qovery.addOrganization({ name: 'acme' });
  const project = qovery.addProject({ name: 'shop', organizationId: organization.id });
  const environment = qovery.addEnvironment({ name: 'production', projectId: project.id });
  const projectConfig = { organizationId: organization.id, projectId: project.id };
  // What is reached without a socket is the same in every run, so that what is remembered of it is.
  const urlOf = ({ url }: { readonly url: string }, number: number) =>
    sockets ? url : `http://127.0.0.1:${number}`;
  const sites = new Map<SiteName, Site>([
    ['hasura', hasuraSite(hasura, urlOf(hasura, 1))],
    ['project', qoverySite('project', qovery, urlOf(qovery, 2), projectConfig, setting)],
    [
      'environment',
      qoverySite(
        'environment',
        qovery,
        urlOf(qovery, 2),
        { ...projectConfig, environmentId: environment.id },
        setting,
      ),
    ],
  ]);
  const seen = new Map<Site, Snapshot>([...sites.values()].map((site) => [site, site.snapshot()]));
  const realFetch = virtual.track(globalThis.fetch);
  let turn: Promise<unknown> = Promise.resolve();
  const versions = new Map<string, Map<string, number>>();

  /** What changed at all sites since the last look. */
  function look(): [Site, Act[]][] {
    return [...sites.values()].flatMap((site): [Site, Act[]][] => {
      const [before, after] = [seen.get(site) ?? new Map<string, never>(), site.snapshot()];
      seen.set(site, after);
      const ids = new Set([...before.keys(), ...after.keys()]);
      const acts = [...ids].flatMap((id): Act[] => {
        const act = { before: before.get(id), after: after.get(id) };
        const isSame = act.before?.stamp === act.after?.stamp && act.before?.value === act.after?.value;
        return isSame && act.before?.description === act.after?.description ? [] : [act];
      });
      return acts.length === 0 ? [] : [[site, acts]];
    });
  }

  function disturb(site: Site, actor?: Watched): void {
    for (const watched of world.running) {
      if (watched.site !== site || watched === actor) continue;
      watched.disturbed = watched.disturbedSinceAnswer = watched.disturbedSinceList = true;
      watched.wasDisturbed = true;
    }
  }

  function putDown(watched: Watched): void {
    const { ledger } = world;
    const changes = look();
    const roots = changes.flatMap(([, acts]) => acts.filter(({ after }) => after === undefined));
    for (const [site, acts] of changes) {
      disturb(site, watched);
      for (const act of acts) {
        const seesDependents = site.name !== 'project' || setting.qovery.projectListShowsDependents === true;
        const isBeside =
          site !== watched.site && !(act.after === undefined && (act.before?.hangsOn.length ?? 0) > 0);
        const breach = isBeside
          ? (['place', `${act.before?.key ?? ''} at ${site.name}`] as const)
          : breachOfAct(
              {
                watched,
                ledger,
                seesDependents: seesDependents && watched.site === site,
                hasParts: setting.hasParts,
              },
              act,
              roots,
            );
        if (breach !== undefined) world.report(...breach);
        watched.acts.push(act);
        if (act.after !== undefined && watched.isOver) {
          // It was under way when its process ended: nobody will ever record that it came about.
          ledger.wanted(watched.sync, act.after);
          ledger.unsure(watched.sync, [act.after.key], site.snapshot());
        } else if (act.after !== undefined) ledger.wrote(watched.sync, act.after);
        else if (act.before !== undefined) ledger.handMade(site.name, act.before.id);
      }
    }
  }

  function edit(name: SiteName, change: HandEdit): void {
    ahead += 5;
    const target = world.site(name);
    const keys = [...target.snapshot().values()].filter(({ reserved }) => !reserved).map(({ key }) => key);
    const key = change.key.startsWith('#') ? keys[Number(change.key.slice(1)) % keys.length] : change.key;
    if (key !== undefined) target.hand({ ...change, key });
    for (const [site, acts] of look()) {
      disturb(site);
      for (const { before, after } of acts) {
        // What is edited stays whose it was; what is made or removed is a person's, and so is, to all that can be known,
        // what was edited of an entry whose creation is not recorded.
        const entry = before ?? after;
        if (entry === undefined) continue;
        const isInDoubt = world.syncs.some(
          (sync) => sync.site === site.name && world.ledger.doubts(sync, entry),
        );
        if (before === undefined || after === undefined || isInDoubt)
          world.ledger.handMade(site.name, entry.id);
      }
    }
  }

  const world: World = {
    setting,
    syncs: [...setting.syncs],
    library,
    clock,
    sites,
    sources: new Map(
      LOCATIONS.map((location) => [
        location,
        new Map(SOURCE_KEYS.slice(0, 4).map((key) => [key, `${MARK}${location}${MARK}`])),
      ]),
    ),
    store: memoryStore(setting.storeHasClock ? { clock } : {}),
    hasLostKey: false,
    documents: new Map(),
    forged: new Map(),
    ledger: createLedger(setting.syncs),
    deleted: new Set(),
    running: new Set(),
    counts: new Map(),
    violation: undefined,
    trace,
    fingerprintKeys: ['fingerprint key number 0 of the simulation'],
    latency: undefined,
    clockSetAt: -Infinity,
    machineTime: () => clock.now() + skew,
    setClock(ms) {
      skew += ms;
      world.clockSetAt = clock.now();
    },
    site(name) {
      const found = sites.get(name);
      if (found === undefined) throw new Error(`There is no site ${name}.`);
      return found;
    },
    change(change) {
      if (change.do === 'many') return change.changes.forEach((one) => world.change(one));
      if (change.do === 'hand') return edit(change.site, change.edit);
      const source = world.sources.get(change.location);
      if (change.do === 'set') source?.set(change.key, change.value);
      else if (change.do === 'unset') source?.delete(change.key);
      else if (change.do === 'empty-part') {
        for (const key of source?.keys() ?? []) if (partOf(key) === change.part) source?.delete(key);
      } else source?.clear();
    },
    carry(watched, url, init, fault) {
      const { emulator } = watched.site;
      const send = async (): Promise<Carried> => {
        emulator.setIntercept(() => fault);
        try {
          // Without the caller's signal: what has left reaches the service, even if nobody waits for it any more.
          const response = await (sockets ? realFetch : emulator.fetch)(url, { ...init, signal: null });
          const { status, headers } = response;
          const text = await response.text();
          putDown(watched);
          watched.disturbedSinceAnswer = false;
          if ((init?.method ?? 'GET') === 'GET') watched.disturbedSinceList = false;
          return { status, headers, text, standing: watched.site.snapshot() };
        } catch (error) {
          putDown(watched);
          throw error;
        }
      };
      const sent = turn.then(send, send);
      turn = sent.catch(() => undefined);
      return sent;
    },
    nameVersion(key, version) {
      const known = versions.get(key) ?? new Map<string, number>();
      versions.set(key, known);
      const number = known.get(version) ?? known.size;
      known.set(version, number);
      return `${key} ${number}`;
    },
    tellDocument(key) {
      const found = world.documents.get(key);
      return found && `${world.nameVersion(key, found.version)} ${JSON.stringify(found.document)}`;
    },
    count: (what) => void world.counts.set(what, (world.counts.get(what) ?? 0) + 1),
    report(rule, detail) {
      world.violation ??= { rule, detail };
    },
    checkLeak(channel, text) {
      if (text.includes(MARK) || text.includes(TOKEN))
        world.report('leak', `${channel} shows a value or a token`);
    },
    async close() {
      await hasura.close();
      await qovery.close();
    },
  };
  return world;
}
