import { bad, type InfisicalService, type Route } from './route.js';
import { folderRoutes } from './folders.js';
import { nameRoutes } from './by-name.js';
import { loginSchema, otherSchemas, renewSchema } from '../schemas.js';
import { batchRoutes } from './batches.js';
import { refusal } from '../wire.js';

/** Login and renewal (official specification). */
function authRoutes(service: InfisicalService): readonly Route[] {
  const { switches } = service;
  const granted = (accessToken: string) => ({
    status: 200,
    body: {
      accessToken,
      expiresIn: switches.tokenLife,
      accessTokenMaxTTL: switches.tokenLife,
      tokenType: 'Bearer',
    },
  });
  return [
    {
      method: 'POST',
      path: '/api/v1/auth/universal-auth/login',
      isOpen: true,
      body: () => loginSchema,
      handle(request) {
        const accessToken = service.logIn(loginSchema.parse(request.body));
        return accessToken === undefined
          ? refusal(switches, request, 401, 'UnauthorizedError', 'Invalid credentials')
          : granted(accessToken);
      },
    },
    {
      method: 'POST',
      path: '/api/v1/auth/token/renew',
      isOpen: true,
      body: () => renewSchema,
      handle(request) {
        const { accessToken } = renewSchema.parse(request.body);
        return service.renew(accessToken)
          ? granted(accessToken)
          : refusal(switches, request, 401, 'UnauthorizedError', 'Failed to authenticate token');
      },
    },
  ];
}

function eventRoutes(service: InfisicalService): readonly Route[] {
  const { switches, streams } = service;
  return [
    {
      method: 'POST',
      path: '/api/v1/events/subscribe/project-events',
      body: () => otherSchemas(switches).events,
      needs: 'read',
      handle(request) {
        const registration = otherSchemas(switches).events.parse(request.body);
        if (!/\btext\/event-stream\b/.test(request.headers['accept'] ?? ''))
          return bad(service, request, 'Accept must name text/event-stream');
        if (switches.events === 'refused')
          return bad(service, request, 'Your plan does not include event subscriptions');
        return {
          status: 200,
          headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
          stream: (sink) => streams.open(registration, sink),
        };
      },
    },
  ];
}

/** All routes there are. Any other is 404. */
export const createInfisicalRoutes = (service: InfisicalService): readonly Route[] => [
  ...authRoutes(service),
  ...(['v4', 'v3'] as const).flatMap((family) => [
    ...batchRoutes(service, family),
    ...nameRoutes(service, family),
  ]),
  ...folderRoutes(service),
  ...eventRoutes(service),
];
