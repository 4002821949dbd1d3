import type { QoverySwitches } from './switches.js';
import type { QoveryDeployment } from './types.js';

/** The deployments of one emulator. */
export type QoveryDeployments = ReturnType<typeof createDeployments>;

interface Begun {
  readonly id: string;
  readonly environmentId: string;
  readonly startedAt: number;
  readonly endsAt: number;
  readonly endState: string;
}

/** Plays deployments: each takes its time, and ends in the state that the switches say when it begins. */
export function createDeployments(switches: QoverySwitches, nextId: () => string, now: () => number) {
  const begun: Begun[] = [];
  const show = ({ endsAt, endState, ...deployment }: Begun): QoveryDeployment => {
    const finished = now() >= endsAt;
    return { ...deployment, finished, state: finished ? endState : 'DEPLOYING' };
  };
  const all = (): QoveryDeployment[] => begun.map(show);
  return {
    all,
    lastOf: (environmentId: string) =>
      all()
        .filter((deployment) => deployment.environmentId === environmentId)
        .at(-1),
    start(environmentId: string): void {
      const startedAt = now();
      const { deploymentsEnd, deploymentMs, deploymentState: endState } = switches;
      const endsAt = deploymentsEnd === 'by-hand' ? Infinity : startedAt + deploymentMs;
      begun.push({ id: nextId(), environmentId, startedAt, endsAt, endState });
    },
    /** Ends those of an environment that are in progress. */
    finish(environmentId: string, state?: string): void {
      begun.forEach((deployment, index) => {
        if (deployment.environmentId !== environmentId || now() >= deployment.endsAt) return;
        begun[index] = { ...deployment, endsAt: now(), endState: state ?? deployment.endState };
      });
    },
  };
}
