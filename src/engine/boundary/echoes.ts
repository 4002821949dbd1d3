import type { DestinationEntry, Facts, WriteOutcome } from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { SecretValue } from '../../contracts/secret.js';
import { endsTurn, forEachInTurns, inOneGo, type Turns } from '../../shared/turns/turns.js';
import {
  createEchoSearch,
  createTokenSearch,
  readingsOf,
  tokensIn,
  type EchoSearch,
} from '../../shared/echo-search.js';

/** Whose responses are looked through, and what they may hold. */
interface Subject {
  readonly displayName: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: unknown;
  /** What the user wrote in plain sight: a value that occurs in it is no secret. */
  readonly open: readonly string[];
}

/**
 * Refuses what a driver tells of a server that echoes a value or a token of this run: an id, key, kind, revision or fact
 * goes into plans, events, URLs and the state. (Values that the destination holds are another thing: they may equal ours.)
 */
export interface EchoGuard {
  /** The values of the source, and its keys: a value that is the name of a key is no secret there. */
  learn(secrets: ReadonlyMap<string, SecretValue>): void;
  /** In turns. @throws SecretSyncError `INVALID_RESPONSE` where an entry holds one. */
  checkEntries(entries: readonly DestinationEntry[]): Turns;
  /** Makes, in turns, what a check of the outcomes of many writes would else make at the first one. */
  prepare(): Turns;
  /** The outcome, or, where it holds one, an unknown one in its place. */
  checked(outcome: WriteOutcome): WriteOutcome;
  /** A sentence of a driver, or, where it holds one, another in its place. */
  shown(text: string): string;
  /** The same facts, which refuse to remember one. */
  guardFacts(facts: Facts): Facts;
}

// What these can hold is no secret, unless it is the whole of one.
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TIMESTAMP = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]{5,20}(?:Z|[+-][\d:]{2,6})?)?$/i;

/** The name of a variable, as a value that refers to one has it. */
const NAME = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;
/** The length of the shortest text that can hold a secret that is looked for. */
const SHORTEST = 4;
/** The same for names: what is shorter can be a word that is a value too. */
const SHORTEST_OF_NAMES = 16;

/** The tokens of a run: its headers, with and without their scheme, and its credentials. */
function tokensOf({ headers, credentials }: Pick<Subject, 'headers' | 'credentials'>): readonly string[] {
  const sent = Object.values(headers);
  return [...sent, ...sent.map((header) => header.slice(header.indexOf(' ') + 1)), ...tokensIn(credentials)];
}

/** The values and tokens of a run, and whether a text holds one of them. */
function createSecrets({ headers, credentials, open }: Omit<Subject, 'displayName'>) {
  const sent = tokensOf({ headers, credentials });
  const tokens = createTokenSearch(sent);
  let learned: ReadonlyMap<string, SecretValue> = new Map();
  // Both are made when there is something to look through that is neither a UUID nor a timestamp.
  let values: EchoSearch | undefined;
  let whole: ReadonlySet<string> | undefined;

  const isOpen = (value: string) =>
    TIMESTAMP.test(value) ||
    NAME.test(value) ||
    learned.has(value) ||
    open.some((text) => text.includes(value));

  function* searchOfValues(): Turns<EchoSearch> {
    const search = createEchoSearch();
    yield* forEachInTurns(learned.values(), (value) => {
      const text = value.reveal();
      if (!isOpen(text)) search.add(text);
    });
    return search;
  }

  function isWhole(text: string): boolean {
    whole ??= new Set(
      [...sent, ...Array.from(learned.values(), (value) => value.reveal())].map((one) => one.toLowerCase()),
    );
    return whole.has(text.toLowerCase());
  }

  const isHarmless = (text: string) => text.length < SHORTEST || TIMESTAMP.test(text);
  const isShortName = (text: string, isName: boolean) => isName && text.length < SHORTEST_OF_NAMES;

  return {
    isWhole,
    /** Whether `isHeldBy` would first have to make the search of the values. */
    isUnprepared: (text: string | undefined, isName = false) =>
      values === undefined &&
      text !== undefined &&
      !isHarmless(text) &&
      !UUID.test(text) &&
      !isShortName(text, isName),
    *prepare(): Turns {
      values ??= yield* searchOfValues();
    },
    isSourceKey: (key: string) => learned.has(key),
    learn(secrets: ReadonlyMap<string, SecretValue>) {
      learned = secrets;
      values = undefined;
      whole = undefined;
    },
    /** `isName`: a short one can be a word that is a value too, so that only a token counts. */
    isHeldBy(text: string | undefined, isName = false): boolean {
      if (text === undefined || isHarmless(text)) return false;
      if (UUID.test(text)) return isWhole(text);
      const readings = readingsOf(text);
      if (tokens.finds(readings)) return true;
      if (isShortName(text, isName)) return false;
      values ??= inOneGo(searchOfValues());
      return values.finds(readings);
    },
  };
}

/** Makes the guard of one run. */
export function createEchoGuard({ displayName, ...subject }: Subject): EchoGuard {
  const secrets = createSecrets(subject);
  const refusal = (what: string, maybeWritten: boolean) =>
    new SecretSyncError(
      'INVALID_RESPONSE',
      `${displayName} returned ${what} that holds a value or the credentials of this run; it is not used, shown or stored. ` +
        'Check the URL, and whether a proxy echoes requests.',
      { maybeWritten },
    );
  return {
    learn: (found) => secrets.learn(found),
    prepare: () => secrets.prepare(),
    *checkEntries(entries) {
      const kinds = new Set<string | undefined>();
      let count = 0;
      for (const { key, id, kind, revision, blocks } of entries) {
        count += 1;
        if (endsTurn(count)) yield;
        if ([id, revision].some((text) => secrets.isUnprepared(text))) yield* secrets.prepare();
        if (!secrets.isSourceKey(key) && secrets.isHeldBy(key, true)) throw refusal('a key', false);
        if (secrets.isHeldBy(id)) throw refusal('an id', false);
        if (secrets.isHeldBy(revision)) throw refusal('a revision', false);
        if (secrets.isHeldBy(blocks, true)) throw refusal('a reason', false);
        if (!kinds.has(kind) && secrets.isHeldBy(kind, true)) throw refusal('a kind', false);
        kinds.add(kind);
      }
    },
    checked(outcome) {
      if (outcome.status !== 'applied') return outcome;
      if (!secrets.isHeldBy(outcome.id) && !secrets.isHeldBy(outcome.revision)) return outcome;
      return { key: outcome.key, status: 'unknown', error: refusal('an id or revision', true) };
    },
    shown: (text) =>
      secrets.isHeldBy(text)
        ? 'What the driver says of it holds a value of this run, and is not shown.'
        : text,
    guardFacts: (facts) => ({
      get: (name) => facts.get(name),
      delete: (name) => facts.delete(name),
      set(name, value) {
        // Who keeps an id among the secrets too goes without the memory of it.
        if (UUID.test(value) && secrets.isWhole(value)) return;
        if (secrets.isHeldBy(name, true) || secrets.isHeldBy(value)) throw refusal('a name or id', true);
        facts.set(name, value);
      },
    }),
  };
}
