import { describe, it } from 'vitest';
import { configService } from '../../examples/custom-driver.js';
import { startConfigService, type ConfigService } from '../../examples/support/config-service.js';
import { driverConformance } from '../../src/testing/conformance/driver/index.js';
import type { DriverPlace } from '../../src/testing/conformance/driver/fixture.js';

const placeIn = (service: ConfigService, configId: string): DriverPlace => ({
  config: { configId },
  peek: () => service.values(configId),
  set: (key, value) => service.set(configId, key, value),
  delete: (key) => service.delete(configId, key),
});

driverConformance(
  {
    name: 'the custom driver of the examples',
    async create({ accepted, refused }) {
      const service = await startConfigService(accepted);
      const { url } = service;
      return {
        driver: configService({ accessToken: accepted, url }),
        credentials: { accessToken: accepted, url },
        refusedCredentials: { accessToken: refused, url },
        place: placeIn(service, 'shop'),
        otherPlace: placeIn(service, 'other'),
        reservedKey: 'SERVICE_NAME',
        engineOptions: { allowPrivateNetwork: true },
        requests: () => service.requests,
        // Its errors always show the request.
        echo: () => undefined,
        failures: new Map(
          [400, 401, 500].map((status) => [`status ${status}`, () => service.failWith(status)]),
        ),
        loseNextAnswer: () => service.loseNextAnswer(),
        dispose: () => service.close(),
      };
    },
  },
  { describe, it },
);
