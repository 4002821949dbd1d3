const originals = new WeakMap<object, object>();

const REDACTED = '[redacted]';
const hidden = { value: () => REDACTED };

/**
 * Credentials that are read field by field, by name, and by nothing else: whatever prints the object or lists its fields
 * finds none, be it `console.dir`, an assertion's diff, `JSON.stringify` or a debugger's preview.
 */
export function concealed<Credentials extends object>(credentials: Credentials): Credentials {
  const shown = Object.defineProperties(
    {},
    { toJSON: hidden, [Symbol.for('nodejs.util.inspect.custom')]: hidden },
  );
  const copy = { ...credentials };
  const proxy = new Proxy(shown, {
    get: (target, name) => Reflect.get(Object.hasOwn(copy, name) ? copy : target, name) as unknown,
    has: (target, name) => Object.hasOwn(copy, name) || name in target,
    set: () => false,
    defineProperty: () => false,
  }) as Credentials;
  originals.set(proxy, copy);
  return proxy;
}

/** Returns what {@link concealed} was given, for a schema that looks at all fields; anything else as it is. */
export function unconcealed(credentials: unknown): unknown {
  const isObject = typeof credentials === 'object' && credentials !== null;
  return isObject ? (originals.get(credentials) ?? credentials) : credentials;
}
