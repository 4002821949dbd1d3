import * as z from 'zod';
import type { InfisicalSwitches } from './switches.js';

/** The families of routes for secrets. */
export type SecretsFamily = 'v4' | 'v3';

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const strictPath = z.string().regex(/^\/$|^(?:\/[^/]+)+$/, 'must be a path from the root');
/** A trailing slash is removed (official implementation). */
const lenientPath = z
  .string()
  .default('/')
  .transform((value) => value.replace(/(?!^)\/+$/, ''));

const secretName = z
  .string()
  .trim()
  .min(1)
  .regex(/^[^\s:/]+$/, 'must hold no white space, colon or slash');
/** Trimmed, but for one line break at the end. */
const secretValue = z.string().transform((value) => value.trim() + (value.endsWith('\n') ? '\n' : ''));
const comment = z.string().trim().optional();

export const loginSchema = z.object({ clientId: z.string(), clientSecret: z.string() });
export const renewSchema = z.object({ accessToken: z.string() });
export const nothingSchema = z.strictObject({});

/** Makes an object whose unknown fields are refused or ignored. */
type MakeObject = <Shape extends z.ZodRawShape>(
  shape: Shape,
) => z.ZodType<z.output<z.ZodObject<Shape>>, Record<string, unknown>>;

function placeOf(family: SecretsFamily, path: z.ZodType<string>) {
  const id = z.string().min(1);
  const rest = { environment: z.string().min(1), secretPath: path };
  return family === 'v4' ? { ...rest, projectId: id } : { ...rest, workspaceId: id };
}

/** The project under one name, whatever the family calls it. */
function withProject<Data extends object>(
  data: Data,
): Omit<Data, 'projectId' | 'workspaceId'> & { readonly projectId: string } {
  const { projectId, workspaceId, ...rest }: Data & { projectId?: string; workspaceId?: string } = data;
  return { ...rest, projectId: projectId ?? workspaceId ?? '' };
}

function build(family: SecretsFamily, isStrict: boolean) {
  const object: MakeObject = (shape) => (isStrict ? z.strictObject(shape) : z.object(shape));
  const path: z.ZodType<string> = isStrict ? strictPath : lenientPath;
  const orDefault = (value: boolean): z.ZodType<boolean> => (isStrict ? flag : flag.default(value));
  const place = placeOf(family, path);
  const secret = { secretKey: secretName, secretComment: comment };
  const secrets = <Item extends z.ZodType>(item: Item) => z.array(item).min(1);
  const view = {
    viewSecretValue: orDefault(true),
    // Older routes leave references as they were typed unless they are asked (official documentation).
    expandSecretReferences: orDefault(family === 'v4'),
    recursive: orDefault(false),
  };
  const type = z.enum(['shared', 'personal']).default('shared');
  return {
    listByNewName: object({ ...place, ...view, includeImports: orDefault(true) }).transform(withProject),
    listByOldName: object({
      ...place,
      ...view,
      include_imports: flag.default(false),
      // Ignored, and not refused either.
      includeImports: z.string().optional(),
    }).transform(({ include_imports, ...rest }) => ({
      ...withProject(rest),
      includeImports: include_imports,
    })),
    one: object({
      ...place,
      viewSecretValue: flag.default(true),
      expandSecretReferences: flag.default(family === 'v4'),
      type,
    }).transform(withProject),
    createOne: object({ ...place, secretValue, secretComment: comment, type }).transform(withProject),
    editOne: object({
      ...place,
      secretValue: secretValue.optional(),
      secretComment: comment,
      newSecretName: secretName.optional(),
      type,
    }).transform(withProject),
    removeOne: object({ ...place, type }).transform(withProject),
    create: object({ ...place, secrets: secrets(object({ ...secret, secretValue })) }).transform(withProject),
    edit: object({
      ...place,
      mode: z.enum(['failOnNotFound', 'ignore', 'upsert']).default('failOnNotFound'),
      secrets: secrets(object({ ...secret, secretValue: secretValue.optional() })),
    }).transform(withProject),
    remove: object({ ...place, secrets: secrets(object({ secretKey: secretName, type })) }).transform(
      withProject,
    ),
  };
}

function buildOthers(isStrict: boolean) {
  const object: MakeObject = (shape) => (isStrict ? z.strictObject(shape) : z.object(shape));
  const path: z.ZodType<string> = isStrict ? strictPath : lenientPath;
  const environment = z.string().min(1);
  const eitherId = { projectId: z.string().min(1).optional(), workspaceId: z.string().min(1).optional() };
  return {
    folders: object({ ...eitherId, environment, path }).transform(withProject),
    createFolder: object({ ...eitherId, environment, path, name: secretName }).transform(withProject),
    removeFolder: object({ ...eitherId, environment, path }).transform(withProject),
    events: object({
      projectId: z.string().min(1),
      register: z
        .array(
          object({
            event: z.enum(['secret:create', 'secret:update', 'secret:delete', 'secret:import-mutation']),
            conditions: object({
              environmentSlug: z.string().optional(),
              secretPath: strictPath.optional(),
            }).optional(),
          }),
        )
        .min(1)
        .max(10),
    }),
  };
}

const both = <Schemas>(make: (isStrict: boolean) => Schemas) => ({
  strict: make(true),
  lenient: make(false),
});

const FAMILIES = {
  v4: both((isStrict) => build('v4', isStrict)),
  v3: both((isStrict) => build('v3', isStrict)),
};
const OTHERS = both(buildOthers);

/** The shapes of the queries and bodies of a family, as strict as the emulator is set to be. */
export const secretSchemas = (family: SecretsFamily, { parameters }: InfisicalSwitches) =>
  FAMILIES[family][parameters];

/** The shapes of the other queries and bodies, as strict as the emulator is set to be. */
export const otherSchemas = ({ parameters }: InfisicalSwitches) => OTHERS[parameters];

export type EventRegistration = z.output<(typeof OTHERS)['strict']['events']>;
