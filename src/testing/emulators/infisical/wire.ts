import { createHash } from 'node:crypto';
import { echoOf, type EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { FolderRecord } from './state/world.js';
import type { InfisicalState } from './state/index.js';
import type { InfisicalSwitches } from './switches.js';
import type { InfisicalSecret } from './types.js';

/** Returns an error as the service sends it. */
export function refusal(
  switches: InfisicalSwitches,
  request: RequestLogEntry,
  status: number,
  error: string,
  message: string | readonly unknown[],
): EmulatorAnswer {
  const text = switches.echo ? `${JSON.stringify(message)} (request: ${echoOf(request)})` : message;
  const shown = typeof text === 'string' && switches.errorMessage === 'list' ? [{ message: text }] : text;
  return { status, body: { reqId: 'req-emulator', statusCode: status, message: shown, error } };
}

const time = (at: number) => new Date(at).toISOString();

/** A secret as the API shows it. */
export function present(
  state: InfisicalState,
  switches: InfisicalSwitches,
  folder: FolderRecord,
  shown: InfisicalSecret,
  view: { readonly viewSecretValue: boolean; readonly expandSecretReferences: boolean },
): Record<string, unknown> {
  const isHidden = shown.hidden || switches.valuesHidden || !view.viewSecretValue;
  const { unresolvedReferences } = switches;
  const value = view.expandSecretReferences
    ? state.expand(folder, shown.value, unresolvedReferences)
    : shown.value;
  return {
    id: shown.id,
    workspace: folder.place.projectId,
    environment: folder.place.environment,
    secretPath: folder.path,
    secretKey: shown.key,
    secretValue: isHidden ? '<hidden-by-infisical>' : value,
    secretValueHidden: isHidden,
    secretComment: shown.comment,
    version: shown.version,
    type: shown.type,
    createdAt: time(shown.createdAt),
    updatedAt: time(shown.updatedAt),
  };
}

/** Returns the response with an `ETag`, or 304 where the client has it already. */
export function withEtag(request: RequestLogEntry, answer: EmulatorAnswer): EmulatorAnswer {
  const etag = `"${createHash('sha256').update(JSON.stringify(answer.body)).digest('hex').slice(0, 16)}"`;
  const headers = { ...answer.headers, etag };
  return request.headers['if-none-match'] === etag ? { status: 304, headers } : { ...answer, headers };
}
