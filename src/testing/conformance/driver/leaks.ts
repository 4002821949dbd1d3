import assert from 'node:assert/strict';
import type { SyncPlan } from '../../../contracts/plan.js';
import type { StateStore } from '../../../contracts/state-store.js';
import { formatPlan } from '../../../format/format-plan.js';
import { formatResult } from '../../../format/format-result.js';
import { memorySource } from '../../../sources/memory.js';
import { memoryStore } from '../../../stores/memory.js';
import { createCanaries, type Canaries } from '../../leaks/canaries.js';
import { captureOutput } from '../../leaks/captured-output.js';
import { parse } from './assertions.js';
import { PREFIX, type Kit } from './kit.js';
import type { SyncResult } from '../../../contracts/result.js';

/** How a scenario of the leak test goes wrong. */
export type LeakScenario = (kit: Kit) => void | Promise<void>;

/** The canaries of the suite; its tokens are those that a fixture is asked to use. */
export const leakCanaries = (): Canaries => createCanaries(7);

/** Everything that comes out of a call: what it returns, or what it throws. */
async function endOf<Result>(call: () => Promise<Result>): Promise<{ returned?: Result; error?: unknown }> {
  try {
    return { returned: await call() };
  } catch (error) {
    return { error };
  }
}

/** A store that keeps all that it was ever given. */
function watchedStore(): { readonly store: StateStore; readonly documents: readonly unknown[] } {
  const own = memoryStore();
  const documents: unknown[] = [];
  const put: StateStore['put'] = (key, document, options) => {
    documents.push([key, structuredClone(document)]);
    return own.put(key, document, options);
  };
  return { store: { ...own, put }, documents };
}

/** The requests without what is there to authenticate them. */
function requestsOf({ fixture, network, driver, accepted }: Kit): readonly unknown[] {
  const names = new Set(Object.keys(driver.authorization(accepted)).map((name) => name.toLowerCase()));
  return [...network.requests, ...(fixture.requests?.() ?? [])].map(({ url, headers }) => [
    url,
    Object.entries(headers).filter(([name]) => !names.has(name.toLowerCase())),
  ]);
}

/** Looks for planted tokens in what the schema of credentials says of them where they are not valid. */
function assertSchemaIsDiscreet({ driver }: Kit, canaries: ReturnType<typeof leakCanaries>): void {
  for (const { text } of canaries.tokens) {
    for (const wrong of [text, [text], { accessToken: `${text}\n` }, { token: text }]) {
      const messages = (parse(driver.credentialsSchema, wrong).issues ?? []).map(({ message }) => message);
      canaries.assertAbsent('what the credentials schema says', messages);
    }
  }
}

/**
 * Runs every operation of an engine with planted values and tokens, at a destination that echoes what it gets, and looks
 * for them in everything that comes out. `fail` is called once plans were made, so that applying them fails; where it makes
 * the destination fail, `patience` says how many ms to wait for a validation of the connection. Returns how each call
 * ended.
 */
export async function assertNoLeak(
  kit: Kit,
  fail: LeakScenario,
  patience = Infinity,
): Promise<ReadonlyMap<string, 'answered' | 'failed'>> {
  const ends = new Map<string, 'answered' | 'failed'>();
  const canaries = leakCanaries();
  const capabilities = kit.capabilitiesOf();
  const isTaken = (text: string) => capabilities.checkValue(text) === undefined;
  const texts = canaries.values.map(({ text }) => text).filter(isTaken);
  assert(texts.length > 0, 'the destination takes none of the planted values');
  const source = memorySource(texts.map((text, index) => [`KEY_${index}`, text] as const));
  for (const [index, text] of texts.entries()) await kit.place.set(`${PREFIX}OLD_${index}`, text);
  const stale = texts.map((text) => `${text}${text}`).filter(isTaken);
  if (stale[0] !== undefined) await kit.place.set(`${PREFIX}KEY_0`, stale[0]);
  await kit.fixture.echo?.(true);

  const { store, documents } = watchedStore();
  const events: unknown[] = [];
  const engine = kit.engine({ source, store, onEvent: (event) => void events.push(event) });
  const { driver, accepted, refused, callOptions } = kit;
  // It waits between attempts, as it does for a user, and takes no clock.
  const briefly = () =>
    patience === Infinity ? callOptions : { ...callOptions, signal: AbortSignal.timeout(patience) };
  const [definition, asStranger] = [kit.definition(), kit.definition({ connectionId: 'refused' })];

  const assertPlan = (channel: string, plan: SyncPlan | undefined) => {
    if (plan === undefined) return;
    for (const format of ['text', 'markdown'] as const)
      canaries.assertAbsent(`formatPlan of ${channel}`, formatPlan(plan, { format }));
  };
  const assertResult = (channel: string, result: SyncResult | undefined) => {
    if (result === undefined) return;
    assertPlan(channel, result.plan);
    for (const format of ['text', 'markdown'] as const)
      canaries.assertAbsent(`formatResult of ${channel}`, formatResult(result, { format }));
  };
  const check = async (channel: string, call: () => Promise<SyncResult | SyncPlan | void>) => {
    const { returned, error } = await endOf(call);
    ends.set(channel, error === undefined ? 'answered' : 'failed');
    canaries.assertAbsent(`what ${channel} returns`, returned);
    canaries.assertAbsent(`the error of ${channel}`, error);
    if (returned !== undefined && 'outcomes' in returned) assertResult(channel, returned);
    else if (returned !== undefined) assertPlan(channel, returned);
  };

  const printed = await captureOutput(async () => {
    const planned = await endOf(() => engine.plan(definition));
    await check('plan', async () => planned.returned);
    await check('an early plan', () => engine.plan(definition, { operation: 'remove' }));
    await fail(kit);
    const { returned: plan } = planned;
    if (plan !== undefined) await check('apply', () => engine.apply(plan));
    await check('sync', () => engine.sync(definition));
    await check('plan, later', () => engine.plan(definition));
    source.set('KEY_0', texts[1] ?? 'changed');
    source.delete('KEY_1');
    await check('a second sync', () => engine.sync(definition));
    await check('a forced sync', () => engine.sync(definition, { force: true }));
    if (capabilities.import) await check('importSecrets', () => engine.importSecrets(definition));
    for (const [index, text] of texts.entries()) source.set(`BAD_${index}`, `${text}\0`);
    await check('a sync of values that may not be taken', () => engine.sync(definition));
    await check('removeSecrets', () => engine.removeSecrets(definition));
    await check('a sync with a bad token', () => engine.sync(asStranger));
    await check('validateConnection', () => driver.validateConnection(accepted, briefly()));
    await check('validateConnection with a bad token', () => driver.validateConnection(refused, briefly()));
  });

  assertSchemaIsDiscreet(kit, canaries);
  canaries.assertAbsent('what was printed', printed);
  canaries.assertAbsent('the events', events);
  canaries.assertAbsent('the identity', driver.identity(accepted, kit.config));
  canaries.assertAbsent('the store', documents);
  canaries.assertAbsent('a request, beside its body and authorization,', requestsOf(kit));
  return ends;
}
