import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startQoveryEmulator, type QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import { bundlePrograms, type Programs } from './programs.js';

/** What the tests of a file share: its programs, a Qovery for them, and a directory that goes with them. */
export interface ProgramsAtQovery {
  readonly programs: Programs;
  readonly emulator: QoveryEmulator;
  readonly directory: string;
}

/** Makes them before the tests of a file, hands them over, and removes them after. */
export function withProgramsAtQovery(paths: readonly string[], take: (made: ProgramsAtQovery) => void): void {
  let made: ProgramsAtQovery;
  beforeAll(async () => {
    made = {
      programs: await bundlePrograms(paths),
      directory: await mkdtemp(join(tmpdir(), 'secret-sync-at-qovery-')),
      emulator: await startQoveryEmulator(),
    };
    take(made);
  });
  afterAll(async () => {
    await made.emulator.close();
    await made.programs.remove();
    await rm(made.directory, { recursive: true, force: true });
  });
}
