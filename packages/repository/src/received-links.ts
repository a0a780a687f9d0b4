import {
  encodeUtf8,
  type HashAlgorithm,
  hashObject,
  isGitError,
  isGitlinkMode,
  isTreeMode,
  MalformedError,
  type ObjectKind,
  type Oid,
  OidRows,
  parseTagLinks,
  TreeCursor,
  writeOid,
} from '@git-kv/objects';
import type { IndexedEntries, PackIndex, VisitedObject } from '@git-kv/pack';
import { LinkedObjects } from './linked-objects.js';
import { LastTrees } from './walk/last-trees.js';

/** As packs number them. */
const TYPE_CODES: Readonly<Record<ObjectKind, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

const KINDS: readonly (ObjectKind | undefined)[] = [undefined, 'commit', 'tree', 'blob', 'tag'];

const LF = 0x0a;
const TREE = /* @__PURE__ */ encodeUtf8('tree ');
const PARENT = /* @__PURE__ */ encodeUtf8('parent ');

/** Bytes of trees that are remembered beside the memory of the indexer. */
const HELD_BYTES = 2 * 2 ** 20;

/**
 * So many links are only listed; of more, each is kept once, and as a fingerprint. To find one in the end takes no longer than to find
 * out that it is new.
 */
const LISTED_LINKS = 2 ** 17;

/** Names that are kept at most, and so many for each object that came: what is not in the pack is what others did not change. */
const FREE_KEPT = 2 ** 18;
const KEPT_AN_OBJECT = 4;

/** Entries' first bytes tell trees of one directory from others, mostly. */
const KEY_BYTES = 12;

/**
 * Follows the links of objects while their pack is indexed, when each is at hand anyway: whether all that they name came along needs no
 * walk then, which would read every tree once more.
 */
export class ReceivedLinks {
  /** As long as there are few. */
  #listed: OidRows | undefined;
  /** By row of what is listed: what the object is taken for. */
  #typeCodes: Uint8Array = new Uint8Array(1024);
  #linked: LinkedObjects | undefined;
  /** What is named, each once, with its {@link #typeCodes}: where it is asked for what did not come along. */
  #kept: OidRows | undefined;
  readonly #leastKept: number;
  readonly #mostListed: number;
  readonly #last: LastTrees;
  readonly #algorithm: HashAlgorithm;
  readonly #oidLength: number;
  readonly #oidBytes: Uint8Array;
  readonly #shallow: ReadonlySet<Oid> | undefined;
  /** Something was there that cannot be followed: a walk is to find out what becomes of it. */
  #isUnsure = false;
  /** Objects that the pack is said to have: room is made for so many. */
  announcedCount = 0;
  /** Objects of the pack that have come: what it is said to have is a claim. */
  scannedCount = 0;

  /**
   * @param options.shallow commits whose parents are not followed; `true`: none
   * @param options.toOutside for {@link outside} alone, of packs of so many objects at least
   */
  constructor(
    algorithm: HashAlgorithm,
    options:
      | true
      | {
          readonly shallow?: ReadonlySet<Oid>;
          readonly toOutside?: { readonly leastObjects: number };
          readonly mostListed?: number;
        },
  ) {
    const { shallow, toOutside, mostListed = LISTED_LINKS } = options === true ? {} : options;
    this.#algorithm = algorithm;
    this.#shallow = shallow;
    this.#mostListed = mostListed;
    this.#leastKept = toOutside?.leastObjects ?? 0;
    if (toOutside === undefined) this.#listed = new OidRows(algorithm);
    else this.#kept = new OidRows(algorithm);
    this.#oidLength = algorithm.oidLength;
    this.#oidBytes = new Uint8Array(algorithm.oidLength);
    this.#last = new LastTrees(algorithm.oidLength, { maxHeldBytes: HELD_BYTES, isTransient: true });
  }

  /** For `indexPack`. */
  readonly visit = ({ kind, body }: VisitedObject): void => {
    if (kind === 'blob' || this.#isUnsure || this.#isTooSmall()) return;
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

  /**
   * Whether `wants` and all that the objects of the pack name are in the pack, and are what they are taken for.
   * @param outside commits that may be missing
   */
  areWithin(index: PackIndex, entries: IndexedEntries, wants: Iterable<Oid>, outside?: ReadonlySet<Oid>): boolean {
    if (this.#isUnsure || this.#kept !== undefined) return false;
    if (this.#linked !== undefined) {
      if (!this.#areLinkedWithin(this.#linked, index.objectCount, entries, outside)) return false;
    } else if (this.#listed !== undefined && !this.#areListedWithin(this.#listed, index, entries, outside))
      return false;
    for (const oid of wants) if (index.find(oid) === undefined) return false;
    return true;
  }

  /**
   * What objects of the pack name that is not among them, or was put there as the base of a delta, and those of `wants` that are not:
   * with the kind that is named. `undefined` where that is not known.
   * @param appendedOids objects of the pack that nobody sent: what they name was not followed
   */
  outside(
    index: PackIndex,
    entries: IndexedEntries,
    wants: Iterable<Oid>,
    appendedOids: readonly Oid[],
  ): (readonly [Oid, ObjectKind | undefined])[] | undefined {
    const kept = this.#kept;
    if (kept === undefined || this.#isUnsure || this.announcedCount < this.#leastKept) return undefined;
    const appended = new OidRows(this.#algorithm);
    for (const oid of appendedOids) appended.addOid(oid);
    const found: (readonly [Oid, ObjectKind | undefined])[] = [];
    for (const oid of wants) {
      if (index.find(oid) === undefined || appended.findOid(oid) >= 0) found.push([oid, undefined]);
    }
    for (let row = 0; row < kept.count; row++) {
      const start = row * this.#oidLength;
      const typeCode = this.#typeCodes[row] as number;
      const position = index.findBytes(kept.bytes, start);
      if (position !== undefined && appended.find(kept.bytes, start) < 0) {
        const entry = entries.order[position] as number;
        if (((entries.typeCodes[entry] as number) & 7) !== typeCode) return undefined;
      } else found.push([kept.oidAt(row), KINDS[typeCode]]);
    }
    return found;
  }

  /** More is named than anybody needs: it is for a walk to find out how much of it there is. */
  #giveUp(): void {
    this.#isUnsure = true;
    this.#kept = new OidRows(this.#algorithm);
    this.#typeCodes = new Uint8Array(0);
  }

  #isTooSmall(): boolean {
    return this.#kept !== undefined && this.announcedCount > 0 && this.announcedCount < this.#leastKept;
  }

  #areListedWithin(
    listed: OidRows,
    index: PackIndex,
    entries: IndexedEntries,
    outside: ReadonlySet<Oid> | undefined,
  ): boolean {
    const { bytes, count } = listed;
    const length = this.#oidLength;
    const last = index.objectCount - 1;
    // Packs mostly have objects in the order in which trees name them: the next entry is looked at before it is searched for.
    let entry = -1;
    for (let row = 0; row < count; row++) {
      const typeCode = this.#typeCodes[row] as number;
      if (entry < last && isOidAt(entries.oids, (entry + 1) * length, bytes, row * length, length)) entry++;
      else {
        const position = index.findBytes(bytes, row * length);
        if (position === undefined) {
          if (typeCode === TYPE_CODES.commit && outside?.has(listed.oidAt(row))) continue;
          return false;
        }
        entry = entries.order[position] as number;
      }
      if (((entries.typeCodes[entry] as number) & 7) !== typeCode) return false;
    }
    return true;
  }

  #areLinkedWithin(
    linked: LinkedObjects,
    objectCount: number,
    { oids, typeCodes }: IndexedEntries,
    outside: ReadonlySet<Oid> | undefined,
  ): boolean {
    for (let entry = 0; entry < objectCount; entry++) {
      if (!linked.meet(oids, entry * this.#oidLength, (typeCodes[entry] as number) & 7)) return false;
    }
    let missing = linked.count - linked.foundCount;
    for (const oid of missing === 0 ? [] : (outside ?? [])) {
      if (oid.length !== 2 * this.#oidLength) continue;
      writeOid(oid, this.#oidBytes, 0);
      if (linked.lacks(this.#oidBytes, 0, TYPE_CODES.commit)) missing--;
    }
    return missing === 0;
  }

  #visitCommit(body: Uint8Array): void {
    let at = this.#addLine(body, 0, TREE, TYPE_CODES.tree);
    if (at < 0) throw new MalformedError('commit', 0, 'it does not begin with a tree');
    // The indexer knows its id only later, when many are hashed together.
    if (this.#shallow?.has(hashObject(this.#algorithm, 'commit', body))) return;
    while (at >= 0) at = this.#addLine(body, at, PARENT, TYPE_CODES.commit);
  }

  /**
   * Note what a line of a commit names. It makes no text of it: a clone has two ids for each commit, and leaves no garbage for them.
   * @returns where the line ends; -1 where there is no such line
   */
  #addLine(body: Uint8Array, start: number, prefix: Uint8Array, typeCode: number): number {
    for (let at = 0; at < prefix.length; at++) if (body[start + at] !== prefix[at]) return -1;
    const oid = this.#oidBytes;
    let from = start + prefix.length;
    for (let to = 0; to < oid.length; to++, from += 2) {
      const value = (hexValue(body[from]) << 4) | hexValue(body[from + 1]);
      if (value < 0) throw new MalformedError('commit', from, 'object id is wrong');
      oid[to] = value;
    }
    if (body[from] !== LF) throw new MalformedError('commit', from, 'object id is wrong');
    this.#add(oid, 0, typeCode);
    return from + 1;
  }

  #visitTag(body: Uint8Array): void {
    const { targetOid, targetKind } = parseTagLinks(body);
    this.#addOid(targetOid, TYPE_CODES[targetKind]);
  }

  #visitTree(body: Uint8Array): void {
    if (this.#listed !== undefined) {
      this.#addEntries(new TreeCursor(body, this.#oidLength));
      return;
    }
    this.#last.compare(keyOf(body), body);
    const { ranges } = this.#last;
    for (let range = 0; range < ranges.length; range += 2) {
      this.#addEntries(new TreeCursor(body, this.#oidLength, ranges[range], ranges[range + 1]));
    }
  }

  #addEntries(cursor: TreeCursor): void {
    const { body } = cursor;
    while (cursor.next()) {
      if (isGitlinkMode(cursor.mode)) continue;
      this.#add(body, cursor.oidStart, isTreeMode(cursor.mode) ? TYPE_CODES.tree : TYPE_CODES.blob);
    }
  }

  #addOid(oid: Oid, typeCode: number): void {
    if (oid.length !== 2 * this.#oidLength) {
      this.#isUnsure = true;
      return;
    }
    writeOid(oid, this.#oidBytes, 0);
    this.#add(this.#oidBytes, 0, typeCode);
  }

  #add(bytes: Uint8Array, offset: number, typeCode: number): void {
    const kept = this.#kept;
    if (kept !== undefined) {
      const { count } = kept;
      const row = kept.add(bytes, offset);
      if (row < count) this.#isUnsure ||= this.#typeCodes[row] !== typeCode;
      else if (row < FREE_KEPT + this.scannedCount * KEPT_AN_OBJECT) this.#setTypeCode(row, typeCode);
      else this.#giveUp();
      return;
    }
    const linked = this.#linked ?? this.#keepOnce();
    if (linked !== undefined) {
      if (!linked.add(bytes, offset, typeCode, this.announcedCount)) this.#isUnsure = true;
    } else if (this.#listed !== undefined) this.#setTypeCode(this.#listed.append(bytes, offset), typeCode);
  }

  /** Where there are, or will be, too many to be listed: they are listed no more. */
  #keepOnce(): LinkedObjects | undefined {
    const listed = this.#listed;
    if (listed === undefined || Math.max(listed.count, this.announcedCount) < this.#mostListed) return undefined;
    const linked = new LinkedObjects(listed.algorithm);
    for (let row = 0; row < listed.count; row++) {
      const typeCode = this.#typeCodes[row] as number;
      if (!linked.add(listed.bytes, row * this.#oidLength, typeCode, this.announcedCount)) this.#isUnsure = true;
    }
    this.#listed = undefined;
    this.#typeCodes = new Uint8Array(0);
    this.#linked = linked;
    return linked;
  }

  #setTypeCode(row: number, typeCode: number): void {
    if (row >= this.#typeCodes.length) {
      const grown = new Uint8Array(this.#typeCodes.length * 2);
      grown.set(this.#typeCodes);
      this.#typeCodes = grown;
    }
    this.#typeCodes[row] = typeCode;
  }
}

/** What a byte is worth as a hex digit of either case, or -1. */
function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

function isOidAt(oids: Uint8Array, start: number, bytes: Uint8Array, offset: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (oids[start + at] !== bytes[offset + at]) return false;
  return true;
}

function keyOf(body: Uint8Array): number {
  let key = 0;
  const end = Math.min(KEY_BYTES, body.length);
  for (let at = 0; at < end; at++) key = (Math.imul(key, 31) + (body[at] as number)) | 0;
  return key;
}
