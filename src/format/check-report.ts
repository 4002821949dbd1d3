import {
  aFlag,
  areObjects,
  field,
  isObject,
  oneOf,
  optional,
  type Rule,
  type Rules,
} from '../shared/arguments/rules.js';

const isPlan = (value: unknown): boolean => {
  if (!isObject(value)) return false;
  const definition = field(value, 'definition');
  return (
    ['imports', 'changes', 'problems', 'warnings'].every((name) => areObjects(field(value, name))) &&
    isObject(field(value, 'summary')) &&
    ['name', 'destination'].every((name) => typeof field(definition, name) === 'string') &&
    typeof field(value, 'place') === 'string'
  );
};

/** Enough of a plan to show it; whether it was edited is a matter of applying it. */
export const aPlan: Rule = ['a plan: what plan() or planSync() returned, or its JSON parsed', isPlan];

/** Enough of a result to show it. */
export const aResult: Rule = [
  'a result: what apply() or sync() returned, or the result of its error',
  (value) =>
    isPlan(field(value, 'plan')) && areObjects(field(value, 'outcomes')) && isObject(field(value, 'summary')),
];

export const FORMAT_OPTIONS: Rules = {
  format: optional(oneOf('text', 'markdown')),
  color: optional(aFlag),
  verbose: optional(aFlag),
  // Its least value is checked by who renders.
  maxLength: optional(['a number', (value) => typeof value === 'number']),
};
