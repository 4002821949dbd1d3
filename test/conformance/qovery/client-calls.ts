import { refusalOf, type OfficialClient } from './official-client.js';

/** Where the calls go. The service is one of the environment. */
export interface CallPlace {
  readonly organizationId: string;
  readonly projectId: string;
  readonly environmentId: string;
  readonly serviceId: string;
}

const EXTRAS = { description: 'made by the official client', enable_interpolation_in_file: true };

/** Reads all that stands above a variable. */
export async function readHierarchy(client: OfficialClient, place: CallPlace): Promise<void> {
  const { organizations, projects, project, environments, environment } = client;
  await organizations.listOrganization();
  await organizations.getOrganization(place.organizationId);
  await projects.listProject(place.organizationId);
  await project.getProject(place.projectId);
  await environments.listEnvironment(place.projectId);
  await environment.getEnvironment(place.environmentId);
}

/** Deploys, and looks how far that is, before and after. */
export async function deploy({ deployments, environment }: OfficialClient, { environmentId }: CallPlace) {
  await environment.getEnvironmentStatus(environmentId);
  await deployments.deployEnvironment(environmentId);
  await environment.getEnvironmentStatus(environmentId);
  await deployments.redeployEnvironment(environmentId);
  await deployments.cancelEnvironmentDeployment(environmentId);
}

/** Every call of the unified family, at both scopes and of both kinds. */
export async function useUnifiedFamily({ variables }: OfficialClient, place: CallPlace): Promise<void> {
  const { projectId, environmentId, serviceId } = place;
  const parents = [
    ['PROJECT', projectId],
    ['ENVIRONMENT', environmentId],
  ] as const;
  for (const [scope, parentId] of parents) {
    for (const isSecret of [true, false]) {
      const key = `${scope}_${isSecret ? 'SECRET' : 'VARIABLE'}`;
      const kept = { key, is_secret: isSecret, variable_scope: scope, variable_parent_id: parentId };
      const { data } = await variables.createVariable({ ...kept, value: 'one', ...EXTRAS });
      await variables.editVariable(data.id, { key, value: 'two' });
      const alias = { key: `${key}_ALIAS`, alias_scope: scope, alias_parent_id: parentId };
      await variables.createVariableAlias(data.id, { ...alias, ...EXTRAS });
      if (scope === 'PROJECT') {
        const override = { override_scope: 'ENVIRONMENT', override_parent_id: environmentId } as const;
        await variables.createVariableOverride(data.id, { value: 'three', ...override });
      }
      await variables.createVariable({ ...kept, key: `${key}_FILE`, value: 'x', mount_path: '/etc/app' });
      await variables.listVariables(parentId, scope, isSecret);
      await variables.listVariables(environmentId, 'ENVIRONMENT');
    }
  }
  const imported = { value: 'four', scope: 'ENVIRONMENT', is_secret: false } as const;
  await variables.importEnvironmentVariables(serviceId, 'APPLICATION', {
    overwrite: true,
    vars: [
      { ...imported, name: 'IMPORTED' },
      { ...imported, name: 'IMPORTED_SECRET', scope: 'PROJECT', is_secret: true },
    ],
  });
  const { data } = await variables.listVariables(projectId, 'PROJECT');
  for (const { id, key, scope, variable_type } of data.results ?? []) {
    // A deletion takes aliases and overrides along.
    const isPlain = variable_type === 'VALUE' && scope === 'PROJECT';
    if (isPlain && key !== 'IMPORTED_SECRET') await variables.deleteVariable(id);
  }
}

/** What the API refuses: a project has nothing above it that it could override. Returns the statuses. */
export async function overrideAtProject(
  { projectSecrets, projectVariables }: OfficialClient,
  { projectId }: CallPlace,
): Promise<(number | undefined)[]> {
  const secret = await projectSecrets.createProjectSecret(projectId, { key: 'TOP', value: 'a' });
  const variable = await projectVariables.createProjectEnvironmentVariable(projectId, {
    key: 'TOP_2',
    value: 'a',
  });
  return [
    await refusalOf(projectSecrets.createProjectSecretOverride(projectId, secret.data.id, { value: 'b' })),
    await refusalOf(
      projectVariables.createProjectEnvironmentVariableOverride(projectId, variable.data.id, { value: 'b' }),
    ),
  ];
}

/** Every call of the older family, of both kinds, at the project and then at the environment. */
export async function useOlderFamily(client: OfficialClient, place: CallPlace): Promise<void> {
  const { projectId, environmentId } = place;
  const { projectSecrets, projectVariables, environmentSecrets, environmentVariables } = client;

  const secret = (
    await projectSecrets.createProjectSecret(projectId, { key: 'OLDER', value: 'a', ...EXTRAS })
  ).data;
  await projectSecrets.editProjectSecret(projectId, secret.id, { key: 'OLDER', value: 'b' });
  await projectSecrets.createProjectSecretAlias(projectId, secret.id, { key: 'OLDER_ALIAS' });
  await environmentSecrets.createEnvironmentSecretOverride(environmentId, secret.id, { value: 'c' });
  await projectSecrets.listProjectSecrets(projectId);
  await environmentSecrets.listEnvironmentSecrets(environmentId);
  const own = (await environmentSecrets.createEnvironmentSecret(environmentId, { key: 'OWN', value: 'd' }))
    .data;
  await environmentSecrets.editEnvironmentSecret(environmentId, own.id, { key: 'OWN', value: 'e' });
  await environmentSecrets.createEnvironmentSecretAlias(environmentId, own.id, { key: 'OWN_ALIAS' });
  await environmentSecrets.listEnvironmentSecrets(environmentId);
  await environmentSecrets.deleteEnvironmentSecret(environmentId, own.id);
  await projectSecrets.deleteProjectSecret(projectId, secret.id);

  const variable = (
    await projectVariables.createProjectEnvironmentVariable(projectId, {
      key: 'OLDER',
      value: 'a',
      ...EXTRAS,
    })
  ).data;
  await projectVariables.editProjectEnvironmentVariable(projectId, variable.id, { key: 'OLDER', value: 'b' });
  await projectVariables.createProjectEnvironmentVariableAlias(projectId, variable.id, {
    key: 'OLDER_ALIAS',
  });
  await environmentVariables.createEnvironmentEnvironmentVariableOverride(environmentId, variable.id, {
    value: 'c',
  });
  await projectVariables.listProjectEnvironmentVariable(projectId);
  await environmentVariables.listEnvironmentEnvironmentVariable(environmentId);
  const ownVariable = (
    await environmentVariables.createEnvironmentEnvironmentVariable(environmentId, { key: 'OWN', value: 'd' })
  ).data;
  await environmentVariables.editEnvironmentEnvironmentVariable(environmentId, ownVariable.id, {
    key: 'OWN',
    value: 'e',
  });
  await environmentVariables.createEnvironmentEnvironmentVariableAlias(environmentId, ownVariable.id, {
    key: 'OWN_ALIAS',
  });
  await environmentVariables.listEnvironmentEnvironmentVariable(environmentId);
  await environmentVariables.deleteEnvironmentEnvironmentVariable(environmentId, ownVariable.id);
  await projectVariables.deleteProjectEnvironmentVariable(projectId, variable.id);
}
