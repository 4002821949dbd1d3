/**
 * What each runtime is tried with. Web-standard APIs and the package's own entries only: it runs in a worker too.
 */
import { isSecretSyncError, memorySource, SecretSyncEngine, type MemorySource } from 'secret-sync-engine';
import { createHttpClient } from 'secret-sync-engine/drivers';
import { hasuraCloud } from 'secret-sync-engine/drivers/hasura-cloud';
import { qovery } from 'secret-sync-engine/drivers/qovery';

/** Where the services are, as the process that runs them prints it. */
export interface RuntimeServices {
  readonly hasura: { readonly url: string; readonly accessToken: string; readonly projectId: string };
  readonly qovery: {
    readonly url: string;
    readonly accessToken: string;
    readonly organizationId: string;
    readonly projectId: string;
    readonly environmentIds: readonly [string, string, string];
  };
  /** Has one folder with {@link KEYS} secrets. */
  readonly infisical: {
    readonly url: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly projectId: string;
  };
  /** What the API of this package wants of who calls it. */
  readonly apiToken: string;
  /** Refuses connections. */
  readonly refusedUrl: string;
  /** Takes a request and closes the connection without a response. */
  readonly losingUrl: string;
}

/** One thing that was tried; without `failure` it holds. */
export interface Trial {
  readonly name: string;
  readonly failure?: string;
}

export const KEYS = 40;

export const secretsOf = (prefix: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`${prefix}_${index}`, `value ${index}`]));

export const driversOf = ({ hasura, qovery: deploys }: RuntimeServices) =>
  [
    hasuraCloud({ accessToken: hasura.accessToken, apiUrl: hasura.url }),
    qovery({ accessToken: deploys.accessToken, instanceUrl: deploys.url }),
  ] as const;

export function qoverySync(
  { qovery: { organizationId, projectId, environmentIds } }: RuntimeServices,
  nth: 0 | 1 | 2,
) {
  return {
    name: `qovery-${nth}`,
    destination: 'qovery',
    destinationConfig: { organizationId, projectId, environmentId: environmentIds[nth] },
  } as const;
}

export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const [shown, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (shown !== wanted) throw new Error(`${what} is ${shown}, expected ${wanted}`);
}

/** Does what was to be tried; a failure becomes part of the trial. */
export async function attempt(name: string, work: () => Promise<void>): Promise<Trial> {
  try {
    await work();
    return { name };
  } catch (error) {
    return { name, failure: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

async function syncsToItsEnd(services: RuntimeServices, source: MemorySource): Promise<void> {
  const engine = new SecretSyncEngine({ source, drivers: driversOf(services), allowPrivateNetwork: true });
  const hasuraSync = {
    name: 'hasura',
    destination: 'hasura-cloud',
    destinationConfig: { projectId: services.hasura.projectId },
  } as const;
  for (const definition of [hasuraSync, qoverySync(services, 0)]) {
    const { destination } = definition;
    const plan = await engine.plan(definition);
    expectEqual(`${destination}: creations planned`, plan.summary.create, KEYS);
    const applied = await engine.apply(plan);
    expectEqual(`${destination}: status`, applied.status, 'succeeded');
    const { create, update, delete: deletions } = (await engine.plan(definition)).summary;
    expectEqual(`${destination}: changes of a second plan`, [create, update, deletions], [0, 0, 0]);
  }
  source.set('APP_0', 'changed');
  source.delete('APP_1');
  for (const definition of [hasuraSync, qoverySync(services, 0)]) {
    const { summary } = (await engine.sync(definition)).plan;
    const { destination } = definition;
    expectEqual(`${destination}: update and deletion`, [summary.update, summary.delete], [1, 1]);
  }
}

/** What a POST to an address makes: whether the error leaves a doubt that something was written. */
async function doubtOf(endpoint: string): Promise<boolean> {
  const client = createHttpClient({ endpoint, allowPrivateNetwork: true, retry: { retries: 0 } });
  try {
    await client.request({ operation: 'try', method: 'POST', body: {} });
  } catch (error) {
    if (!isSecretSyncError(error, 'DESTINATION_UNAVAILABLE')) throw error;
    return error.maybeWritten === true;
  }
  throw new Error('the request succeeded');
}

/**
 * @param tellsFailuresApart Whether the runtime's `fetch` says at which stage it failed. Where it does not, each failure
 * must leave the doubt.
 */
export async function runProgram(
  services: RuntimeServices,
  { tellsFailuresApart }: { readonly tellsFailuresApart: boolean },
): Promise<Trial[]> {
  return [
    await attempt('plans, applies, and syncs again with both drivers', () =>
      syncsToItsEnd(services, memorySource(secretsOf('APP'))),
    ),
    await attempt(
      tellsFailuresApart
        ? 'knows that a refused connection and an unknown host wrote nothing'
        : 'counts every failed connection as one that may have written',
      async () => {
        for (const url of [services.refusedUrl, 'https://nothing.invalid']) {
          expectEqual(`doubt at ${url}`, await doubtOf(url), !tellsFailuresApart);
        }
      },
    ),
    await attempt('knows that a lost response leaves a doubt', async () =>
      expectEqual('doubt', await doubtOf(services.losingUrl), true),
    ),
  ];
}
