import {
  type HashAlgorithm,
  isGitError,
  isGitlinkMode,
  isTreeMode,
  type ObjectKind,
  type Oid,
  OidRows,
  parseCommitLinks,
  parseTagLinks,
  TreeCursor,
} from '@git-kv/objects';
import type { PackIndex, VisitedObject } from '@git-kv/pack';
import { LastTrees, LEAST_COMPARED_BYTES } from './walk/last-trees.js';

/** As packs number them. */
const TYPE_CODES: Readonly<Record<ObjectKind, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/** Bytes of trees that are remembered beside the memory of the indexer. */
const HELD_BYTES = 4 * 2 ** 20;

/** Entries' first bytes tell trees of one directory from others, mostly. */
const KEY_BYTES = 12;

/**
 * Follows the links of objects while their pack is indexed, when each is at hand anyway: whether all that they name came along needs no
 * walk then, which would read every tree once more.
 */
export class ReceivedLinks {
  readonly #oids: OidRows;
  /** By row: what the object is taken for. */
  #typeCodes: Uint8Array = new Uint8Array(1024);
  readonly #last: LastTrees;
  readonly #oidLength: number;
  /** Something was there that cannot be followed: a walk is to find out what becomes of it. */
  #isUnsure = false;

  constructor(algorithm: HashAlgorithm) {
    this.#oids = new OidRows(algorithm);
    this.#oidLength = algorithm.oidLength;
    this.#last = new LastTrees(algorithm.oidLength, HELD_BYTES);
  }

  /** For `indexPack`. */
  readonly visit = ({ kind, body }: VisitedObject): void => {
    if (kind === 'blob' || this.#isUnsure) return;
    try {
      if (kind === 'tree') this.#visitTree(body);
      else if (kind === 'tag') this.#visitTag(body);
      else this.#visitCommit(body);
    } catch (error) {
      if (!isGitError(error)) throw error;
      // No ref may lead there: who walks will see.
      this.#isUnsure = true;
    }
  };

  /** Whether `wants` and all that the objects of the pack name are in the pack, and are what they are taken for. */
  areWithin(index: PackIndex, typeCodes: Uint8Array, wants: Iterable<Oid>): boolean {
    if (this.#isUnsure) return false;
    const { bytes, count } = this.#oids;
    for (let row = 0; row < count; row++) {
      const position = index.findBytes(bytes, row * this.#oidLength);
      if (position === undefined || typeCodes[position] !== this.#typeCodes[row]) return false;
    }
    for (const oid of wants) if (index.find(oid) === undefined) return false;
    return true;
  }

  #visitCommit(body: Uint8Array): void {
    const { treeOid, parentOids } = parseCommitLinks(body);
    this.#note(this.#oids.addOid(treeOid), TYPE_CODES.tree);
    for (const oid of parentOids) this.#note(this.#oids.addOid(oid), TYPE_CODES.commit);
  }

  #visitTag(body: Uint8Array): void {
    const { targetOid, targetKind } = parseTagLinks(body);
    this.#note(this.#oids.addOid(targetOid), TYPE_CODES[targetKind]);
  }

  #visitTree(view: Uint8Array): void {
    // One that is compared is remembered, and the buffer is not ours.
    const body = view.length < LEAST_COMPARED_BYTES ? view : view.slice();
    this.#last.compare(keyOf(body), body);
    const { ranges } = this.#last;
    for (let range = 0; range < ranges.length; range += 2) {
      const cursor = new TreeCursor(body, this.#oidLength, ranges[range], ranges[range + 1]);
      while (cursor.next()) {
        if (isGitlinkMode(cursor.mode)) continue;
        const row = this.#oids.add(body, cursor.oidStart);
        this.#note(row, isTreeMode(cursor.mode) ? TYPE_CODES.tree : TYPE_CODES.blob);
      }
    }
  }

  #note(row: number, typeCode: number): void {
    if (row >= this.#typeCodes.length) {
      const grown = new Uint8Array(this.#typeCodes.length * 2);
      grown.set(this.#typeCodes);
      this.#typeCodes = grown;
    }
    const known = this.#typeCodes[row] as number;
    if (known === 0) this.#typeCodes[row] = typeCode;
    else if (known !== typeCode) this.#isUnsure = true;
  }
}

function keyOf(body: Uint8Array): number {
  let key = 0;
  const end = Math.min(KEY_BYTES, body.length);
  for (let at = 0; at < end; at++) key = (Math.imul(key, 31) + (body[at] as number)) | 0;
  return key;
}
