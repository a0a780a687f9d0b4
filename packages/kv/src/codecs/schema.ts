import type { AsyncCodec } from './codec.js';
import { InvalidValueError } from './invalid-value.js';

/** A schema by the Standard Schema interface, version 1: valibot, zod, ArkType and others have it. @see https://standardschema.dev */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** What a schema says of a value: what it is taken for, or what is wrong. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/**
 * `codec` with `schema` at the door: a value is checked before it is written and after it is read, and a refusal is an
 * INVALID_VALUE with all issues. What is written is what the schema makes of the value, defaults filled in; so a schema that turns
 * values into others (text into dates) must take its own output, too.
 */
export function withSchema<T>(codec: AsyncCodec<T>, schema: StandardSchema<T>): AsyncCodec<T> {
  return {
    encode: async (value) => await codec.encode(await validated(schema, value, 'encode')),
    decode: async (bytes) => await validated(schema, await codec.decode(bytes), 'decode'),
  };
}

async function validated<T>(schema: StandardSchema<T>, value: unknown, verb: 'encode' | 'decode'): Promise<T> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ message, path = [] }) => ({
    message,
    path: path.map((part) => (typeof part === 'object' ? part.key : part)),
  }));
  throw new InvalidValueError(verb, issues);
}
