import { z } from '@hono/zod-openapi';
import { ERROR_CODES } from '../../contracts/error-codes.js';

export const timestamp = z.iso.datetime();

/** What a caller may know of an error. */
export const errorSchema = z
  .object({
    reqId: z.string().describe('Identifies the request.'),
    statusCode: z.int(),
    message: z.string(),
    error: z.string().describe('The code of the error.'),
    details: z
      .array(
        z.object({
          code: z.enum(ERROR_CODES),
          path: z.string().optional(),
          key: z.string().optional(),
          message: z.string(),
        }),
      )
      .describe('Each thing that is wrong.'),
  })
  .openapi('Error');

export const namedResources = z.array(z.object({ id: z.string(), name: z.string() })).openapi('Resources');

export const noFields = z.strictObject({});

/** A flag in a query string. */
export const flag = z.enum(['true', 'false'], 'use true or false').optional();

/** A number in a query string. */
export const count = z
  .string()
  .regex(/^\d{1,9}$/, 'use a whole number')
  .optional();

export const projectQuery = z.strictObject({ projectId: z.string().min(1, 'it is empty').optional() });

/** The number that a query string says. */
export const numberIn = (value: string | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);
