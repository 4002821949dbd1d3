export { bullmqQueue } from './queue.js';
export { bullmqWorker, type BullmqWorker } from './worker.js';
export type {
  BullmqQueueOptions,
  BullmqWorkerOptions,
  PostgresPool,
  PostgresQueueOptions,
  RedisQueueOptions,
} from './options.js';
export type { BullmqCounts, BullmqQueue } from './queue-parts.js';
