/**
 * The services that a runtime is tried against, in a process of their own: prints one line of JSON, a
 * {@link RuntimeServices}, and runs until its input ends. With `throttled`, Qovery refuses what comes too fast.
 */
import { createServer } from 'node:net';
import {
  startHasuraCloudEmulator,
  startInfisicalEmulator,
  startQoveryEmulator,
} from 'secret-sync-engine/testing';
import { secretsOf, type RuntimeServices } from './program.js';

/** An address that refuses connections: its port was free a moment ago. */
async function refusedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

/** Reads each request and closes the connection without a response. */
async function startLosingServer() {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const hasura = await startHasuraCloudEmulator();
const qovery = await startQoveryEmulator(
  process.argv[2] === 'throttled' ? { rateLimit: { limit: 100, windowMs: 1_000 } } : {},
);
const infisical = await startInfisicalEmulator();
const projectId = '7c1b9e0a-52f7-4a7e-9a0e-51f1f0f5b8aa';
infisical.addProject({ id: projectId, name: 'Shop' });
infisical.addEnvironment({ projectId, slug: 'prod', name: 'Production' });
for (const [key, value] of Object.entries(secretsOf('SERVED')))
  infisical.addSecret({ projectId, environment: 'prod', secretPath: '/' }, { key, value });
const organization = qovery.addOrganization({ name: 'Shop Ltd' });
const shop = qovery.addProject({ organizationId: organization.id, name: 'Shop' });
const environmentOf = (name: string) => qovery.addEnvironment({ projectId: shop.id, name }).id;

const services: RuntimeServices = {
  hasura: {
    url: hasura.url,
    accessToken: hasura.accessToken,
    projectId: hasura.addProject({ name: 'Shop' }).id,
  },
  qovery: {
    url: qovery.url,
    accessToken: qovery.accessToken,
    organizationId: organization.id,
    projectId: shop.id,
    environmentIds: [environmentOf('one'), environmentOf('two'), environmentOf('three')],
  },
  infisical: {
    url: infisical.url,
    clientId: infisical.clientId,
    clientSecret: infisical.clientSecret,
    projectId,
  },
  apiToken: 'token-of-the-api',
  refusedUrl: await refusedUrl(),
  losingUrl: await startLosingServer(),
};
console.log(JSON.stringify(services));
process.stdin.resume().on('end', () => process.exit(0));
