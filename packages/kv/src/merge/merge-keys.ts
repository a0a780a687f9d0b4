import {
  assertObjectSize,
  checkTreeEntryName,
  decodeLatin1,
  decodeUtf8Exact,
  FileMode,
  GitError,
  hashObject,
  LimitError,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import { diffThreeTrees, editTree, type ObjectReader, type TreeDivergence, type TreeTarget } from '@git-kv/repository';
import { Key } from '../key.js';
import {
  findKeyMerge,
  type KeyConflict,
  type KeySides,
  type MergeRules,
  mayMergeEqual,
  type SideTimes,
} from './merge.js';

/** How {@link mergeKeys} goes. */
export interface MergeKeysOptions {
  /** Told to the rules: who goes by time needs it. */
  readonly times?: SideTimes;
  /** The same of one key, for rules that are {@link KeyMerge.byTime by time}. Default: `times`. */
  readonly timesOf?: (key: Key) => Promise<SideTimes>;
  /** Bytes of a value that is read to be merged; a larger one that both sides changed is a conflict. Default 16 MiB. */
  readonly maxValueBytes?: number;
  /** Conflicts that are told; the merge ends there. Default 1,000. */
  readonly maxConflicts?: number;
  /** Bytes of values that conflicts hold in all; later ones hold none. Default 64 MiB. */
  readonly maxConflictBytes?: number;
  readonly signal?: AbortSignal;
}

/** Three root trees made one, or why not. */
export type MergedKeys =
  | {
      readonly status: 'merged';
      readonly treeOid: Oid;
      /** Values and trees of it that no side has, each after all it refers to. */
      readonly objects: readonly RawObject[];
    }
  | {
      readonly status: 'conflict';
      /** In the order of keys. */
      readonly conflicts: readonly KeyConflict[];
      /** There are more than may be told. */
      readonly hasMore: boolean;
    };

const MAX_VALUE_BYTES = 16 * 1024 * 1024;
const MAX_CONFLICTS = 1000;
const MAX_CONFLICT_BYTES = 64 * 1024 * 1024;

const FORMAT_BITS = 0o170000;

/**
 * Merge what two sides made of one root tree, key by key. Subtrees that one side alone touched are taken whole and never read,
 * so that the cost is that of what both changed. Nothing is written.
 *
 * A key that one side alone changed is as that side has it. Where both did, the rules are asked; where they made it alike, those
 * with {@link KeyMerge.mergesEqual} alone, and subtrees that are alike are read only where such a rule may fit something in them.
 * Always in conflict are a value against a dictionary that has something in it, and submodules. Permissions merge on their own: where both sides changed them
 * apart, the wider ones stay.
 * @param sides `undefined` for no tree at all
 * @throws {NotFoundError} OBJECT_NOT_FOUND; {LimitError} for a merged value over the limit, or trees that are too deep
 * @throws {GitError} UNSUPPORTED where the tree of ours has a name that must not be written
 */
export async function mergeKeys(
  objects: ObjectReader,
  sides: { readonly base: Oid | undefined; readonly ours: Oid | undefined; readonly theirs: Oid | undefined },
  rules?: MergeRules,
  options: MergeKeysOptions = {},
): Promise<MergedKeys> {
  const { base, ours, theirs } = sides;
  if (base === ours || (ours === theirs && !mayMergeEqual(rules, Key.root))) return whole(objects, theirs);
  if (base === theirs) return whole(objects, ours);
  const signal = options.signal && { signal: options.signal };
  const merge = new KeysMerge(objects, rules, options);
  const enters = (divergence: TreeDivergence): boolean => merge.enters(divergence);
  for await (const divergence of diffThreeTrees(objects, sides, { trees: true, enters, ...signal })) {
    if (divergence.isTree) merge.tree(divergence);
    else merge.value(divergence);
  }
  await merge.settle();
  if (merge.conflicts.length > 0) {
    const conflicts = merge.conflicts.sort((a, b) => a.key.compare(b.key));
    return { status: 'conflict', conflicts, hasMore: merge.hasMore };
  }
  // On top of theirs, so that what others wrote there stays whatever it is called.
  const edited = await editTree(objects, theirs, merge.edits(), signal);
  if (edited.status === 'conflict') throw new Error('BUG: a merge put something below a value');
  for (const { kind, body } of edited.objects) assertObjectSize(kind, body.length); // nobody would read what is over
  return { status: 'merged', treeOid: edited.treeOid, objects: [...merge.blobs.values(), ...edited.objects] };
}

function whole({ algorithm }: ObjectReader, treeOid: Oid | undefined): MergedKeys {
  if (treeOid !== undefined) return { status: 'merged', treeOid, objects: [] };
  const empty = { kind: 'tree' as const, body: new Uint8Array(0) };
  return { status: 'merged', treeOid: algorithm.emptyTreeOid, objects: [empty] };
}

/** Both sides changed it, and not alike. */
function isContested({ base, ours, theirs }: TreeDivergence): boolean {
  return !isSame(ours, theirs) && !isSame(base, ours) && !isSame(base, theirs);
}

/** Both sides have the same, and made it so. */
function isMadeAlike({ base, ours, theirs }: TreeDivergence): boolean {
  return ours !== undefined && theirs !== undefined && ours.oid === theirs.oid && base?.oid !== ours.oid;
}

function isSame(a: TreeTarget | undefined, b: TreeTarget | undefined): boolean {
  return a?.oid === b?.oid && a?.mode === b?.mode;
}

/** What stands at a path in the end. */
interface Settled {
  readonly divergence: TreeDivergence;
  readonly target: TreeTarget | undefined;
}

type Side = 'base' | 'ours' | 'theirs';
const SIDES: readonly Side[] = ['base', 'ours', 'theirs'];

class KeysMerge {
  readonly conflicts: KeyConflict[] = [];
  readonly blobs: Map<Oid, RawObject> = new Map();
  hasMore = false;
  readonly #objects: ObjectReader;
  readonly #rules: MergeRules | undefined;
  readonly #options: MergeKeysOptions;
  readonly #maxValueBytes: number;
  readonly #contested: TreeDivergence[] = [];
  /** By path, one character a byte. A value and a tree may be settled at one path. */
  readonly #values = new Map<string, Settled>();
  readonly #trees = new Map<string, Settled>();
  #conflictBytes = 0;

  constructor(objects: ObjectReader, rules: MergeRules | undefined, options: MergeKeysOptions) {
    this.#objects = objects;
    this.#rules = rules;
    this.#options = options;
    this.#maxValueBytes = options.maxValueBytes ?? MAX_VALUE_BYTES;
  }

  /** Whether what is in a tree is to be looked at. */
  enters(divergence: TreeDivergence): boolean {
    if (isContested(divergence)) return true;
    const key = isMadeAlike(divergence) ? toKey(divergence.pathBytes) : undefined;
    return key !== undefined && mayMergeEqual(this.#rules, key);
  }

  /** A tree that one side alone touched, or both alike, is taken whole; else what is in it follows. */
  tree(divergence: TreeDivergence): void {
    if (this.enters(divergence)) return;
    this.#trees.set(decodeLatin1(divergence.pathBytes), { divergence, target: undisputed(divergence) });
  }

  value(divergence: TreeDivergence): void {
    if (this.#asksAlike(divergence)) this.#contested.push(divergence);
    else if (!isContested(divergence)) this.#settleValue(divergence, undisputed(divergence));
    else if (!this.#settleSameContent(divergence)) this.#contested.push(divergence);
  }

  /** Whether there is a rule that is to be asked though both sides made the value alike. */
  #asksAlike(divergence: TreeDivergence): boolean {
    if (!isMadeAlike(divergence)) return false;
    const { base, ours, theirs } = divergence;
    if ([base, ours, theirs].some((target) => target && formatOf(target) !== FORMAT_REGULAR)) return false;
    const key = toKey(divergence.pathBytes);
    return key !== undefined && findKeyMerge(this.#rules, key)?.mergesEqual === true;
  }

  #settleValue(divergence: TreeDivergence, target: TreeTarget | undefined): void {
    this.#values.set(decodeLatin1(divergence.pathBytes), { divergence, target });
  }

  /** Where one side changed the permissions alone, or both have the same content. */
  #settleSameContent(divergence: TreeDivergence): boolean {
    const { base, ours, theirs } = divergence;
    if (ours === undefined || theirs === undefined || formatOf(ours) !== formatOf(theirs)) return false;
    const isOneContent = ours.oid === theirs.oid;
    const isBaseComparable = base !== undefined && formatOf(base) === formatOf(ours);
    if (!isOneContent && !(isBaseComparable && (base.oid === ours.oid || base.oid === theirs.oid))) return false;
    const oid = base?.oid === ours.oid ? theirs.oid : ours.oid;
    this.#settleValue(divergence, { mode: mergeModes(divergence), oid });
    return true;
  }

  /** Ask the rules, and look where values and dictionaries meet. To be called once everything was told. */
  async settle(): Promise<void> {
    if (this.#rules !== undefined && this.#objects.prefetch !== undefined) {
      const oids = this.#contested.flatMap((one) => SIDES.flatMap((side) => one[side]?.oid ?? []));
      await this.#objects.prefetch(oids, this.#signal());
    }
    for (const divergence of this.#contested) {
      this.#options.signal?.throwIfAborted();
      await this.#settleContested(divergence);
      if (this.hasMore) return;
    }
    await this.#settleDirectories();
  }

  async #settleContested(divergence: TreeDivergence): Promise<void> {
    const { base, ours, theirs } = divergence;
    const key = toKey(divergence.pathBytes);
    const targets = [base, ours, theirs].filter((target) => target !== undefined);
    if (targets.some((target) => formatOf(target) === FileMode.gitlink)) {
      return await this.#conflict(divergence, 'a submodule changed on both sides');
    }
    const reason =
      ours === undefined || theirs === undefined ? 'one side removed what the other changed' : 'both sides changed it';
    const merge = key && findKeyMerge(this.#rules, key);
    if (merge === undefined) return await this.#conflict(divergence, reason);
    const sides = await this.#readSides(key as Key, divergence, this.#maxValueBytes);
    if (sides === undefined) {
      if (this.#settleSameContent(divergence)) return;
      return await this.#conflict(divergence, 'a value is too large to be merged');
    }
    const times = merge.byTime === true && (await this.#options.timesOf?.(sides.key));
    const outcome = await merge({
      ...sides,
      ...(times && { times }),
      modes: { ours: ours?.mode, theirs: theirs?.mode },
    });
    if (outcome.status === 'conflict') return await this.#conflict(divergence, outcome.reason ?? reason);
    const { value } = outcome;
    if (value === undefined) return this.#settleValue(divergence, undefined);
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`Cannot merge ${sides.key.format()}: a merged value is a Uint8Array or undefined`);
    }
    const arePlain = targets.every((target) => formatOf(target) === FORMAT_REGULAR);
    if (arePlain) {
      return this.#settleValue(divergence, { mode: mergeModes(divergence), oid: this.#store(value, divergence) });
    }
    // A link is no text to merge: one of the sides may stand, and nothing made of both.
    const target = value === sides.ours ? ours : value === sides.theirs ? theirs : undefined;
    if (target === undefined) return await this.#conflict(divergence, 'a link changed on both sides');
    this.#settleValue(divergence, target);
  }

  #store(value: Uint8Array, { ours, theirs }: TreeDivergence): Oid {
    if (value.length > this.#maxValueBytes) throw new LimitError('valueBytes', value.length, this.#maxValueBytes);
    const body = new Uint8Array(value);
    const oid = hashObject(this.#objects.algorithm, 'blob', body);
    if (oid !== ours?.oid && oid !== theirs?.oid) this.blobs.set(oid, { kind: 'blob', body });
    return oid;
  }

  /** A value and a dictionary cannot have one name. */
  async #settleDirectories(): Promise<void> {
    const directories = new Set<string>();
    for (const [path, { target }] of this.#trees) if (target !== undefined) directories.add(path);
    for (const settled of [this.#values, this.#trees]) {
      for (const [path, { target }] of settled) {
        if (target === undefined) continue;
        for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
          const above = path.slice(0, end);
          if (directories.has(above)) break;
          directories.add(above);
        }
      }
    }
    for (const [path, { divergence, target }] of this.#values) {
      if (target === undefined || !directories.has(path)) continue;
      await this.#conflict(divergence, 'a value on one side is a dictionary on the other');
      if (this.hasMore) return;
    }
  }

  async #conflict(divergence: TreeDivergence, reason: string): Promise<void> {
    if (this.conflicts.length >= (this.#options.maxConflicts ?? MAX_CONFLICTS)) {
      this.hasMore = true;
      return;
    }
    const { base, ours, theirs } = divergence;
    const oids = {
      ...(base && { base: base.oid }),
      ...(ours && { ours: ours.oid }),
      ...(theirs && { theirs: theirs.oid }),
    };
    const key = toKey(divergence.pathBytes);
    if (key === undefined) {
      const above = nearestKey(divergence.pathBytes);
      const nothing = { base: undefined, ours: undefined, theirs: undefined };
      this.conflicts.push({ key: above, ...nothing, oids, reason: `${reason}, under a name that is no key` });
      return;
    }
    const left = (this.#options.maxConflictBytes ?? MAX_CONFLICT_BYTES) - this.#conflictBytes;
    const sides = await this.#readSides(key, divergence, Math.min(this.#maxValueBytes, Math.floor(left / 3)));
    for (const side of SIDES) this.#conflictBytes += sides?.[side]?.length ?? 0;
    this.conflicts.push({ ...(sides ?? { key, base: undefined, ours: undefined, theirs: undefined }), oids, reason });
  }

  /** `undefined` where a side is over `maxBytes`. A submodule has no value. */
  async #readSides(key: Key, divergence: TreeDivergence, maxBytes: number): Promise<KeySides | undefined> {
    const values: { [side in Side]: Uint8Array | undefined } = { base: undefined, ours: undefined, theirs: undefined };
    for (const side of SIDES) {
      const target = divergence[side];
      if (target === undefined || formatOf(target) === FileMode.gitlink) continue;
      const stat = await this.#objects.stat(target.oid, this.#signal());
      if (stat !== undefined && stat.size > maxBytes) return undefined;
      const object = await this.#objects.read(target.oid, this.#signal());
      values[side] = blobBody(key, target.oid, object).slice();
    }
    const { times } = this.#options;
    return { key, ...values, ...(times && { times }) };
  }

  #signal(): { readonly signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {};
  }

  /** What makes the tree of theirs that of all: removals first, so that what takes their place is put after. */
  *edits(): Generator<{ path: Uint8Array[]; entry: TreeTarget | null }> {
    const placements: { path: Uint8Array[]; entry: TreeTarget }[] = [];
    for (const settled of [this.#trees, this.#values]) {
      for (const { divergence, target } of settled.values()) {
        if (isSame(target, divergence.theirs)) continue;
        const path = segmentsOf(divergence.pathBytes);
        if (target === undefined) yield { path, entry: null };
        else placements.push({ path, entry: target });
      }
    }
    for (const placement of placements) {
      assertNames(placement.path);
      yield placement;
    }
  }
}

const FORMAT_REGULAR = FileMode.regular & FORMAT_BITS;

function formatOf({ mode }: TreeTarget): number {
  return mode & FORMAT_BITS;
}

/** What stands where at most one side changed something, or both the same. */
function undisputed({ base, ours, theirs }: TreeDivergence): TreeTarget | undefined {
  return isSame(base, theirs) ? ours : theirs;
}

/** The permissions that one side alone changed, or else the wider ones. */
function mergeModes({ base, ours, theirs }: TreeDivergence): number {
  const [mine, other] = [ours?.mode, theirs?.mode];
  if (mine === undefined || other === undefined) return mine ?? other ?? FileMode.regular;
  if (base?.mode === mine) return other;
  if (base?.mode === other) return mine;
  return Math.max(mine, other);
}

function blobBody(key: Key, oid: Oid, object: RawObject | undefined): Uint8Array {
  if (object === undefined) {
    throw new GitError('OBJECT_NOT_FOUND', `Cannot merge ${key.format()}: object ${oid} is missing`);
  }
  if (object.kind !== 'blob') {
    throw new GitError('OBJECT_KIND_MISMATCH', `Cannot merge ${key.format()}: ${oid} is a ${object.kind}`);
  }
  return object.body;
}

function toKey(pathBytes: Uint8Array): Key | undefined {
  const text = decodeUtf8Exact(pathBytes);
  return text === undefined ? undefined : Key.find(text);
}

/** The dictionary that something is in whose own name is no key. */
function nearestKey(pathBytes: Uint8Array): Key {
  for (let end = pathBytes.lastIndexOf(SLASH); end > 0; end = pathBytes.lastIndexOf(SLASH, end - 1)) {
    const key = toKey(pathBytes.subarray(0, end));
    if (key !== undefined) return key;
  }
  return Key.root;
}

const SLASH = 0x2f;

function segmentsOf(pathBytes: Uint8Array): Uint8Array[] {
  const segments: Uint8Array[] = [];
  for (let start = 0; start <= pathBytes.length; ) {
    const slash = pathBytes.indexOf(SLASH, start);
    const end = slash < 0 ? pathBytes.length : slash;
    segments.push(pathBytes.subarray(start, end));
    start = end + 1;
  }
  return segments;
}

/** @throws {GitError} UNSUPPORTED */
function assertNames(path: readonly Uint8Array[]): void {
  for (const name of path) {
    const problem = checkTreeEntryName(name);
    if (problem === undefined) continue;
    const shown = JSON.stringify(decodeLatin1(name).slice(0, 80));
    throw new GitError('UNSUPPORTED', `Cannot merge trees: the name ${shown} must not be written (${problem})`);
  }
}
