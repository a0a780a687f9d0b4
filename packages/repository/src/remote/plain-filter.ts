import { parseObjectFilter, serializeObjectFilter } from '@git-kv/protocol';

/** A filter as git itself sends it: sizes in plain digits. @throws {MalformedError} for what is no filter */
export function plainFilter(text: string): string {
  return serializeObjectFilter(parseObjectFilter(text));
}
