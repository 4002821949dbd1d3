// The emulators, in a thread of their own: what they need to answer is not charged to who is measured.
import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';
import {
  startHasuraCloudEmulator,
  startQoveryEmulator,
  type Emulator,
  type Fault,
} from 'secret-sync-engine/testing';
import {
  envelopeSchema,
  requestSchema,
  type Counts,
  type Place,
  type ServerRequest,
} from './server-messages.js';
import { createSlidingWindow, type RateLimit } from './sliding-window.js';

interface OpenServer {
  readonly emulator: Emulator;
  roundTrip: number;
  addPlace(): Place;
  values(): [key: string, value: string][];
}

const servers = new Map<number, OpenServer>();
let opened = 0;

/** Delays each answer by the round trip of the moment, and refuses what is over the limit. */
function createIntercept(roundTrip: () => number, limit: RateLimit | undefined): () => Fault | undefined {
  const take = limit && createSlidingWindow(limit, Date.now);
  return () => {
    const delay = roundTrip();
    if (!take) return delay > 0 ? { delay } : undefined;
    const { isTaken, headers } = take();
    return isTaken ? { delay, headers } : { delay, headers, status: 429 };
  };
}

async function openQovery(intercept: () => Fault | undefined): Promise<Omit<OpenServer, 'roundTrip'>> {
  const emulator = await startQoveryEmulator({ intercept });
  let parentId = '';
  return {
    emulator,
    addPlace() {
      const { id: organizationId } = emulator.addOrganization({ name: 'bench' });
      const { id: projectId } = emulator.addProject({ name: 'bench', organizationId });
      parentId = emulator.addEnvironment({ name: 'bench', projectId }).id;
      return { organizationId, projectId, environmentId: parentId };
    },
    values: () =>
      emulator
        .variables()
        .filter(({ parent_id, variable_type }) => parent_id === parentId && variable_type === 'VALUE')
        .map(({ key, value }) => [key, value]),
  };
}

async function openHasuraCloud(intercept: () => Fault | undefined): Promise<Omit<OpenServer, 'roundTrip'>> {
  const emulator = await startHasuraCloudEmulator({ intercept });
  let projectId = '';
  return {
    emulator,
    addPlace() {
      projectId = emulator.addProject({ name: 'bench' }).id;
      return { projectId };
    },
    values: () =>
      [...emulator.environment(projectId)].map(([key, value]) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
  };
}

/** What the thread had done when the requests were last cleared. */
let before: EventLoopUtilization = performance.eventLoopUtilization();

const countsOf = ({ requests }: Emulator): Counts => ({
  requests: requests.length,
  refused: requests.filter(({ status }) => status === 429).length,
  busy: performance.eventLoopUtilization(before).active,
});

async function answer(request: ServerRequest): Promise<unknown> {
  if (request.action === 'open') {
    const state = { roundTrip: 0 };
    const intercept = createIntercept(() => state.roundTrip, request.limit);
    const open = request.destination === 'qovery' ? openQovery : openHasuraCloud;
    const server = Object.assign(state, await open(intercept));
    servers.set(++opened, server);
    return { server: opened, url: server.emulator.url, accessToken: server.emulator.accessToken };
  }
  const server = servers.get(request.server);
  if (!server) throw new Error(`There is no server ${request.server}.`);
  switch (request.action) {
    case 'addPlace':
      return server.addPlace();
    case 'setRoundTrip':
      server.roundTrip = request.ms;
      return null;
    case 'clear':
      server.emulator.clearRequests();
      before = performance.eventLoopUtilization();
      return null;
    case 'counts':
      return countsOf(server.emulator);
    case 'values':
      return server.values();
    case 'close':
      servers.delete(request.server);
      await server.emulator.close();
      return null;
  }
}

parentPort?.on('message', (message: unknown) => {
  const { number, content } = envelopeSchema.parse(message);
  void answer(requestSchema.parse(content)).then((result) =>
    parentPort?.postMessage({ number, content: result }),
  );
});
