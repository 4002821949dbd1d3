// A driver of your own. It says how to read and write; what may be written or deleted is for the engine to decide.
import { pathToFileURL } from 'node:url';
import {
  defineDriver,
  formatResult,
  memorySource,
  SecretSyncEngine,
  type WriteOutcome,
} from 'secret-sync-engine';
import { createHttpClient } from 'secret-sync-engine/drivers';
import * as z from 'zod';
import { startConfigService } from './support/config-service.js';

const credentialsSchema = z.strictObject({ accessToken: z.string().min(1), url: z.url() });
const configSchema = z.strictObject({ configId: z.string().regex(/^[\w-]+$/) });
const configResponse = z.object({ version: z.string(), entries: z.array(z.tuple([z.string(), z.string()])) });
const patchResponse = z.object({ version: z.string() });

type Credentials = z.infer<typeof credentialsSchema>;
const authorization = ({ accessToken }: Credentials) => ({ authorization: `Bearer ${accessToken}` });

export const configService = (credentials?: Credentials) =>
  defineDriver({
    specVersion: 1,
    name: 'config-service',
    displayName: 'Config Service',
    ...(credentials && { credentials }),
    credentialsSchema,
    configSchema,
    capabilities: {
      import: true,
      writes: 'batch',
      reservedWritable: false,
      checkKey: (key) => (/^[^\p{C}]+$/u.test(key) ? undefined : 'use visible characters'),
      checkValue: () => undefined,
      isReserved: (key) => key.startsWith('SERVICE_'),
    },
    endpoint: ({ url }) => url,
    authorization,
    identity: ({ url }, { configId }) => `config-service:${new URL(url).host}/${configId}`,
    connect({ config, http }) {
      const path = ['configs', config.configId];
      let version = '';
      return {
        async read({ signal }) {
          const request = {
            operation: 'read the config',
            method: 'GET',
            path,
            schema: configResponse,
          } as const;
          const { data } = await http.request({ ...request, signal });
          version = data.version;
          return { entries: data.entries.map(([key, value]) => ({ key, value })) };
        },
        // The service responds with 412 when the version moved; the client throws it as CONFLICT, and the engine decides again.
        async write({ changes }, options) {
          const set = changes.flatMap(({ key, value }) => (value ? [[key, value]] : []));
          const remove = changes.flatMap(({ key, value }) => (value ? [] : [key]));
          const request = {
            operation: 'change the config',
            method: 'PATCH',
            path,
            schema: patchResponse,
          } as const;
          const asked = { body: { set, remove }, headers: { 'if-match': version }, signal: options.signal };
          const { data } = await http.request({ ...request, ...asked });
          version = data.version;
          const outcomes = changes.map(({ key }): WriteOutcome => ({ key, status: 'applied' }));
          outcomes.forEach((outcome) => options.onOutcome(outcome));
          return outcomes;
        },
      };
    },
    async validateConnection(given, { signal, ...network } = {}) {
      const client = createHttpClient({ endpoint: given.url, headers: authorization(given), ...network });
      const request = { operation: 'list the configs', method: 'GET', path: ['configs'] } as const;
      await client.forRun({ signal }).request(request);
    },
  });

async function main(): Promise<void> {
  await using service = await startConfigService();
  service.set('shop', 'OLD', 'left over');
  const engine = new SecretSyncEngine({
    source: memorySource({ API_KEY: 'example-value', REGION: 'example-region' }),
    drivers: [configService({ accessToken: service.accessToken, url: service.url })],
    allowPrivateNetwork: true,
  });
  const sync = {
    name: 'shop',
    destination: 'config-service',
    destinationConfig: { configId: 'shop' },
    syncOptions: { deletionScope: 'matching' },
  } as const;
  console.log(formatResult(await engine.sync(sync)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
