import type { Oid } from '@git-kv/objects';
import type { Key } from '../key.js';
import type { KeyConflict } from '../merge/merge.js';
import type { History } from './history.js';

/** What stands at a path. */
export type WorkspaceEntry =
  | { readonly kind: 'value'; load(): Promise<Uint8Array> }
  /** `other`: a link or a submodule. */
  | { readonly kind: 'dictionary' | 'other' };

/** What files are opened in: the newest state that is known, and changes on top that are not committed. */
export interface Workspace {
  readonly refName: string;
  readonly maxBytes: number;
  readonly headOid: Oid | undefined;
  /** Whether something was set or removed since the last commit. */
  readonly hasChanges: boolean;
  /** Of a merge that is not done: what both sides changed, and nobody has decided since. */
  readonly conflicts: readonly KeyConflict[];
  /** @throws {GitError} UNSUPPORTED where there is none */
  readonly history: History;
  find(key: Key): Promise<WorkspaceEntry | undefined>;
  /** Names in a directory; `undefined` where there is no such. @throws {KvError} DICTIONARY_EXPECTED */
  list(key: Key): Promise<string[] | undefined>;
  /** @throws {KvError} VALUE_EXPECTED, DICTIONARY_EXPECTED */
  set(key: Key, bytes: Uint8Array): Promise<void>;
  remove(key: Key): Promise<void>;
  /** @returns the commit; `undefined` where nothing changed */
  commit(message: string): Promise<Oid | undefined>;
  pull(): Promise<void>;
  push(): Promise<void>;
  /** Give up what is not committed. */
  discard(): Promise<void>;
  /** Give up commits that the remote does not have, too, and take what it has. */
  reset(): Promise<void>;
  close(): Promise<void>;
}
