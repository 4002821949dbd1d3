/** What Node says of itself, and never of the program: which of its features are new, and which are going to go. */
const OF_NODE = /^\(node:\d+\) (?:\[\w+\] )?(?:ExperimentalWarning|DeprecationWarning): .*$/;
const HINT = /^\(Use `node --trace-\w+ \.\.\.` to show where the warning was created\)$/;

/** What a program wrote to its stderr, without what the version of Node that it runs on said about itself. */
export function complaintsIn(stderr: string): string {
  const lines = stderr.split('\n');
  return lines
    .filter((line, index) => {
      if (OF_NODE.test(line)) return false;
      // The hint follows any warning; it goes with those that go.
      return !(HINT.test(line) && OF_NODE.test(lines[index - 1] ?? ''));
    })
    .join('\n');
}
