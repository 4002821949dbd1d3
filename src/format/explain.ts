import type { ChangeAction, PlannedImport, SyncPlan } from '../contracts/plan.js';
import { checkArguments } from '../shared/arguments/check.js';
import { aString } from '../shared/arguments/rules.js';
import { quote } from '../shared/text.js';
import { aPlan } from './check-report.js';
import { CHANGE_REASON_WORDS, IMPORT_REASON_WORDS } from './reasons.js';

const CHANGES: Readonly<Record<ChangeAction, string>> = {
  create: 'is created',
  update: 'is updated',
  replace: 'is deleted and created again',
  delete: 'is deleted',
  unchanged: 'stays as it is',
  keep: 'is left alone',
  blocked: 'is blocked',
};

const IMPORTS: Readonly<Record<PlannedImport['action'], string>> = {
  create: 'is created at the source',
  update: 'is updated at the source',
  ignore: 'is not imported',
};

/**
 * Explains in words what a plan does to a key, and why: one line for each decision, problem and warning about it.
 * `key` is the key at the destination.
 *
 * @throws SecretSyncError `INVALID_OPTION` for what is not a plan.
 */
export function explain(plan: SyncPlan, key: string): string {
  checkArguments('explain', { plan, key }, { plan: aPlan, key: aString });
  const of = <Item extends { readonly key?: string }>(items: readonly Item[]) =>
    items.filter((item) => item.key === key);
  const changes = of(plan.changes);
  const kinds = new Set(changes.map(({ kind }) => kind)).size;
  const lines = [
    ...of(plan.imports).map(
      ({ sourceKey, action, reason }) =>
        `${quote(sourceKey)} ${IMPORTS[action]}: ${IMPORT_REASON_WORDS[reason]}.`,
    ),
    ...changes.map(({ kind, action, reason }) => {
      const which = kinds > 1 && kind !== undefined ? ` (${kind})` : '';
      return `${quote(key)}${which} ${CHANGES[action]}: ${CHANGE_REASON_WORDS[reason]}.`;
    }),
    ...of(plan.problems).map(({ message }) => `Problem: ${message}.`),
    ...of(plan.warnings).map(({ message }) => `Warning: ${message}.`),
  ];
  if (lines.length > 0) return lines.join('\n');
  return `${quote(key)} is not in this plan: neither the source nor the destination has it under this name.`;
}
