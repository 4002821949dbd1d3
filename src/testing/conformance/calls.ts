import assert from 'node:assert/strict';

/** The options of a call that is not aborted. */
export const calm = (): { readonly signal: AbortSignal } => ({ signal: new AbortController().signal });

/** Returns what a call throws, immediately or later; fails when it throws nothing. */
export async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail('the call did not fail');
}
