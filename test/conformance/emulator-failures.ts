import type { Emulator, Fault, RequestLogEntry } from '../../src/testing/emulators/server/types.js';

type Faults = readonly (readonly [name: string, fault: Fault])[];

const OF_A_SOCKET: Faults = [
  ['reset before', 'reset-before'],
  ['reset after', 'reset-after'],
  ['half of an answer', 'truncate'],
  ['a cut connection', 'cut'],
];

const FAULTS: Faults = [
  ...OF_A_SOCKET,
  ['HTML before', 'html-before'],
  ['HTML after', 'html-after'],
  ...[400, 401, 403, 404, 409, 429, 500, 503].map((status) => [`status ${status}`, { status }] as const),
  ['a redirect', { status: 302, headers: { location: '/elsewhere' } }],
  ['another shape', { act: true, body: { data: [] } }],
];

/** Whether a failure is one of the connection, which looks different without a socket; any other is a response. */
export const isOfSocket = (failure: string): boolean =>
  OF_A_SOCKET.some(([name]) => failure.endsWith(`: ${name}`));

type IsWrite = (request: RequestLogEntry) => boolean;

/** The ways in which both emulators can fail, each for all requests and for writes alone. */
export const EMULATOR_FAILURES = FAULTS.flatMap(([name]) => [`all: ${name}`, `writes: ${name}`]);

/** Starts one of {@link EMULATOR_FAILURES}. */
export function startFailure(emulator: Emulator, isWrite: IsWrite, failure: string): void {
  const fault = FAULTS.find(([name]) => failure.endsWith(`: ${name}`))?.[1];
  if (fault === undefined) throw new Error(`There is no failure ${failure}.`);
  const isMeant: IsWrite = failure.startsWith('all') ? () => true : isWrite;
  emulator.setIntercept((request) => (isMeant(request) ? fault : undefined));
}

/** The next write is carried out, and its answer is lost. */
export function loseNextAnswer(emulator: Emulator, isWrite: IsWrite): void {
  emulator.setIntercept((request) => {
    if (!isWrite(request)) return undefined;
    emulator.setIntercept(undefined);
    return 'reset-after';
  });
}
