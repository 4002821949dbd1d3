import type { ConnectOptions, DestinationConnection } from '../../contracts/destination.js';
import type { FinishOptions } from '../../contracts/follow-up.js';
import { canonicalId } from '../support/ids.js';
import type { Known } from './attempt.js';
import type { QoveryConfig, QoveryCredentials } from './config.js';
import { deploy } from './deploy.js';
import { ownerNames, toEntries } from './entries.js';
import type { VariableScope } from './variable.js';
import { variableApi } from './wire.js';
import { write } from './write.js';

/** Returns where the variables of a definition are. Ids are sent as the specification writes them, with their dashes. */
const scopeOf = ({ projectId, environmentId }: QoveryConfig): VariableScope =>
  environmentId === undefined
    ? { scope: 'PROJECT', parentId: canonicalId(projectId) }
    : { scope: 'ENVIRONMENT', parentId: canonicalId(environmentId) };

/**
 * Returns the part of a place's identity that the API names. The id of an environment says all: with its project in it,
 * two definitions could name one place differently.
 */
export function placeOf(config: QoveryConfig): string {
  const { scope, parentId } = scopeOf(config);
  return `${scope.toLowerCase()}/${parentId}`;
}

/** Reads and writes the variables of one project or environment, for one run. */
export function connect({
  config,
  http,
  facts,
}: ConnectOptions<QoveryCredentials, QoveryConfig>): DestinationConnection {
  const place = scopeOf(config);
  const owners = ownerNames(facts);
  const known: Known = { listed: [], seen: new Map(), halfDone: new Map() };
  return {
    async read({ signal }) {
      known.listed = await variableApi(http, place, signal).list();
      for (const variable of known.listed) known.seen.set(variable.id, variable);
      return { entries: toEntries(known.listed, place, owners, config.variableType) };
    },
    write(batch, options) {
      const { concurrency } = http;
      const api = variableApi(http, place, options.signal);
      return write({ api, place, owners, known, concurrency }, batch, options);
    },
    ...(place.scope === 'ENVIRONMENT' && {
      finish: (options: FinishOptions) => deploy(http, place.parentId, options),
    }),
  };
}
