import nock from 'nock';
import { afterEach, beforeEach, expect } from 'vitest';
import type {
  DestinationDriver,
  Facts,
  WriteBatch,
  WriteChange,
  WriteOutcome,
} from '../../src/contracts/destination.js';
import { SecretValue } from '../../src/contracts/secret.js';
import type { DestinationEntry } from '../../src/contracts/destination.js';
import { createHttpClient } from '../../src/http/client.js';

/** Facts in a Map. */
export function memoryFacts(
  initial: Readonly<Record<string, string>> = {},
): Facts & { map: Map<string, string> } {
  const map = new Map(Object.entries(initial));
  return {
    map,
    get: (name) => map.get(name),
    set: (name, value) => void map.set(name, value),
    delete: (name) => void map.delete(name),
  };
}

export interface OpenOptions {
  readonly facts?: Facts;
  readonly signal?: AbortSignal;
  readonly concurrency?: number;
}

/** A connection of a driver through the real http client, which retries without waiting. */
export function open<Credentials, Config>(
  driver: DestinationDriver<string, Credentials, Config>,
  credentials: Credentials,
  config: Config,
  { facts = memoryFacts(), signal = new AbortController().signal, concurrency = 4 }: OpenOptions = {},
) {
  const client = createHttpClient({
    endpoint: driver.endpoint(credentials),
    headers: driver.authorization(credentials),
    allowPrivateNetwork: true,
    concurrency,
    retry: { retries: 1, minTimeout: 0, maxTimeout: 0 },
  });
  const connection = driver.connect({ credentials, config, http: client.forRun({ signal }), facts });
  return {
    async read() {
      const { entries } = await connection.read({ signal });
      return entries.map(plain);
    },
    /** Writes, and answers the outcomes that were reported, which must be those that are answered. */
    async write(phase: WriteBatch['phase'], changes: readonly WriteChange[]) {
      const reported: WriteOutcome[] = [];
      const onOutcome = (outcome: WriteOutcome) => void reported.push(outcome);
      const outcomes = await connection.write({ phase, changes }, { signal, onOutcome });
      if (outcomes.some((outcome) => !reported.includes(outcome)) || outcomes.length !== reported.length) {
        throw new Error('The outcomes that were reported are not those that were answered.');
      }
      return new Map(outcomes.map((outcome) => [outcome.key, outcome]));
    },
    connection,
  };
}

export const secret = (text: string) => new SecretValue(text);

export type PlainEntry = Omit<DestinationEntry, 'value'> & {
  readonly value?: string | { readonly notAString: true };
};

/** An entry with its value in plain sight, since all secrets look alike to a comparison. */
function plain({ value, ...entry }: DestinationEntry): PlainEntry {
  if (value === undefined) return entry;
  return { ...entry, value: SecretValue.is(value) ? value.reveal() : value };
}

/** The error of a failed outcome. */
export function errorOf(outcome: WriteOutcome | undefined) {
  if (outcome?.status !== 'failed') throw new Error('The outcome is not a failed one.');
  return outcome.error;
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('The promise did not reject.');
}

/** Lets no request of a file's tests past nock, and fails a test that leaves one unsent that it expected. */
export function useOnlyNock(): void {
  beforeEach(() => {
    nock.disableNetConnect();
  });
  afterEach(() => {
    const pending = nock.pendingMocks();
    nock.cleanAll();
    nock.enableNetConnect();
    expect(pending).toEqual([]);
  });
}
