import type { EmulatorSink } from '../server/answers.js';
import type { EventRegistration as Registration } from './schemas.js';
import type { InfisicalChange } from './state/world.js';

/** The streams of events that are open. */
export interface InfisicalStreams {
  readonly size: number;
  open(registration: Registration, sink: EmulatorSink): void;
  readonly push: (change: InfisicalChange) => void;
  /** Sends text to all as it is. */
  readonly send: (text: string) => void;
  /** Ends all. */
  readonly end: () => void;
}

export function createInfisicalStreams(): InfisicalStreams {
  const open = new Map<EmulatorSink, Registration>();

  const concerns = ({ projectId, register }: Registration, { event, place }: InfisicalChange): boolean =>
    place.projectId === projectId &&
    register.some(
      ({ event: wanted, conditions = {} }) =>
        wanted === event &&
        (conditions.environmentSlug ?? place.environment) === place.environment &&
        (conditions.secretPath ?? place.secretPath) === place.secretPath,
    );

  return {
    get size() {
      return open.size;
    },
    open(registration, sink) {
      open.set(sink, registration);
      sink.closed.addEventListener('abort', () => open.delete(sink));
      sink.write(': open\n\n');
    },
    push(change) {
      const { event, place } = change;
      const where = { environment: place.environment, secretPath: place.secretPath };
      const payload =
        event === 'secret:import-mutation'
          ? where
          : change.keys.map((secretKey) => ({ ...where, secretKey }));
      const data = JSON.stringify({ projectType: 'secret-manager', data: { eventType: event, payload } });
      for (const [sink, registration] of open)
        if (concerns(registration, change)) sink.write(`data: ${data}\n\n`);
    },
    send: (text) => open.forEach((_registration, sink) => sink.write(text)),
    end() {
      const sinks = [...open.keys()];
      open.clear();
      for (const sink of sinks) sink.end();
    },
  };
}
