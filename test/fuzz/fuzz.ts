import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect } from 'vitest';
import { isSecretSyncError, type SecretSyncError } from '../../src/contracts/errors.js';

/** How many inputs each target gets; `FUZZ_RUNS` sets it. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 50);
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_126);

/** One seed unless `FUZZ_SEED` names another, so that the bounded run of the suite is the same each time. */
const fuzzRuns = { numRuns, seed } as const;

/** The longest message of an error, in characters. */
const LONGEST_MESSAGE = 16_384;

/** The texts of a folder of the corpus. What broke a promise once is added there as a file. */
export function corpusOf(name: string): string[] {
  const folder = fileURLToPath(new URL(`corpus/${name}/`, import.meta.url));
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(`${folder}${file}`, 'utf8'));
}

export type Outcome<Value> = { readonly value: Value } | { readonly error: SecretSyncError };

/** A value that stands in inputs and must not be told. */
export const PLANTED = 'planted-7f3c9a-value';

/** What is promised of every error: that it is ours, bounded, and tells no value. */
export function checkError(error: unknown): SecretSyncError {
  if (!isSecretSyncError(error)) throw error;
  expect(error.message.length).toBeLessThanOrEqual(LONGEST_MESSAGE);
  expect(error.message).not.toContain(PLANTED);
  expect(JSON.stringify(error)).not.toContain(PLANTED);
  return error;
}

/** What a parser makes of an input: a value, or an error that keeps what is promised of every error. */
export async function outcomeOf<Value>(call: () => Value): Promise<Outcome<Awaited<Value>>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: checkError(error) };
  }
}

/** Tries a property with so many inputs. */
export async function fuzz<Input>(
  inputs: fc.Arbitrary<Input>,
  check: (input: Input) => void | Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      await check(input);
    }),
    fuzzRuns,
  );
}
