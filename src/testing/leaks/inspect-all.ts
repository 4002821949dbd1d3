import { inspect } from 'node:util';

// Without getters, which `inspect` would call on prototypes too, where those of some libraries cache what they make.
const EVERYTHING = {
  depth: Infinity,
  showHidden: true,
  showProxy: true,
  maxArrayLength: null,
  maxStringLength: null,
  breakLength: Infinity,
} as const;

/**
 * Returns everything that can be got out of a thing without calling its methods, as one string: what `String`,
 * `JSON.stringify` and `util.inspect` (hidden properties, unlimited depth) make of it, and every string,
 * byte, name and getter that can be reached from it, the causes of errors included.
 */
export function inspectAll(thing: unknown): string {
  const texts = [
    attempt(() => String(thing)),
    attempt(() => JSON.stringify(thing)),
    // As `console.dir` and the diffs of assertions do it, which heed no `inspect.custom`, and as `console.log` does.
    attempt(() => inspect(thing, { ...EVERYTHING, customInspect: false })),
    attempt(() => inspect(thing, EVERYTHING)),
  ];
  walk(thing, new Set(), texts);
  return texts.join('\n');
}

/** A getter or a `toJSON` may throw, and what it throws may say something. */
function attempt(render: () => string | undefined): string {
  try {
    return render() ?? '';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : '';
  }
}

function walk(root: unknown, seen: Set<object>, texts: string[]): void {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const thing = waiting.pop();
    if (typeof thing === 'string') texts.push(thing);
    if (typeof thing === 'symbol') texts.push(thing.description ?? '');
    if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null || seen.has(thing))
      continue;
    seen.add(thing);
    if (thing instanceof ArrayBuffer) texts.push(new TextDecoder().decode(thing));
    if (ArrayBuffer.isView(thing)) {
      texts.push(new TextDecoder().decode(thing));
      // Its elements are numbers, and there may be millions.
      continue;
    }
    if (thing instanceof Error) texts.push(String(thing));
    if (thing instanceof Map || thing instanceof Headers || thing instanceof URLSearchParams) {
      for (const [name, value] of thing) waiting.push(name, value);
    }
    if (thing instanceof Set) for (const item of thing as Set<unknown>) waiting.push(item);
    if (thing instanceof URL) waiting.push(thing.href);
    pushProperties(thing, waiting);
  }
}

function pushProperties(thing: object, waiting: unknown[]): void {
  // What a function holds beyond its enumerable properties leads away, into the platform.
  const isFunction = typeof thing === 'function';
  let owner: object | null = thing;
  while (owner !== null && owner !== Object.prototype) {
    for (const name of isFunction ? Object.keys(owner) : Reflect.ownKeys(owner)) {
      waiting.push(name);
      try {
        waiting.push(Reflect.get(owner, name, thing));
      } catch (error) {
        waiting.push(error);
      }
    }
    // Getters are on the prototype.
    owner = isFunction ? null : (Reflect.getPrototypeOf(owner) ?? null);
  }
}
