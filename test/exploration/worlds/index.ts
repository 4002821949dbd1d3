import type { SmallWorld } from '../small-world.js';
import { ODD_SETTINGS } from './odd-settings.js';
import { ONE_PROCESS } from './one-process.js';
import { RECORDS } from './records.js';
import { TWO_PROCESSES } from './two-processes.js';

/** All worlds that are walked. */
export const WORLDS: readonly SmallWorld[] = [...ONE_PROCESS, ...ODD_SETTINGS, ...TWO_PROCESSES, ...RECORDS];
