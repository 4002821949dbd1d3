import * as z from 'zod/mini';
import { describe, expect, it } from 'vitest';
import { concealed } from '../../../src/shared/concealed.js';
import { callClient } from '../../../src/drivers/support/call-client.js';
import { interrupted } from '../../../src/drivers/support/interrupted.js';
import { failure, subjectsOf } from '../../support/engine.js';

interface Credentials {
  readonly accessToken: string;
}

const schema: z.ZodMiniType<Credentials> = z.strictObject({ accessToken: z.string('it must be a string') });
const driver = {
  displayName: 'Elsewhere',
  endpoint: () => 'https://api.elsewhere.example',
  authorization: ({ accessToken }: Credentials) => ({ authorization: accessToken }),
};

describe('callClient', () => {
  it('sends what the driver says, through the fetch of the call', async () => {
    const asked: unknown[] = [];
    const fetch = async (url: string | URL, options: { readonly headers?: unknown } = {}) => {
      asked.push([String(url), options.headers]);
      return new Response('{}');
    };
    const client = callClient(driver, schema, concealed({ accessToken: 't' }), { fetch });
    await client.request({ operation: 'look', method: 'GET', path: ['here'] });
    expect(asked).toEqual([
      ['https://api.elsewhere.example/here', expect.objectContaining({ authorization: 't' })],
    ]);
  });

  it('ends its requests with the signal of the call', async () => {
    const reason = new Error('not wanted any more');
    const client = callClient(
      driver,
      schema,
      { accessToken: 't' },
      {
        fetch: () => new Promise(() => undefined),
        signal: AbortSignal.abort(reason),
      },
    );
    await expect(client.request({ operation: 'look', method: 'GET' })).rejects.toBe(reason);
  });

  it('names all that is wrong with the credentials, and shows nothing of them', async () => {
    const error = await failure(
      () => callClient(driver, schema, { accessToken: 7, hunter2: 'x' } as never),
      'INVALID_OPTION',
    );
    expect(error.message).toContain('The credentials for Elsewhere are not valid');
    expect(subjectsOf(error)).toContain('credentials.accessToken');
    expect(error.message).not.toMatch(/hunter2|\b7\b/);
  });

  it('names what is wrong with credentials and options together', async () => {
    const error = await failure(
      () => callClient(driver, schema, {} as never, { signal: 1, retries: 1 } as never),
      'INVALID_OPTION',
    );
    expect(error.message).toContain('The arguments for Elsewhere are not valid');
    expect(subjectsOf(error)).toEqual(['credentials.accessToken', 'options.retries', 'options.signal']);
    const ofOptions = await failure(
      () => callClient(driver, schema, { accessToken: 't' }, { signal: 1 } as never),
      'INVALID_OPTION',
    );
    expect(subjectsOf(ofOptions)).toEqual(['options.signal']);
  });

  it('refuses what is no driver', async () => {
    const error = await failure(
      () => callClient({} as never, schema, { accessToken: 't' }),
      'INVALID_OPTION',
    );
    expect(error.message).toContain('callClient');
    expect(subjectsOf(error)).toEqual(['authorization', 'displayName', 'endpoint']);
  });
});

describe('a write that was interrupted', () => {
  it('may have been carried out, and is worth another run', () => {
    expect(interrupted()).toMatchObject({
      code: 'DESTINATION_UNAVAILABLE',
      message: 'The run was ended before the response to this write came; run it again.',
      retryable: true,
      maybeWritten: true,
    });
  });
});
