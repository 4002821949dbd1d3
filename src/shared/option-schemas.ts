import * as z from 'zod/mini';
import { quoteList } from './text.js';

// What options of constructors and calls are made of. Each message says what is wrong and what to do, and quotes nothing.

/** The error of a strict zod object: names the fields that it does not know, and the remedy. */
export const unknownFields = {
  error: (issue: { readonly code?: string; readonly keys?: unknown }): string =>
    issue.code === 'unrecognized_keys' && Array.isArray(issue.keys)
      ? `unknown: ${quoteList(issue.keys.map(String))}; remove it, or correct its name`
      : 'it must be an object',
};

/** A strict object of options. */
export const optionsOf = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, unknownFields);

export const string = z.string('it must be a string');

export const flag = z.boolean('it must be true or false');

/** One of some words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, `use one of ${words.map((word) => `"${word}"`).join(', ')}`);

/** A whole number. */
export const atLeast = (least: number, unit = '') =>
  z.int(`it must be a whole number${unit}`).check(z.minimum(least, `it must be at least ${least}`));

/** A time that one timer can hold, in ms. */
export const milliseconds = (least = 1) =>
  atLeast(least, ' of ms').check(z.maximum(2 ** 31 - 1, 'it must be less than 25 days'));

export const share = z
  .number('it must be a number from 0 to 1')
  .check(z.minimum(0, 'use 0 to 1'), z.maximum(1, 'use 0 to 1'));

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** A function that is called with what its type says. */
export const functionOf = <Function>() =>
  z.custom<Function>((value) => isFunction(value), 'it must be a function');

/** An object with these methods. */
export const withMethods = <Methods = unknown>(...names: readonly string[]) =>
  z.custom<Methods>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => isFunction(Reflect.get(value, name))),
    `it must be an object with ${names.map((name) => `${name}()`).join(', ')}`,
  );

/** An abort signal, also one of another realm. */
export const signal = z.custom<AbortSignal>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'aborted') === 'boolean' &&
    ['addEventListener', 'removeEventListener', 'throwIfAborted'].every((name) =>
      isFunction(Reflect.get(value, name)),
    ),
  'it must be an AbortSignal; pass the signal of an AbortController',
);
