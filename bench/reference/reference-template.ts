/** A key template of the reference model, as compiled for one use. */
export interface ReferenceTemplate {
  render(secretKey: string): string;
  match(key: string): boolean;
}

/**
 * Compiles a template such as `APP_{{secretKey}}`. The model does it for every key anew, as the algorithm that it
 * stands for does with a template engine, whose compilation costs much more than this one.
 */
export function compileReferenceTemplate(template: string, environment = ''): ReferenceTemplate {
  const parts = template.split(/(\{\{\w+\}\})/);
  const fill = (secretKey: string, escape: (text: string) => string) =>
    parts
      .map((part) =>
        part === '{{secretKey}}'
          ? secretKey
          : part === '{{environment}}'
            ? escape(environment)
            : escape(part),
      )
      .join('');
  const pattern = new RegExp(`^${fill('(.+)', (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))}$`);
  return { render: (secretKey) => fill(secretKey, (text) => text), match: (key) => pattern.test(key) };
}
