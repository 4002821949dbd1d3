import assert from 'node:assert/strict';
import { isSecretSyncError } from '../../../contracts/errors.js';
import type { FinishOptions } from '../../../contracts/follow-up.js';
import { failureOf } from '../calls.js';
import { FEW, type Kit } from './kit.js';

type Test = (title: string, body: (kit: Kit) => void | Promise<void>) => void;

const REASON = new Error('enough');

const actionOf = (kit: Kit): string | undefined => {
  const { followUp } = kit.capabilitiesOf();
  return followUp !== undefined && 'action' in followUp ? followUp.action : undefined;
};

/** Calls `finish` without an engine. Waits are over as soon as they begin. */
function finish(kit: Kit, given: Partial<FinishOptions>) {
  const connection = kit.open();
  assert(connection.finish !== undefined, 'connect() returned no finish()');
  const signal = given.signal ?? new AbortController().signal;
  const sleep = async () => signal.throwIfAborted();
  return connection.finish({ changed: ['A'], wait: false, signal, sleep, ...given });
}

/** Tests what follows the writes of a driver that declares it. */
export function testFollowUp(test: Test): void {
  test('declares what follows its writes, and has a finish() for it', (kit) => {
    assert.notEqual(actionOf(kit), undefined, 'capabilities.followUp declares no action');
    assert.equal(typeof kit.open().finish, 'function');
  });

  test('starts what follows its writes, and waits for its end when it is told to', async (kit) => {
    assert.match((await finish(kit, { wait: false })).status, /^(started|succeeded)$/);
    const { status, message } = await finish(kit, { wait: true });
    assert.equal(status, 'succeeded');
    assert.notEqual(message, '');
  });

  test('does not start what follows its writes after an abort, and rejects with the reason', async (kit) => {
    const signal = AbortSignal.abort(REASON);
    assert.equal(await failureOf(() => finish(kit, { signal, wait: true })), REASON);
  });

  test('is followed once by an engine after a sync that wrote something, and not after another', async (kit) => {
    const engine = kit.engine({ source: FEW });
    const definition = kit.definition({ syncOptions: { redeploy: 'wait' } });
    const plan = await engine.plan(definition);
    assert.deepEqual(plan.after, { action: actionOf(kit), wait: true });
    assert.equal((await engine.sync(definition)).after?.status, 'succeeded');
    assert.equal((await engine.sync(definition)).after, undefined);
    assert.equal((await engine.removeSecrets(definition)).after?.status, 'succeeded');
  });

  test('leaves what follows its writes due after a failure, for a run that writes nothing', async (kit) => {
    const engine = kit.engine({ source: FEW });
    const definition = kit.definition({ syncOptions: { redeploy: 'start' } });
    kit.watched.beforeFinish = () => {
      kit.watched.beforeFinish = undefined;
      throw new Error('a secret of the driver');
    };
    const error = await failureOf(() => engine.sync(definition));
    assert(isSecretSyncError(error, 'REDEPLOY_FAILED'), 'it is not REDEPLOY_FAILED');
    assert.equal(error.result.after?.status, 'failed');
    assert.doesNotMatch(error.message, /a secret/);
    const { after, summary } = await engine.sync(definition);
    assert.equal(summary.applied, 0);
    assert.match(after?.status ?? '', /^(started|succeeded)$/);
  });
}

/** For a driver that nothing follows: says so in the title, and fails where it could be tested. */
export function testNoFollowUp(test: Test): void {
  test('is not tested for what follows its writes: it declares nothing, and followUp is not set', (kit) => {
    assert.equal(actionOf(kit), undefined, 'it declares a followUp: set the option followUp of the suite');
    assert.equal(
      typeof kit.open().finish,
      'undefined',
      'it has a finish() that capabilities.followUp does not declare',
    );
  });
}
