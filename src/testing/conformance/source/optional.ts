import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import { SecretValue } from '../../../contracts/secret.js';
import type { SecretSource, SourceLocation } from '../../../contracts/source.js';
import { sourceSnapshot } from '../../../core/inputs/source-snapshot.js';
import { createCanaries } from '../../leaks/canaries.js';
import { calm } from '../calls.js';
import type { Skip } from '../runner.js';
import type { SourceConformanceOptions } from './options.js';

/** Adds a test of a source that holds these secrets. */
export type AddSourceTest = (
  title: string,
  secrets: readonly (readonly [key: string, value: string])[],
  body: (source: SecretSource, skip: Skip) => Promise<void>,
) => unknown;

/** How long a watch may take to begin, in ms; some only end with it. */
const BEGINNING = 1_000;
/** How often something is looked at that does not tell, in ms. */
const LOOK_AGAIN = 5;

/** What a promise comes to; `undefined` when that takes longer than `limit`, in ms. */
async function settledWithin(
  promise: Promise<unknown>,
  limit: number,
): Promise<PromiseSettledResult<unknown> | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), limit)));
  try {
    const [settled] = (await Promise.race([Promise.allSettled([promise]), late])) ?? [];
    return settled;
  } finally {
    clearTimeout(timer);
  }
}

/** The same, of a call that may throw immediately; fails unless it succeeds or rejects with the reason of its signal. */
async function assertHeeds(call: () => unknown, reason: unknown, limit: number): Promise<void> {
  const settled = await settledWithin(
    (async () => {
      await call();
    })(),
    limit,
  );
  assert(settled !== undefined, 'it goes on although its signal was aborted');
  if (settled.status === 'rejected') assert.equal(settled.reason, reason, 'it rejects with another reason');
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Watching {
  /** How often it was told. */
  readonly count: number;
  /** Makes a change, and resolves once `onChange` was called and a read returns it. */
  sees(change: () => Promise<void>, key: string, value: string): Promise<void>;
  /** Aborts it, and waits for its end. */
  end(): Promise<void>;
}

async function begin(source: SecretSource, location: SourceLocation, limit: number): Promise<Watching> {
  const controller = new AbortController();
  const reason = new Error('enough');
  let count = 0;
  let wake = (): void => undefined;
  const onChange = (): void => {
    count += 1;
    wake();
  };
  const running = (async () => source.watch?.(Object.freeze({ ...location }), onChange, controller))();
  const begun = await settledWithin(running, Math.min(BEGINNING, limit));
  if (begun?.status === 'rejected') throw begun.reason;

  const holds = async (key: string, value: string): Promise<boolean> => {
    const { secrets } = sourceSnapshot(await source.read(location, calm()));
    return secrets.get(key)?.equals(new SecretValue(value)) === true;
  };
  return {
    get count() {
      return count;
    },
    async sees(change, key, value) {
      let heard = count;
      const listen = async (): Promise<void> => {
        const until = Date.now() + limit;
        for (;;) {
          if (count === heard) {
            const left = until - Date.now();
            const told = new Promise<void>((resolve) => (wake = resolve));
            const isTold = left > 0 && (await settledWithin(told, left)) !== undefined;
            assert(
              isTold,
              `onChange was not called within ${limit} ms, or only before ${key} could be read again`,
            );
          }
          heard = count;
          if (await holds(key, value)) return;
        }
      };
      // At the same time: who is called too early reads immediately, too.
      await Promise.all([listen(), change()]);
    },
    async end() {
      controller.abort(reason);
      await assertHeeds(() => running, reason, limit);
    },
  };
}

/** The tests of `watch`. */
export function addWatchTests(options: SourceConformanceOptions, test: AddSourceTest): void {
  const { location = {}, watchable, watchTimeout = 10_000 } = options;
  const few = [
    ['A', '1'],
    ['B', ''],
  ] as const;
  const change = async (source: SecretSource, key: string, value: string): Promise<void> => {
    if (options.change !== undefined) return options.change(source, key, value);
    await source.write?.(location, [{ key, value: new SecretValue(value), action: 'update' }], calm());
  };
  const isChangeable = options.change !== undefined || options.writable === true;

  if (watchable === false) {
    test('has no watch, so that it is read every so often', few, async (source) => {
      assert(!('watch' in source));
    });
    return;
  }
  const testWatch = (title: string, body: (source: SecretSource) => Promise<void>) =>
    test(title, few, async (source, skip) => {
      if (watchable === true) {
        assert(source.watch !== undefined, 'the source has no watch');
        assert(isChangeable, 'pass `change`: the source has no `write` to test its watch with');
      }
      if (source.watch === undefined) return skip('not tested: the source has no watch');
      if (!isChangeable) return skip('not tested: the fixture has no change');
      await body(source);
    });
  /** Watches while the body runs, and no longer. */
  const whileWatching = async (source: SecretSource, body: (watching: Watching) => Promise<void>) => {
    const watching = await begin(source, location, watchTimeout);
    try {
      await body(watching);
    } finally {
      await watching.end();
    }
  };

  testWatch('calls those who watch for each change, as soon as it can be read', (source) =>
    whileWatching(source, async (watching) => {
      for (const value of ['2', '3', '4']) await watching.sees(() => change(source, 'A', value), 'A', value);
    }),
  );
  testWatch('no longer calls those who stopped watching, and goes on calling the others', async (source) => {
    const stopped = await begin(source, location, watchTimeout);
    await whileWatching(source, async (watching) => {
      await stopped.end();
      const heard = stopped.count;
      await watching.sees(() => change(source, 'A', '2'), 'A', '2');
      assert.equal(stopped.count, heard, 'onChange was called after the abort');
    });
  });
  testWatch('begins no watch whose signal was aborted', async (source) => {
    const reason = new Error('enough');
    let isTold = false;
    const onChange = (): void => void (isTold = true);
    const call = { signal: AbortSignal.abort(reason) };
    await assertHeeds(() => source.watch?.(location, onChange, call), reason, watchTimeout);
    await whileWatching(source, (watching) => watching.sees(() => change(source, 'A', '2'), 'A', '2'));
    assert(!isTold, 'onChange was called although its signal was aborted');
  });
  if (options.held === undefined) return;
  const held = (source: SecretSource): number => options.held?.(source) ?? 0;
  testWatch('holds no timer and no connection for those who stopped watching', async (source) => {
    const before = held(source);
    await whileWatching(source, (watching) => watching.sees(() => change(source, 'A', '2'), 'A', '2'));
    const until = Date.now() + watchTimeout;
    while (held(source) > before && Date.now() < until) await pause(LOOK_AGAIN);
    assert.equal(held(source), before, 'the source holds something after the abort');
  });
}

const text = z.string('is not a string');
const descriptionSchema = z.strictObject({
  environment: z.optional(z.strictObject({ slug: text, name: text, id: text })),
  folder: z.optional(z.strictObject({ id: text, path: text })),
});

/** The tests of `describe`. */
export function addDescribeTests(options: SourceConformanceOptions, test: AddSourceTest): void {
  const { location = {}, describable } = options;
  const canaries = createCanaries();
  // Of one line, so that every source can hold it, and long enough to be part of no id.
  const secrets = canaries.values
    .filter(({ name }) => name === 'random')
    .map((canary) => ['A', canary.text] as const);

  if (describable === false) {
    test('has no describe', secrets, async (source) => {
      assert(!('describe' in source));
    });
    return;
  }
  const testDescribe = (title: string, body: (source: SecretSource) => Promise<void>) =>
    test(title, secrets, async (source, skip) => {
      if (describable === true) assert(source.describe !== undefined, 'the source has no describe');
      if (source.describe === undefined) return skip('not tested: the source has no describe');
      await body(source);
    });

  testDescribe('describes a location by names and ids, and by nothing else', async (source) => {
    const description: unknown = await source.describe?.(Object.freeze({ ...location }), calm());
    // The issues name fields, never their content.
    const { error } = descriptionSchema.safeParse(description);
    const issues = error?.issues.map(
      ({ path, message }) => `${path.join('.') || 'the description'}: ${message}`,
    );
    assert.deepEqual(issues ?? [], [], 'it is not a description of a source');
    canaries.assertAbsent('the description', description);
  });
  testDescribe('does not go on with a describe whose signal was aborted', async (source) => {
    const reason = new Error('enough');
    const call = { signal: AbortSignal.abort(reason) };
    await assertHeeds(() => source.describe?.(location, call), reason, options.watchTimeout ?? 10_000);
  });
}
