import {
  aFlag,
  isObject,
  objects,
  oneOf,
  optional,
  type Rule,
  type Rules,
} from '../shared/arguments/rules.js';

const isPlan = (value: unknown): boolean => {
  if (!isObject(value)) return false;
  const field = (name: string): unknown => Reflect.get(value, name);
  const definition = field('definition');
  return (
    ['imports', 'changes', 'problems', 'warnings'].every((name) => objects(field(name)) === undefined) &&
    isObject(field('summary')) &&
    isObject(definition) &&
    ['name', 'destination'].every((name) => typeof Reflect.get(definition, name) === 'string') &&
    typeof field('place') === 'string'
  );
};

/** Enough of a plan to show it; whether it was edited is a matter of applying it. */
export const aPlan: Rule = (value) =>
  isPlan(value) ? undefined : 'it is not a plan; pass what plan() or planSync() returned, or its JSON parsed';

/** Enough of a result to show it. */
export const aResult: Rule = (value) => {
  const isResult =
    isObject(value) &&
    isPlan(Reflect.get(value, 'plan')) &&
    objects(Reflect.get(value, 'outcomes')) === undefined &&
    isObject(Reflect.get(value, 'summary'));
  return isResult
    ? undefined
    : 'it is not a result; pass what apply() or sync() returned, or the result of its error';
};

export const FORMAT_OPTIONS: Rules = {
  format: optional(oneOf('text', 'markdown')),
  color: optional(aFlag),
  verbose: optional(aFlag),
  // Its least value is checked by who renders.
  maxLength: optional((value) => (typeof value === 'number' ? undefined : 'it must be a number')),
};
