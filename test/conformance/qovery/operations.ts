/** One call of the official specification. */
export interface Operation {
  readonly method: string;
  /** Segments of the path; those in braces take a UUID. */
  readonly path: string;
  /** The query parameters, and whether each is required. */
  readonly query?: Readonly<Record<string, boolean>>;
  /** The model of its body. */
  readonly body?: string;
  /** The status of a success. */
  readonly status: number;
  /** The model of a success's body. */
  readonly response?: string;
}

/** The calls of one list of the older family: that of a project or environment, of secrets or variables. */
const older = (path: string, model: string): readonly Operation[] => {
  const one = { body: `${model}Request`, response: model } as const;
  return [
    { method: 'GET', path, status: 200, response: `${model}ResponseList` },
    { ...one, method: 'POST', path, status: 201 },
    { ...one, method: 'PUT', path: `${path}/{variableId}`, body: `${model}EditRequest`, status: 200 },
    { method: 'DELETE', path: `${path}/{variableId}`, status: 204 },
    { ...one, method: 'POST', path: `${path}/{variableId}/alias`, body: 'Key', status: 201 },
    { ...one, method: 'POST', path: `${path}/{variableId}/override`, body: 'Value', status: 201 },
  ];
};

/** The calls that the emulator has, as the official client names their paths and models. */
export const OPERATIONS: readonly Operation[] = [
  {
    method: 'GET',
    path: '/variable',
    query: { parent_id: true, scope: true, is_secret: false },
    status: 200,
    response: 'VariableResponseList',
  },
  { method: 'POST', path: '/variable', body: 'VariableRequest', status: 201, response: 'VariableResponse' },
  {
    method: 'POST',
    path: '/variable/import',
    query: { service_id: true, service_type: true },
    body: 'VariableImportRequest',
    status: 200,
    response: 'VariableImport',
  },
  {
    method: 'PUT',
    path: '/variable/{variableId}',
    body: 'VariableEditRequest',
    status: 200,
    response: 'VariableResponse',
  },
  { method: 'DELETE', path: '/variable/{variableId}', status: 204 },
  {
    method: 'POST',
    path: '/variable/{variableId}/alias',
    body: 'VariableAliasRequest',
    status: 201,
    response: 'VariableResponse',
  },
  {
    method: 'POST',
    path: '/variable/{variableId}/override',
    body: 'VariableOverrideRequest',
    status: 201,
    response: 'VariableResponse',
  },
  ...older('/project/{projectId}/secret', 'Secret'),
  ...older('/project/{projectId}/environmentVariable', 'EnvironmentVariable'),
  ...older('/environment/{environmentId}/secret', 'Secret'),
  ...older('/environment/{environmentId}/environmentVariable', 'EnvironmentVariable'),
  { method: 'GET', path: '/organization', status: 200, response: 'OrganizationResponseList' },
  { method: 'GET', path: '/organization/{organizationId}', status: 200, response: 'Organization' },
  {
    method: 'GET',
    path: '/organization/{organizationId}/project',
    status: 200,
    response: 'ProjectResponseList',
  },
  { method: 'GET', path: '/project/{projectId}', status: 200, response: 'Project' },
  {
    method: 'GET',
    path: '/project/{projectId}/environment',
    status: 200,
    response: 'EnvironmentResponseList',
  },
  { method: 'GET', path: '/environment/{environmentId}', status: 200, response: 'Environment' },
  { method: 'GET', path: '/environment/{environmentId}/status', status: 200, response: 'EnvironmentStatus' },
  { method: 'POST', path: '/environment/{environmentId}/deploy', status: 202, response: 'EnvironmentStatus' },
  {
    method: 'POST',
    path: '/environment/{environmentId}/redeploy',
    status: 202,
    response: 'EnvironmentStatus',
  },
  {
    method: 'POST',
    path: '/environment/{environmentId}/cancelDeployment',
    body: 'CancelEnvironmentDeploymentRequest',
    status: 202,
    response: 'EnvironmentStatus',
  },
];

/** All models that the calls name. */
export const MODELS: readonly string[] = [
  ...new Set(OPERATIONS.flatMap(({ body = [], response = [] }) => [body, response].flat())),
];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Returns the call that a request is; `undefined` where the specification has none. */
export function operationOf(method: string, path: string): Operation | undefined {
  const segments = path.split('/');
  return OPERATIONS.find((operation) => {
    const pattern = operation.path.split('/');
    return (
      operation.method === method &&
      pattern.length === segments.length &&
      pattern.every((part, index) =>
        part.startsWith('{') ? UUID.test(segments[index] ?? '') : part === segments[index],
      )
    );
  });
}
