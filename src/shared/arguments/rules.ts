// What public functions are called with, checked without zod: the pure ones are to stay small.

/** What a value must be, after "it must be", and whether it is that. Nothing of a value is quoted. */
export type Rule = readonly [what: string, fits: (value: unknown) => boolean];
export type Rules = Readonly<Record<string, Rule>>;

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether it is an object of fields: no list, Map, Promise, signal or the like, whose fields say nothing. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  /^\[object (?:Object|Module)\]$/.test(Object.prototype.toString.call(value));

/** The field of what may be anything. */
export const field = (of: unknown, name: PropertyKey): unknown =>
  (of as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[name];

const has = (value: unknown, name: PropertyKey): boolean => typeof field(value, name) === 'function';

export const optional = ([what, fits]: Rule): Rule => [what, (value) => value === undefined || fits(value)];

export const anObject: Rule = ['an object', isRecord];
export const aString: Rule = ['a string', (value) => typeof value === 'string'];
export const aName: Rule = [
  'a string that is not empty',
  (value) => typeof value === 'string' && value !== '',
];
export const aFlag: Rule = ['true or false', (value) => typeof value === 'boolean'];
export const aFunction: Rule = ['a function', (value) => typeof value === 'function'];
export const aTime: Rule = [
  'a number from 0 on, in ms',
  (value) => typeof value === 'number' && value >= 0 && value < Infinity,
];
export const aCount: Rule = [
  'a whole number from 0 on',
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0,
];
/** Whether it can hold data by key, which a Promise that no one awaited does not. */
export const isDataByKey = (value: unknown): value is object =>
  isRecord(value) || (isObject(value) && has(value, Symbol.iterator));

/** Data by key; what a list holds is checked by who reads it. */
export const dataByKey: Rule = ['a record, a Map, or a list', isDataByKey];
export const pairs: Rule = [
  'a record, a Map, or a list of pairs',
  (value) => isDataByKey(value) && (!Array.isArray(value) || value.every(Array.isArray)),
];
export const anIterable: Rule = [
  'a list or a Set',
  (value) => isObject(value) && has(value, Symbol.iterator),
];

/** Whether a value is a list of objects. */
export const areObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isObject);

export const objects: Rule = ['a list of objects', areObjects];

export const oneOf = (...words: readonly unknown[]): Rule => [
  `one of ${words.map((word) => JSON.stringify(word)).join(', ')}`,
  (value) => words.includes(value),
];

/** An object with these methods; `Date` and the clients of some databases are functions that have them. */
export const withMethods = (...names: readonly string[]): Rule => [
  `an object with ${names.join('(), ')}()`,
  (value) => (isObject(value) || typeof value === 'function') && names.every((name) => has(value, name)),
];
