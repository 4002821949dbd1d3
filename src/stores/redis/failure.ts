import { propertyOf, unreachable, type ServerFailure } from '../server.js';

/** What the codes at the head of an error reply mean. */
const REPLIES: ReadonlyMap<string, ServerFailure> = new Map([
  ['OOM', { reason: 'Redis has used its maxmemory (OOM); raise it, or free memory', retryable: true }],
  ['READONLY', { reason: 'this Redis is a replica (READONLY); connect to the primary', retryable: true }],
  ['MISCONF', { reason: "Redis can't write to its disk (MISCONF); check the disk", retryable: true }],
  ['LOADING', { reason: 'Redis is still loading its data (LOADING); wait', retryable: true }],
  ['BUSY', { reason: 'Redis is busy with a script (BUSY); wait, or end that script', retryable: true }],
  ['NOREPLICAS', { reason: 'Redis has too few replicas to write (NOREPLICAS)', retryable: true }],
  ['MASTERDOWN', { reason: 'this Redis is a replica without a primary (MASTERDOWN)', retryable: true }],
  ['CLUSTERDOWN', { reason: 'the Redis Cluster is down (CLUSTERDOWN)', retryable: true }],
  ['TRYAGAIN', { reason: 'the Redis Cluster is moving the key (TRYAGAIN); wait', retryable: true }],
  [
    'WRONGTYPE',
    { reason: 'its key in Redis holds something else (WRONGTYPE); use another key', retryable: false },
  ],
  ['NOAUTH', { reason: 'the client has not logged in to Redis (NOAUTH)', retryable: false }],
  ['WRONGPASS', { reason: 'Redis refused user or password (WRONGPASS)', retryable: false }],
  [
    'NOPERM',
    {
      reason: 'the user of Redis lacks a permission (NOPERM); allow EVAL, TIME, HMGET, HSET, HDEL and HKEYS',
      retryable: false,
    },
  ],
]);

// Redis 6 puts the code of an error in a script behind a minus sign.
const CODE = new RegExp(`(?:^|-)(${[...REPLIES.keys()].join('|')})\\b`);

/** Why Redis did not do what it was asked, from what its client threw. */
export function redisFailure(error: unknown): ServerFailure {
  const [, code = ''] = CODE.exec(propertyOf(error, 'message')) ?? [];
  return REPLIES.get(code) ?? unreachable('Redis', error);
}
