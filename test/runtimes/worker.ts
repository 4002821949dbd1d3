/** The program in a worker of workerd, without any of Node's modules. */
import { memorySource, SecretSyncEngine } from 'secret-sync-engine';
import api from '../../examples/rest/worker.js';
import { driversOf, qoverySync, runProgram, secretsOf, type RuntimeServices } from './program.js';

/** Put in by the bundler. */
declare const SERVICES: RuntimeServices;

/** At module scope, where nothing may be drawn, awaited or fetched; shared by all requests. */
const source = memorySource(secretsOf('SHARED'));
const engine = new SecretSyncEngine({
  source,
  drivers: driversOf(SERVICES),
  allowPrivateNetwork: true,
});

const { infisical, qovery } = SERVICES;
const environment = {
  API_TOKEN: SERVICES.apiToken,
  INFISICAL_CLIENT_ID: infisical.clientId,
  INFISICAL_CLIENT_SECRET: infisical.clientSecret,
  INFISICAL_URL: infisical.url,
  QOVERY_ACCESS_TOKEN: qovery.accessToken,
  QOVERY_INSTANCE_URL: qovery.url,
  ALLOW_PRIVATE_NETWORK: 'true',
};

let changes = 0;

export default {
  async fetch(
    request: Request,
    _environment: unknown,
    context: Parameters<typeof api.fetch>[2],
  ): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/ready') return new Response();
    if (pathname.startsWith('/api/')) return api.fetch(request, environment, context);
    if (pathname === '/program') {
      return Response.json(await runProgram(SERVICES, { tellsFailuresApart: false }));
    }
    if (pathname === '/change') {
      changes += 1;
      for (const key of Object.keys(secretsOf('SHARED'))) source.set(key, `change ${changes} of ${key}`);
      return Response.json(changes);
    }
    if (pathname === '/leave') {
      // Ends in the midst of more requests than one connection makes at a time: what they hold is never given back.
      for (let count = 0; count < 20; count += 1) void engine.plan(qoverySync(SERVICES, 0));
      await new Promise((resolve) => setTimeout(resolve, 1));
      return Response.json('left');
    }
    const result = await engine.sync(qoverySync(SERVICES, pathname === '/sync/1' ? 1 : 2));
    return Response.json(result.summary.applied);
  },
};
