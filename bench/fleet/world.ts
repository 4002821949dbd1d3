import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHasuraCloudEmulator } from '../../src/testing/index.js';
import { SETTINGS, WORKER_HEADER } from './settings.js';

const { records, keys, roundTrip } = SETTINGS;

/** Requests of two workers that were in progress at one place at the same time. */
export interface Meeting {
  readonly place: string;
  readonly workers: readonly [string, string];
}

/** A source of folders over HTTP, and a destination with a place for each, both of which take a round trip to respond. */
export async function openWorld() {
  let reads = 0;
  const folders = Array.from(
    { length: records },
    (_, record) => new Map(Array.from({ length: keys }, (_key, key) => [`KEY_${key}`, `${record}-${key}-0`])),
  );
  const server = createServer((request, response) => {
    reads += 1;
    const folder = folders[Number(request.url?.slice(1))] ?? new Map<string, string>();
    void sleep(roundTrip).then(() => response.end(JSON.stringify(Object.fromEntries(folder))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const inProgress = new Map<string, string[]>();
  const meetings: Meeting[] = [];
  const destination = await startHasuraCloudEmulator({
    async intercept({ body, headers }) {
      const variables: unknown =
        typeof body === 'object' && body !== null ? Reflect.get(body, 'variables') : undefined;
      const place = JSON.stringify(variables ?? null).match(/[0-9a-f-]{36}/)?.[0];
      const worker = headers[WORKER_HEADER] ?? 'none';
      if (place === undefined) {
        await sleep(roundTrip);
        return undefined;
      }
      const others = inProgress.get(place) ?? [];
      inProgress.set(place, others);
      for (const other of others) if (other !== worker) meetings.push({ place, workers: [other, worker] });
      others.push(worker);
      await sleep(roundTrip);
      others.splice(others.indexOf(worker), 1);
      return undefined;
    },
  });
  const projects = folders.map((_, record) => destination.addProject({ name: `project ${record}` }));
  return {
    sourceUrl: `http://127.0.0.1:${port}`,
    destination,
    meetings,
    projectOf: (record: number) => projects[record]?.id ?? '',
    change(record: number, key: number, value: string) {
      folders[record]?.set(`KEY_${key}`, value);
    },
    /** The records whose place does not hold what their folder holds. */
    different: () =>
      projects.flatMap(({ id }, record) => {
        const there = destination.environment(id);
        const wanted = folders[record] ?? new Map<string, string>();
        const isEqual =
          there.size === wanted.size && [...wanted].every(([key, value]) => there.get(key) === value);
        return isEqual ? [] : [record];
      }),
    counts: () => ({ reads, requests: destination.requests.length }),
    async close() {
      server.closeAllConnections();
      server.close();
      await destination.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
