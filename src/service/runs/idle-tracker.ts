/** Counts work that is in progress, so that a caller can wait until there is none. */
export interface Activity {
  /** Counts it until it has settled; what it rejects with is ignored. */
  track(work: Promise<unknown>): void;
  whenIdle(): Promise<void>;
}

export function createActivity(): Activity {
  const underWay = new Set<Promise<unknown>>();
  return {
    track(work) {
      const settled = work.then(
        () => undefined,
        () => undefined,
      );
      underWay.add(settled);
      void settled.then(() => underWay.delete(settled));
    },
    async whenIdle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
