import axios, { type AxiosResponse } from 'axios';
import {
  Configuration,
  EnvironmentActionsApi,
  EnvironmentMainCallsApi,
  EnvironmentSecretApi,
  EnvironmentsApi,
  EnvironmentVariableApi,
  OrganizationMainCallsApi,
  ProjectEnvironmentVariableApi,
  ProjectMainCallsApi,
  ProjectsApi,
  ProjectSecretApi,
  VariableMainCallsApi,
} from 'qovery-typescript-axios';
import type { QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import type { Exchange } from '../exchanges.js';

/** The status with which the service refuses a call; `undefined` where it does not. */
export async function refusalOf(call: Promise<unknown>): Promise<number | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (axios.isAxiosError(error)) return error.response?.status;
    throw error;
  }
}

/** The official client, pointed at an emulator, with what goes over the wire. */
export function officialClient(emulator: QoveryEmulator) {
  const exchanges: Exchange[] = [];
  const instance = axios.create();
  const note = ({ config, status, data }: AxiosResponse<unknown>): void => {
    const url = new URL(config.url ?? '');
    exchanges.push({
      method: (config.method ?? '').toUpperCase(),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: typeof config.data === 'string' ? (JSON.parse(config.data) as unknown) : undefined,
      status,
      response: data,
    });
  };
  instance.interceptors.response.use(
    (response: AxiosResponse<unknown>) => {
      note(response);
      return response;
    },
    (error: unknown) => {
      if (axios.isAxiosError<unknown>(error) && error.response) note(error.response);
      throw error;
    },
  );
  const configuration = new Configuration({
    basePath: emulator.url,
    apiKey: `Token ${emulator.accessToken}`,
  });
  const parts = [configuration, undefined, instance] as const;
  return {
    exchanges,
    variables: new VariableMainCallsApi(...parts),
    projectSecrets: new ProjectSecretApi(...parts),
    projectVariables: new ProjectEnvironmentVariableApi(...parts),
    environmentSecrets: new EnvironmentSecretApi(...parts),
    environmentVariables: new EnvironmentVariableApi(...parts),
    organizations: new OrganizationMainCallsApi(...parts),
    projects: new ProjectsApi(...parts),
    project: new ProjectMainCallsApi(...parts),
    environments: new EnvironmentsApi(...parts),
    environment: new EnvironmentMainCallsApi(...parts),
    deployments: new EnvironmentActionsApi(...parts),
  };
}

export type OfficialClient = ReturnType<typeof officialClient>;
