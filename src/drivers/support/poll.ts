import type { FinishOptions } from '../../contracts/follow-up.js';

/** How often something is looked at, in ms. */
export interface PollPauses {
  /** Before the first look. Each later pause is half as long again. */
  readonly first: number;
  /** The longest pause. */
  readonly most: number;
}

/** Looks again and again until there is something to return, or until `sleep` rejects because the run was ended. */
export async function poll<Found>(
  { sleep }: Pick<FinishOptions, 'sleep'>,
  { first, most }: PollPauses,
  look: () => Promise<Found | undefined>,
): Promise<Found> {
  for (let pause = first; ; pause = Math.min(pause * 1.5, most)) {
    await sleep(pause);
    const found = await look();
    if (found !== undefined) return found;
  }
}
