/** How often whoever holds or does something for others shows that it still can, in ms. */
const BEAT_MS = 1_000;
/** Who has shown nothing for so long, in ms, is gone: some beats, for a process that had other things to do. */
const GONE_MS = 5_000;

/**
 * Shows that work goes on. In a Cloudflare worker a request can end in the midst of its work, without an error and
 * without its `finally`, as when its client has gone; what others wait for must not depend on it. The timer that shows
 * it belongs to the same request and ends with it. It is the machine's own, whatever clock the work goes by, and also
 * keeps a request from being taken for one that waits for nothing.
 */
export interface LifeSign {
  /** Nothing was shown for some seconds, and it was not stopped. */
  isGone(): boolean;
  /** Ends the timer. */
  stop(): void;
}

/** Begins to show that work goes on, and calls a function each time, every second. */
export function showLife(onBeat?: () => void): LifeSign {
  let shownAt = performance.now();
  const timer = setInterval(() => {
    shownAt = performance.now();
    onBeat?.();
  }, BEAT_MS);
  // Where timers can be let go of, requests do not depend on them, and no process is to wait for what never ends.
  const { unref } = timer as { readonly unref?: () => unknown };
  unref?.call(timer);
  return {
    isGone: () => performance.now() - shownAt > GONE_MS,
    stop: () => clearInterval(timer),
  };
}
