import { encodeUtf8, FileMode, isGitError, type Oid, parseCommitLinks } from '@git-kv/objects';
import type { ObjectReader } from '@git-kv/repository';
import type { Head } from './head.js';
import { type Key, KvError } from './key.js';
import { childSlot } from './tree/slot.js';
import { TreeCache } from './tree/tree-cache.js';
import type { TreeSlot } from './tree/tree-view.js';

/**
 * When what stands under `key` came to be what it is, in seconds: the committer date of the last commit that changed it. As in
 * `git log -- path`, a merge is no change where one of its parents has the same, which is then followed.
 * @throws {KvError} HISTORY_MISSING where a commit that would tell is not in the store
 */
export async function findLastChange(
  { trees, shallow }: { readonly trees: TreeCache; readonly shallow: ReadonlySet<Oid> },
  head: Head,
  key: Key,
  signal: AbortSignal | undefined,
): Promise<number> {
  let at = head;
  for (;;) {
    signal?.throwIfAborted();
    let next: Head | undefined;
    let isCut = false;
    for (const parentOid of at.parentOids) {
      const parent = shallow.has(at.oid) ? undefined : await readCommit(trees, parentOid);
      if (parent === undefined) {
        isCut = true;
      } else if (await isSameUnder(trees, at.treeOid, parent.treeOid, key)) {
        next = parent;
        break;
      }
    }
    if (next === undefined) {
      if (isCut) throw historyMissing(key, at.oid);
      return at.timestamp;
    }
    at = next;
  }
}

/** When sides of a merge changed keys. */
export class LastChanges {
  readonly #trees: TreeCache;
  readonly #shallow: ReadonlySet<Oid>;
  readonly #signal: AbortSignal | undefined;

  constructor(objects: ObjectReader, shallow: ReadonlySet<Oid>, signal: AbortSignal | undefined) {
    this.#trees = new TreeCache(objects);
    this.#shallow = shallow;
    this.#signal = signal;
  }

  /** As {@link findLastChange}; where history does not tell, when `head` was committed. */
  async find(head: Head, key: Key): Promise<number> {
    try {
      return await findLastChange({ trees: this.#trees, shallow: this.#shallow }, head, key, this.#signal);
    } catch (error) {
      if (isGitError(error, 'HISTORY_MISSING') || isGitError(error, 'OBJECT_NOT_FOUND')) return head.timestamp;
      throw error;
    }
  }
}

/** Whether two root trees have the same under `key`; reads no further than where they part and meet. */
async function isSameUnder(trees: TreeCache, oneOid: Oid, otherOid: Oid, key: Key): Promise<boolean> {
  let one: TreeSlot | undefined = { mode: FileMode.tree, oid: oneOid };
  let other: TreeSlot | undefined = { mode: FileMode.tree, oid: otherOid };
  for (const name of key.segments) {
    if (isSame(one, other)) return true;
    const nameBytes = encodeUtf8(name);
    one = await childSlot(trees, one, nameBytes);
    other = await childSlot(trees, other, nameBytes);
  }
  return isSame(one, other);
}

function isSame(one: TreeSlot | undefined, other: TreeSlot | undefined): boolean {
  return one?.oid === other?.oid && one?.mode === other?.mode;
}

async function readCommit(trees: TreeCache, oid: Oid): Promise<Head | undefined> {
  const object = await trees.reader.read(oid);
  return object && { oid, ...parseCommitLinks(object.body) };
}

/** When a key was changed is told by commits that are not here: the store is shallow. */
export function historyMissing(key: Key, oid: Oid): KvError {
  const message = `Cannot tell when ${key.format()} was changed: history ends at commit ${oid}`;
  return new KvError('HISTORY_MISSING', key, message);
}
