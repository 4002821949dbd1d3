function refuse(): never {
  throw new TypeError('An argument was changed.');
}

/** Makes every change to a thing, or to what can be reached from it, throw; Maps and Sets included. */
export function deepFreeze<Thing>(thing: Thing): Thing {
  if (typeof thing !== 'object' || thing === null || Object.isFrozen(thing)) return thing;
  if (thing instanceof Map || thing instanceof Set) {
    for (const name of ['set', 'add', 'delete', 'clear'])
      Object.defineProperty(thing, name, { value: refuse });
    for (const item of thing as Iterable<unknown>) deepFreeze(item);
  }
  Object.freeze(thing);
  for (const name of Reflect.ownKeys(thing)) deepFreeze(Object.getOwnPropertyDescriptor(thing, name)?.value);
  return thing;
}
