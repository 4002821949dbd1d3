import * as z from 'zod';
import { echoOf, type EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { QoveryMissing, QoverySwitches } from './switches.js';

/** The query of all other routes, and the body of those that take none. */
export const nothingSchema = z.strictObject({});

/** Says why some input is not what its schema says, by field and without the input itself. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`)
    .join('; ');
}

const REASONS = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [409, 'Conflict'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
]);

/** Returns an error as the switches want it. */
export function refusal(
  switches: QoverySwitches,
  request: RequestLogEntry,
  status: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): EmulatorAnswer {
  const text = switches.echo ? `${message} (request: ${echoOf(request)})` : message;
  if (switches.errorBody === 'empty') return { status };
  if (switches.errorBody === 'text') return { status, body: text };
  return {
    status,
    body: { status, error: REASONS.get(status) ?? 'Error', [switches.errorBody]: text, ...more },
  };
}

/** Returns one of the ways in which the service says that something does not exist. */
export function missing(
  switches: QoverySwitches,
  request: RequestLogEntry,
  what: string,
  manner: QoveryMissing = switches.missing,
): EmulatorAnswer {
  if (manner === '403') return refusal(switches, request, 403, 'Access is denied');
  if (manner === '404') return refusal(switches, request, 404, `${what} not found`);
  return refusal(switches, request, 400, `${what} doesn't exist`);
}
