import type { Clock } from '../contracts/clock.js';

/** The last moment that a Date can hold, in ms since the epoch. */
export const END_OF_TIME = 8.64e15;

/** A moment, in ms since the epoch, as an ISO 8601 timestamp. */
export const toTimestamp = (ms: number): string => new Date(Math.min(ms, END_OF_TIME)).toISOString();

/** The time of a clock as an ISO 8601 timestamp. */
export const timestamp = (clock: Clock): string => toTimestamp(clock.now());
