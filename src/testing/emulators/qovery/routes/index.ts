import type { QoveryService } from '../conflict.js';
import { deploymentRoutes } from './deployments.js';
import { olderRoutes } from './older-family.js';
import { placeRoutes } from './hierarchy.js';
import type { Route } from './route.js';
import { variableRoutes } from './variables.js';

/** Returns all routes there are. The response to whatever else is asked for is 404. */
export const createQoveryRoutes = (service: QoveryService): readonly Route[] => [
  ...placeRoutes(service),
  ...variableRoutes(service),
  ...olderRoutes(service),
  ...deploymentRoutes(service),
];
