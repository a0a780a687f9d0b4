import { decodeUtf8Exact, FileMode, isTreeMode, LimitError, type Oid } from '@git-kv/objects';
import { diffTrees, type ObjectReader, type TreeTarget } from '@git-kv/repository';
import { Key } from './key.js';

/** What became of a key between two states of a store. */
export interface Change {
  readonly kind: 'add' | 'remove' | 'change';
  readonly key: Key;
}

/** What to list of the difference of two trees. */
export interface ChangesOptions {
  /**
   * List dictionaries too, the root included: a dictionary changes with anything in it. Additions then come before all
   * else, as the first git-kv printed them.
   */
  readonly directories?: boolean;
  readonly signal?: AbortSignal;
  /** Keys that may differ: ten small trees can stand for 10^10 paths. Default 4 Mi, some 2 GB of keys. */
  readonly maxChanges?: number;
}

const MAX_CHANGES = 4 * 2 ** 20;

/**
 * What differs between two root trees, in the order of keys. Links and submodules count as absent, as they do when
 * listed, and so does what no key can name; a change of mode alone is none.
 * @param oldTreeOid `undefined` for no tree at all
 * @throws {LimitError} for more changes than allowed, or trees that are too deep
 */
export async function diffKeys(
  reader: ObjectReader,
  oldTreeOid: Oid | undefined,
  newTreeOid: Oid | undefined,
  options: ChangesOptions = {},
): Promise<Change[]> {
  const { directories = false, signal, maxChanges = MAX_CHANGES } = options;
  const changes: Change[] = [];
  for await (const difference of diffTrees(reader, oldTreeOid, newTreeOid, {
    trees: directories,
    select: isOneName,
    ...(signal !== undefined && { signal }),
  })) {
    const before = difference.isTree ? difference.old : asValue(difference.old);
    const after = difference.isTree ? difference.new : asValue(difference.new);
    if (before?.oid === after?.oid) continue;
    const key = keyOfPath(difference.pathBytes);
    if (key === undefined) continue;
    if (changes.length === maxChanges) throw new LimitError('maxChanges', changes.length + 1, maxChanges);
    changes.push({ kind: before === undefined ? 'add' : after === undefined ? 'remove' : 'change', key });
  }
  if (!directories) return changes;
  return [...changes.filter(({ kind }) => kind === 'add'), ...changes.filter(({ kind }) => kind !== 'add')];
}

function asValue(target: TreeTarget | undefined): TreeTarget | undefined {
  return target !== undefined && isValueMode(target.mode) ? target : undefined;
}

/** Whether an entry of this mode holds a value: not a directory, a link or a submodule. */
export function isValueMode(mode: number): boolean {
  return !isTreeMode(mode) && (mode & 0o170000) === (FileMode.regular & 0o170000);
}

const SLASH = 0x2f;

/** Whether the last name of a path is one. In a tree that some other program made a name may hold a slash, which looks like two. */
export function isOneName(path: Uint8Array, _isTree: boolean, nameStart: number): boolean {
  return !path.includes(SLASH, nameStart);
}

/** `undefined` for a path that is no key: not UTF-8, or `.git` in a tree that some other program made. */
function keyOfPath(path: Uint8Array): Key | undefined {
  const text = decodeUtf8Exact(path);
  return text === undefined ? undefined : Key.find(text);
}
