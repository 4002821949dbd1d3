/** A bug to be put in on purpose: each `find` stands once in its file, and gives way to `replace`. */
export interface Bug {
  readonly name: string;
  /** The first seed to try: one that shows it soon. Any other shows it too, later. */
  readonly seed?: number;
  readonly edits: readonly [Edit, ...Edit[]];
}

interface Edit {
  /** Below `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const bug = (name: string, file: string, find: string, replace: string, seed?: number): Bug => ({
  name,
  edits: [{ file, find, replace }],
  ...(seed === undefined ? {} : { seed }),
});

/** What a simulation must catch. */
export const BUGS: readonly [Bug, ...Bug[]] = [
  bug(
    'a state entry is lost',
    'engine/state/place-memory.ts',
    'sortInTurns(index.values(),',
    'sortInTurns(index.values().slice(1),',
    17,
  ),
  bug(
    'the intent is not saved',
    'engine/apply/apply.ts',
    'await saveWithResult(application, ledger, saveIntent);',
    'await Promise.resolve();',
    1,
  ),
  bug(
    'importedAt is not saved',
    'engine/state/place-memory.ts',
    'if (!syncs.has(syncId)) syncs.set(syncId, { syncId, importedAt: at });',
    'void at;',
    1,
  ),
  bug('a removed sync is not forgotten', 'engine/state/place-memory.ts', 'syncs.delete(syncId);', '', 21),
  bug('the lease is not checked', 'engine/state/lease.ts', 'if (held.isHeld()) return;', 'return;', 8),
  bug(
    "another run's lease is ignored",
    'stores/lease-decision.ts',
    "? 'replace' : 'wait'",
    "? 'replace' : 'replace'",
    15,
  ),
  bug(
    'a lease of a dead run holds for ever',
    'stores/lease-decision.ts',
    "? 'replace' : 'wait'",
    "? 'wait' : 'wait'",
    5,
  ),
  bug(
    'deletions go before upserts',
    'engine/apply/write-destination.ts',
    "if (upserts.length > 0) await writePhase(context, 'upsert', upserts);",
    'if (deletions.length > 0) await deletePhase(application, context, deletions);\n' +
      "if (upserts.length > 0) await writePhase(context, 'upsert', upserts);",
    38,
  ),
  bug(
    'deletions are not withheld after a failure',
    'engine/apply/write-destination.ts',
    'if (allApplied && deletions.length > 0)',
    'if (deletions.length > 0)',
    38,
  ),
  bug(
    'a plan is applied although it is stale',
    'engine/plan-and-apply.ts',
    'if (saved !== undefined) await inTurns(assertNotStale(saved.plan, plan, attempt === 1), run.signal);',
    '',
    32,
  ),
  bug(
    'a plan writes the state',
    'engine/secret-sync-engine.ts',
    'const { decided } = await planRun(this.#context, run, request, undefined);',
    'const { decided, loaded } = await planRun(this.#context, run, request, undefined);\n' +
      "loaded.memory.markImported(run.prepared.definition.id, '2026-01-01T00:00:00Z');\nawait loaded.save();",
    2,
  ),
  bug(
    'the fingerprint is not updated',
    'engine/state/recorder.ts',
    'if (this.#isCurrent(made)) return made;',
    'const old = this.#context.memory.find(key, kind)?.fingerprint ?? made;\n' +
      'if (old !== undefined) return old;',
    38,
  ),
  bug(
    'the revision is ignored',
    'core/key-decision.ts',
    'sameRevision(remembered?.revision, target.revision);',
    'sameRevision(undefined, undefined);',
    35,
  ),
  bug(
    'the ownership of another sync is ignored',
    'core/inputs/ownership.ts',
    'return remembered.syncId !== syncId ||',
    'return false &&',
    4,
  ),
  bug(
    'a partial read is taken for a whole one',
    'core/build-plan.ts',
    'partial: isPartial(source),',
    'partial: false,',
    3,
  ),
  bug(
    'an empty source deletes',
    'core/build-plan.ts',
    'empty: source.secrets.size === 0,',
    'empty: false,',
    2,
  ),
  bug(
    'the schema does not hold for deletions',
    'core/deletion-guard.ts',
    '!isMatched(keySchema, before, owned ? remembered : undefined) &&',
    'false &&',
    1,
  ),
  bug(
    'what others depend on is deleted',
    'core/deletion-guard.ts',
    "if (entry.hasDependents === true) return { late: 'has-dependents' };",
    '',
    13,
  ),
  bug(
    'an old hash is sent',
    'drivers/hasura-cloud/write.ts',
    'snapshot: { ...snapshot, hash, entries }',
    'snapshot: { ...snapshot, entries }',
    19,
  ),
  bug(
    'an entry of another type is written over',
    'drivers/qovery/entries.ts',
    "return TYPES.get(type) ?? 'external';",
    'return undefined;',
    16,
  ),
  bug(
    "another system's entry is written over",
    'drivers/qovery/entries.ts',
    "(owners.isUs(owner) ? undefined : 'foreign-owner')",
    '(owners.isUs(owner), undefined)',
    30,
  ),
  bug(
    'an edit loses the description',
    'drivers/qovery/bodies.ts',
    '({ key, value, ...extrasOf(extras) })',
    '({ key, value })',
    52,
  ),
  bug(
    'Retry-After is ignored',
    'http/pacing/told-times.ts',
    'return latest > 0 ? Math.ceil(latest) : undefined;',
    'return undefined;',
    3,
  ),
  bug(
    'an event shows a value',
    'engine/run/read.ts',
    "type: 'source-read', keys: snapshot.secrets.size, partial",
    "type: 'source-read', keys: [...snapshot.secrets.values()].map((value) => value.reveal()), partial",
    1,
  ),
  bug(
    'what another sync wants is deleted',
    'core/deletion-guard.ts',
    "if (otherHolders(remembered, syncId).length > 0) return { late: 'wanted-by-other-sync' };",
    '',
    2,
  ),
  bug(
    'a read that never ends is waited for',
    'engine/boundary/guard-call.ts',
    'return await untilAborted((async () => call())(), signal, clock);',
    'void clock; return await call();',
    2,
  ),
  bug(
    'a forged document is believed',
    'engine/state/sealed-store.ts',
    'if (!isUsable(worth)) throw unusable(what, REASONS[worth]);',
    '',
    35,
  ),
  bug(
    'a document that was cut off is taken for none',
    'engine/state/place-repository.ts',
    'if (found === undefined) return undefined;',
    "if (found === undefined || typeof found.document !== 'object') return undefined;",
    14,
  ),
  {
    name: "a lease ends by the clock of its holder's machine",
    seed: 24,
    edits: [
      {
        file: 'stores/lease-document.ts',
        find: 'renewal === 0 ? { holder } : { holder, renewal };',
        replace: '{ holder, renewal, expiresAt: at.now + 30_000 };',
      },
      {
        file: 'stores/lease-document.ts',
        find: 'renewal: z.optional(z.number()) });',
        replace: 'renewal: z.optional(z.number()), expiresAt: z.optional(z.number()) });',
      },
      {
        file: 'stores/lease-document.ts',
        find: 'readLease({ store, key }: LeaseFile)',
        replace: 'readLease({ store, key, clock }: LeaseFile)',
      },
      {
        file: 'stores/lease-document.ts',
        find: '...(age === undefined ? {} : { age }) };',
        replace: 'age: clock.now() > (lease?.expiresAt ?? Infinity) ? 30_000 : 0 };',
      },
    ],
  },
  bug(
    'what a part held that turned empty is deleted',
    'core/deletion-guard.ts',
    'emptyParts: emptiedParts(deletions, source),',
    'emptyParts: [],',
    47,
  ),
  bug(
    'what a changed key schema leaves behind is not named',
    'core/warnings.ts',
    '!isMatched(keySchema, before, remembered) &&',
    'false &&',
    1,
  ),
  bug(
    'what a changed key schema leaves behind is deleted unasked',
    'core/deletion-guard.ts',
    '!(owned && options.deleteLeftBehind)',
    '!owned',
    4,
  ),
];
