// What public functions are called with, checked without zod: the pure ones are to stay small.

/** Says what is wrong with a value, and what to do; `undefined` where it fits. Quotes nothing. */
export type Rule = (value: unknown) => string | undefined;
export type Rules = Readonly<Record<string, Rule>>;

const must =
  (fits: (value: unknown) => boolean, message: string): Rule =>
  (value) =>
    fits(value) ? undefined : message;

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isFunction = (value: unknown): boolean => typeof value === 'function';

export const optional =
  (rule: Rule): Rule =>
  (value) =>
    value === undefined ? undefined : rule(value);

export const anObject = must((value) => isObject(value) && !Array.isArray(value), 'it must be an object');
export const aString = must((value) => typeof value === 'string', 'it must be a string');
export const aName = must(
  (value) => typeof value === 'string' && value !== '',
  'it must be a string that is not empty',
);
export const aFlag = must((value) => typeof value === 'boolean', 'it must be true or false');
export const aFunction = must(isFunction, 'it must be a function');
export const aTime = must(
  (value) => typeof value === 'number' && value >= 0 && value < Infinity,
  'it must be a number from 0 on, in ms',
);
export const aCount = must(
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  'it must be a whole number from 0 on',
);
/** Data by key; what a list holds is checked by who reads it. */
export const dataByKey = must(isObject, 'it must be a record, a Map, or a list');
export const pairs = must(
  (value) => isObject(value) && (!Array.isArray(value) || value.every(Array.isArray)),
  'it must be a record, a Map, or a list of pairs',
);
export const aList = must(Array.isArray, 'it must be a list');
export const anIterable = must(
  (value) => isObject(value) && isFunction(Reflect.get(value, Symbol.iterator)),
  'it must be a list or a Set',
);

/** A list of objects. */
export const objects = must(
  (value) => Array.isArray(value) && value.every(isObject),
  'it must be a list of objects',
);

export const oneOf = (...words: readonly unknown[]): Rule =>
  must(
    (value) => words.includes(value),
    `use one of ${words.map((word) => JSON.stringify(word)).join(', ')}`,
  );

/** An object with these methods. */
export const withMethods = (...names: readonly string[]): Rule =>
  must(
    (value) => isObject(value) && names.every((name) => isFunction(Reflect.get(value, name))),
    `it must be an object with ${names.map((name) => `${name}()`).join(', ')}`,
  );
