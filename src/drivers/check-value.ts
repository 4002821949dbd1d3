/** Why a value is no text that an environment variable can hold; `undefined` when it is. */
export function checkText(value: string): string | undefined {
  if (value.includes('\0')) return 'it holds a NUL character; remove it';
  // With the u flag, a surrogate that is half of a pair does not match.
  return /\p{Surrogate}/u.test(value)
    ? 'it holds half of a surrogate pair; write it as valid Unicode'
    : undefined;
}
