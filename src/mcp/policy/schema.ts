/**
 * Schemas of declared tools: the SDK converts them to JSON Schema for each server, hence here for each request, which for many
 * tools is most of the time of a list. A schema does not change, so it is converted once.
 */

/** The part of a Standard Schema that describes it (Standard JSON Schema). */
interface Describing {
  readonly input: (options: object) => Record<string, unknown>;
  readonly output: (options: object) => Record<string, unknown>;
}

/** The same schema, with its JSON Schema cached for each dialect; a schema of an unknown type is returned as it is. */
export function describedOnce(schema: unknown): unknown {
  const standard = partOf(schema, '~standard');
  const describing = partOf(standard, 'jsonSchema') as Describing | undefined;
  if (typeof standard !== 'object' || standard === null || typeof describing?.input !== 'function') return schema;
  const jsonSchema = { input: once((options) => describing.input(options)), output: once((options) => describing.output(options)) };
  return { '~standard': Object.create(standard, { jsonSchema: { value: jsonSchema, enumerable: true } }) as object };
}

function once(describe: Describing['input']): Describing['input'] {
  const known = new Map<string, Record<string, unknown>>();
  return (options) => {
    const dialect = JSON.stringify(options);
    const found = known.get(dialect) ?? describe(options);
    known.set(dialect, found);
    return found;
  };
}

function partOf(value: unknown, name: string): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? (value as { readonly [name: string]: unknown })[name]
    : undefined;
}
