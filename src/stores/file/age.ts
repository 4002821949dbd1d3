import { fileSystemTime } from './lock.js';

/** For how long the time of a file system is taken from what has passed since it was last looked at, in ms. */
const FRESH_MS = 10_000;

/**
 * Tells the age of files by the clock of their file system, never by that of this machine. It is known from what was
 * written, and looked at where a write was refused, but never when a document is read; in between this process counts on,
 * by a clock that no one can set.
 */
export interface FileAges {
  /** Looks at the clock of the file system, if that was not done lately. Never rejects. */
  look(directory: string): Promise<void>;
  /** Takes the time of the file system from a file that was written just now. */
  learn(writtenAt: number): void;
  /** `undefined` until the clock was looked at. */
  ageOf(writtenAt: number): number | undefined;
}

export function createFileAges(): FileAges {
  let seen: { readonly time: number; readonly at: number } | undefined;
  const learn = (time: number): void => {
    seen = { time, at: performance.now() };
  };
  return {
    learn,
    async look(directory) {
      if (seen !== undefined && performance.now() - seen.at < FRESH_MS) return;
      const time = await fileSystemTime(directory).catch(() => undefined);
      if (time !== undefined) learn(time);
    },
    ageOf: (writtenAt) =>
      seen && Math.max(0, Math.round(seen.time + performance.now() - seen.at - writtenAt)),
  };
}
