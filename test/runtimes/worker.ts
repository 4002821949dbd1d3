/** The program in a worker of workerd, without any of Node's modules. */
import { memorySource, SecretSyncEngine } from 'secret-sync-engine';
import { driversOf, qoverySync, runProgram, secretsOf, type RuntimeServices } from './program.js';

/** Put in by the bundler. */
declare const SERVICES: RuntimeServices;

/** At module scope, where nothing may be drawn, awaited or fetched; shared by all requests. */
const engine = new SecretSyncEngine({
  source: memorySource(secretsOf('SHARED')),
  drivers: driversOf(SERVICES),
  allowPrivateNetwork: true,
});

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/ready') return new Response();
    if (pathname === '/program') {
      return Response.json(await runProgram(SERVICES, { tellsFailuresApart: false }));
    }
    const result = await engine.sync(qoverySync(SERVICES, pathname === '/sync/1' ? 1 : 2));
    return Response.json(result.summary.applied);
  },
};
