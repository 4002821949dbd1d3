// A suite under another runner than the one of these tests: run by runners.test.ts, in a process of its own.
import { describe, it } from 'node:test';
import { memoryStore } from 'secret-sync-engine';
import { storeConformance } from 'secret-sync-engine/testing';

storeConformance({ name: 'the memory store', create: () => memoryStore() }, { describe, it });
