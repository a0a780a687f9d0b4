import {
  compareBytes,
  decodeLatin1,
  FileMode,
  hashObject,
  isTreeMode,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { readBody } from '../read-object.js';
import { diffThreeTrees, type TreeDivergence } from '../tree-diff.js';
import { editTree, type TreeEdit } from '../tree-edit.js';
import { readTreePath, type TreeTarget } from '../tree-path.js';
import { textDriver } from './drivers.js';
import type { MergeDriver, MergeLabels } from './merge-driver.js';

/**
 * Why a path could not be merged, in git's words.
 *
 * - `contents`: both changed the file, in the same lines; or a symbolic link; or its mode
 * - `binary`: both changed a file that is no text
 * - `modify/delete`: one changed what the other removed
 * - `file/directory`: one has a file where the other has a directory
 * - `distinct modes`: a file on one side is a link or a submodule on the other
 * - `submodule`: both moved the submodule, each to another commit
 */
export type MergeConflictKind =
  | 'contents'
  | 'binary'
  | 'modify/delete'
  | 'file/directory'
  | 'distinct modes'
  | 'submodule';

/** A path at which the two sides cannot both be had. */
export interface MergeConflict {
  readonly path: string;
  readonly pathBytes: Uint8Array;
  readonly kind: MergeConflictKind;
  /** The three versions; absent where a side has none. */
  readonly base?: TreeTarget;
  readonly ours?: TreeTarget;
  readonly theirs?: TreeTarget;
  /** Where in the resulting tree the versions ended up, where that is not `path`. */
  readonly movedTo?: { readonly ours?: string; readonly theirs?: string };
}

/** How two trees are merged. */
export interface MergeTreesOptions extends ReadOptions {
  /** The driver for a path (default: text for all). */
  readonly driver?: (path: string) => MergeDriver | undefined;
  /** What the sides are called in conflict markers and in the names of files that had to move (default: ours, theirs). */
  readonly labels?: MergeLabels;
}

/** Two trees merged, as far as they could be. */
export interface MergedTrees {
  /** With conflicts, the tree that git would leave to a person: drafts with markers, and files moved aside. */
  readonly treeOid: Oid;
  /** Trees and blobs of it that are new, each after all it refers to. */
  readonly objects: readonly RawObject[];
  /** Sorted by the bytes of the path. None: the merge is clean. */
  readonly conflicts: readonly MergeConflict[];
}

/**
 * Merge what two sides made of one tree. Subtrees that only one side touched are taken whole and never read. Renames are not
 * looked for: a renamed file is one removed and one added.
 * @param treeOids an absent base is an empty one
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function mergeTrees(
  reader: ObjectReader,
  treeOids: { readonly base: Oid | undefined; readonly ours: Oid; readonly theirs: Oid },
  options: MergeTreesOptions = {},
): Promise<MergedTrees> {
  const { base, ours, theirs } = treeOids;
  if (ours === theirs || base === theirs) return { treeOid: ours, objects: [], conflicts: [] };
  if (base === ours) return { treeOid: theirs, objects: [], conflicts: [] };
  const merge = new TreeMerge(reader, ours, options);
  const signal = options.signal ? { signal: options.signal } : {};
  const enters = ({ base: was, ours: mine, theirs: other }: TreeDivergence): boolean =>
    mine?.oid !== other?.oid && was?.oid !== mine?.oid && was?.oid !== other?.oid;
  for await (const divergence of diffThreeTrees(reader, treeOids, { trees: true, enters, ...signal })) {
    if (!divergence.isTree) await merge.file(divergence);
    else if (divergence.pathBytes.length > 0 && !enters(divergence)) merge.wholeTree(divergence);
  }
  await merge.moveFilesAside();
  const edited = await editTree(reader, ours, merge.edits(), signal);
  if (edited.status === 'conflict') throw new Error('Unreachable: no edit of a merge goes below a value');
  return {
    treeOid: edited.treeOid,
    objects: [...merge.blobs.values(), ...edited.objects],
    conflicts: merge.conflicts(),
  };
}

/** What stands at a path after the merge. */
interface Outcome {
  readonly divergence: TreeDivergence;
  /** `undefined`: nothing. */
  readonly target: TreeTarget | undefined;
}

class TreeMerge {
  readonly blobs: Map<Oid, RawObject> = new Map();
  readonly #reader: ObjectReader;
  readonly #ourTree: Oid;
  readonly #options: MergeTreesOptions;
  readonly #labels: MergeLabels;
  /** By path, one character a byte. */
  readonly #files: Map<string, Outcome> = new Map();
  readonly #trees: Map<string, Outcome> = new Map();
  readonly #conflicts: MergeConflict[] = [];

  constructor(reader: ObjectReader, ourTree: Oid, options: MergeTreesOptions) {
    this.#reader = reader;
    this.#ourTree = ourTree;
    this.#options = options;
    this.#labels = options.labels ?? { ours: 'ours', theirs: 'theirs' };
  }

  conflicts(): MergeConflict[] {
    return this.#conflicts.sort((a, b) => compareBytes(a.pathBytes, b.pathBytes));
  }

  /** A tree that one side alone touched, or both alike. */
  wholeTree(divergence: TreeDivergence): void {
    const { base, ours, theirs } = divergence;
    const target = ours?.oid === theirs?.oid || base?.oid === theirs?.oid ? ours : theirs;
    this.#trees.set(decodeLatin1(divergence.pathBytes), { divergence, target });
  }

  async file(divergence: TreeDivergence): Promise<void> {
    const { base, ours, theirs } = divergence;
    if (isSame(ours, theirs) || isSame(base, theirs)) this.#settle(divergence, ours);
    else if (isSame(base, ours)) this.#settle(divergence, theirs);
    else if (ours === undefined || theirs === undefined) {
      this.#conflict(divergence, 'modify/delete');
      this.#settle(divergence, ours ?? theirs);
    } else if (typeOf(ours.mode) !== typeOf(theirs.mode)) await this.#separate(divergence, ours, theirs);
    else await this.#mergeVersions(divergence, ours, theirs);
  }

  async #mergeVersions(divergence: TreeDivergence, ours: TreeTarget, theirs: TreeTarget): Promise<void> {
    const type = typeOf(ours.mode);
    const base = divergence.base && typeOf(divergence.base.mode) === type ? divergence.base : undefined;
    const isModeOurs = ours.mode === theirs.mode || base?.mode === theirs.mode;
    const mode = isModeOurs || base?.mode !== ours.mode ? ours.mode : theirs.mode;
    const isModeClean = isModeOurs || base?.mode === ours.mode;
    let kind: MergeConflictKind | undefined = isModeClean ? undefined : 'contents';
    let oid = ours.oid;
    if (ours.oid === theirs.oid || base?.oid === theirs.oid) oid = ours.oid;
    else if (base?.oid === ours.oid) oid = theirs.oid;
    else if (type === FileMode.gitlink) kind = 'submodule';
    else if (type === FileMode.symlink) kind = 'contents';
    else {
      const merged = await this.#mergeBodies(divergence, base?.oid, ours.oid, theirs.oid);
      if (merged.body) oid = this.#store(merged.body);
      if (merged.status === 'conflict') kind = merged.kind;
    }
    if (kind) this.#conflict(divergence, kind);
    this.#settle(divergence, { mode, oid });
  }

  async #mergeBodies(
    { path }: TreeDivergence,
    baseOid: Oid | undefined,
    oursOid: Oid,
    theirsOid: Oid,
  ): Promise<Awaited<ReturnType<MergeDriver>>> {
    const read = async (oid: Oid): Promise<Uint8Array> => await readBody(this.#reader, oid, 'blob', this.#options);
    const driver = this.#options.driver?.(path) ?? textDriver;
    const base = baseOid === undefined ? undefined : await read(baseOid);
    const sides = { ours: await read(oursOid), theirs: await read(theirsOid) };
    return await driver({ path, base, ...sides, labels: this.#labels, markerSize: 7, depth: 0 });
  }

  #store(body: Uint8Array): Oid {
    const oid = hashObject(this.#reader.algorithm, 'blob', body);
    this.blobs.set(oid, { kind: 'blob', body });
    return oid;
  }

  /** Two things that cannot be one: a regular file, or each of two others, goes under another name. */
  async #separate(divergence: TreeDivergence, ours: TreeTarget, theirs: TreeTarget): Promise<void> {
    const isOurFile = typeOf(ours.mode) === FileMode.regular;
    const isTheirFile = typeOf(theirs.mode) === FileMode.regular;
    this.#settle(divergence, isOurFile ? theirs : isTheirFile ? ours : undefined);
    const movedOurs = isTheirFile ? undefined : await this.#aside(divergence, 'ours', ours);
    const movedTheirs = isOurFile ? undefined : await this.#aside(divergence, 'theirs', theirs);
    this.#conflict(divergence, 'distinct modes', {
      ...(movedOurs !== undefined && { ours: movedOurs }),
      ...(movedTheirs !== undefined && { theirs: movedTheirs }),
    });
  }

  /** Where a directory has the name of a file, the file goes elsewhere. */
  async moveFilesAside(): Promise<void> {
    const directories = new Set<string>();
    for (const [path, { target }] of [...this.#files, ...this.#trees]) {
      if (target === undefined) continue;
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
        directories.add(path.slice(0, at));
      if (isTreeMode(target.mode)) directories.add(path);
    }
    for (const [path, { divergence, target }] of [...this.#files]) {
      if (target === undefined || !directories.has(path)) continue;
      const side = divergence.ours === undefined ? 'theirs' : 'ours';
      this.#files.set(path, { divergence, target: undefined });
      this.#conflict(divergence, 'file/directory', { [side]: await this.#aside(divergence, side, target) });
    }
  }

  /** Put a version under a name nobody has, and tell that. */
  async #aside(divergence: TreeDivergence, side: 'ours' | 'theirs', target: TreeTarget): Promise<string> {
    const wanted = `${decodeLatin1(divergence.pathBytes)}~${this.#labels[side].replaceAll('/', '_')}`;
    let path = wanted;
    for (let count = 0; await this.#isTaken(path); count++) path = `${wanted}_${count}`;
    const pathBytes = Uint8Array.from(path, (char) => char.charCodeAt(0));
    const shown = new TextDecoder().decode(pathBytes);
    this.#files.set(path, { divergence: { path: shown, pathBytes, isTree: false }, target });
    return shown;
  }

  async #isTaken(path: string): Promise<boolean> {
    if (this.#files.has(path) || this.#trees.has(path)) return true;
    return (await readTreePath(this.#reader, this.#ourTree, segmentsOf(path), this.#options)) !== undefined;
  }

  #settle(divergence: TreeDivergence, target: TreeTarget | undefined): void {
    this.#files.set(decodeLatin1(divergence.pathBytes), { divergence, target });
  }

  #conflict(divergence: TreeDivergence, kind: MergeConflictKind, movedTo?: MergeConflict['movedTo']): void {
    const { path, pathBytes, base, ours, theirs } = divergence;
    const sides = { ...(base && { base }), ...(ours && { ours }), ...(theirs && { theirs }) };
    this.#conflicts.push({ path, pathBytes, kind, ...sides, ...(movedTo && { movedTo }) });
  }

  /** What is to be done to the tree of ours: removals first, so that what takes their place is put after. */
  edits(): TreeEdit[] {
    const removals: TreeEdit[] = [];
    const placements: TreeEdit[] = [];
    for (const [path, { divergence, target }] of [...this.#files, ...this.#trees]) {
      if (isSame(target, divergence.ours)) continue;
      const edit = { path: segmentsOf(path), entry: target ?? null };
      (target ? placements : removals).push(edit);
    }
    return [...removals, ...placements];
  }
}

function segmentsOf(path: string): Uint8Array[] {
  return path.split('/').map((segment) => Uint8Array.from(segment, (char) => char.charCodeAt(0)));
}

/** Regular and executable files are one type. */
function typeOf(mode: number): number {
  return mode === FileMode.executable ? FileMode.regular : mode;
}

function isSame(a: TreeTarget | undefined, b: TreeTarget | undefined): boolean {
  return a?.oid === b?.oid && a?.mode === b?.mode;
}
