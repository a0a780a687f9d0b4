import {
  type Capabilities,
  hasCapability,
  hasFeature,
  parseObjectFilter,
  serializeObjectFilter,
} from '@git-kv/protocol';
import type { PromisorRemote } from '../repository.js';

/** What is asked for: see `FetchIntoOptions`. */
export interface PromisorWish {
  readonly filter: string | null | undefined;
  readonly remoteName: string | undefined;
}

/** Which remote promises what a fetch leaves out, and what that is; `undefined` for a plain fetch. @throws {MalformedError} for no filter */
export function choosePromisor(
  known: readonly PromisorRemote[],
  capabilities: Capabilities,
  { filter, remoteName }: PromisorWish,
): PromisorRemote | undefined {
  const remembered =
    remoteName === undefined
      ? (known.find((one) => one.filter !== undefined) ?? known[0])
      : known.find(({ name }) => name === remoteName);
  // What is remembered is a wish, as in git: a server that has no filters sends all.
  const isOffered = hasFeature(capabilities, 'fetch', 'filter') || hasCapability(capabilities, 'filter');
  if (filter === undefined && isOffered) return remembered;
  if (filter === undefined || filter === null) return remembered && { name: remembered.name };
  const plain = serializeObjectFilter(parseObjectFilter(filter)); // as git sends it: sizes in plain digits
  return { name: remoteName ?? remembered?.name ?? 'origin', filter: plain };
}
