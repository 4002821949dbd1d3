// Real servers for tests: those that REDIS_URL and POSTGRES_URL name, or such as are started from the programs of the
// machine.
import { describe, it } from 'vitest';
import { RECIPES, startServer, type OwnServer, type Server, type ServerName } from './server-programs.js';

export type { OwnServer, Server, ServerName } from './server-programs.js';

/** The servers that the tests of one file share. */
export interface SharedServers {
  /** The one that an environment variable names, else `own`. */
  readonly any: () => Promise<Server>;
  /** One that tests may break: started when it is first asked for. */
  readonly own: () => Promise<OwnServer>;
  /** Ends the one that was started. */
  readonly stop: () => Promise<void>;
}

export function sharedServers(name: ServerName): SharedServers {
  const url = process.env[RECIPES[name].variable];
  let started: Promise<OwnServer> | undefined;
  const own = () => (started ??= startServer(name));
  return {
    any: async () => (url === undefined || url === '' ? own() : { url }),
    own,
    stop: async () => (await started)?.stop(),
  };
}

/**
 * A group of tests that need a server. Where there is none, it is left out, with a line that says what to install; with
 * `CI=true` that fails. `own`: only one that the tests can start and break will do.
 */
export function describeServer(
  name: ServerName,
  title: string,
  body: () => void,
  { own = false }: { readonly own?: boolean } = {},
): void {
  const { variable, packages, missing } = RECIPES[name];
  const reason = !own && process.env[variable] ? undefined : missing();
  if (reason === undefined) {
    describe(title, body);
    return;
  }
  const remedy = `install it (apt-get install ${packages})${own ? '' : `, or set ${variable}`}`;
  const message = `LEFT OUT: "${title}" needs ${name}, and ${reason}: ${remedy}.`;
  console.warn(message);
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      it(`finds ${name}`, () => {
        throw new Error(message);
      });
    });
    return;
  }
  // A machine without the server still runs the rest; CI fails above.
  describe.skip(title, body);
}
