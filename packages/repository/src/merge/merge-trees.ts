import { decodeLatin1, decodeUtf8, FileMode, hashObject, isTreeMode, type Oid, type RawObject } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { readBody } from '../read-object.js';
import { diffThreeTrees, type TreeDivergence } from '../three-tree-diff.js';
import { editTree, type TreeEdit } from '../tree-edit.js';
import { readTreePath, type TreeTarget } from '../tree-path.js';
import { pause } from '../walk/turns.js';
import { textDriver } from './drivers.js';
import type { MergeDriver, MergeLabels } from './merge-driver.js';
import {
  type MergeConflict,
  type MergeMessage,
  MergeReport,
  type MergeStage,
  rawBytes,
  rawText,
} from './merge-report.js';

/** git's length of the marks of a conflict, and how much longer they are for each merge of bases around. */
export const MARKER_SIZE = 7;
const MARKER_GROWTH = 2;
/** Files are merged in one go for so long, and then others have a turn. */
const MAX_TURN_MS = 20;

/** How two trees are merged. */
export interface MergeTreesOptions extends ReadOptions {
  /** The driver for a path (default: text for all). */
  readonly driver?: (path: string, pathBytes: Uint8Array) => MergeDriver | undefined | Promise<MergeDriver | undefined>;
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
  /** The versions of what is in conflict, as git's index would hold them: sorted by path, and by stage. */
  readonly stages: readonly MergeStage[];
  /** What git says of paths, sorted by path. There may be some of a clean merge. */
  readonly messages: readonly MergeMessage[];
}

/**
 * Merge what two sides made of one tree. Subtrees that only one side touched are taken whole and never read. Renames are not
 * looked for: a renamed file is one removed and one added.
 * @param treeOids an absent base is an empty one
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function mergeTrees(
  reader: ObjectReader,
  treeOids: MergeTreeOids,
  options: MergeTreesOptions = {},
): Promise<MergedTrees> {
  return await mergeTreesAt(0, reader, treeOids, options);
}

/** The roots of the three trees of a merge. */
export interface MergeTreeOids {
  readonly base: Oid | undefined;
  readonly ours: Oid;
  readonly theirs: Oid;
}

/** {@link mergeTrees}, for a base of bases where `depth` is above 0: what cannot be merged is drawn, or left as it was. */
export async function mergeTreesAt(
  depth: number,
  reader: ObjectReader,
  treeOids: MergeTreeOids,
  options: MergeTreesOptions,
): Promise<MergedTrees> {
  const { base, ours, theirs } = treeOids;
  const clean = { objects: [], conflicts: [], stages: [], messages: [] };
  if (ours === theirs || base === theirs) return { treeOid: ours, ...clean };
  if (base === ours) return { treeOid: theirs, ...clean };
  const merge = new TreeMerge(depth, reader, ours, options);
  const signal = options.signal ? { signal: options.signal } : {};
  const enters = ({ base: was, ours: mine, theirs: other }: TreeDivergence): boolean =>
    mine?.oid !== other?.oid && was?.oid !== mine?.oid && was?.oid !== other?.oid;
  let turnStart = Date.now();
  for await (const divergence of diffThreeTrees(reader, treeOids, { trees: true, enters, ...signal })) {
    if (!divergence.isTree) await merge.file(divergence);
    else if (divergence.pathBytes.length > 0 && !enters(divergence)) merge.wholeTree(divergence);
    if (Date.now() - turnStart < MAX_TURN_MS) continue;
    await pause();
    options.signal?.throwIfAborted();
    turnStart = Date.now();
  }
  await merge.settleDirectories();
  const edited = await editTree(reader, ours, merge.edits(), signal);
  if (edited.status === 'conflict') throw new Error('Unreachable: no edit of a merge goes below a value');
  const { report } = merge;
  return {
    treeOid: edited.treeOid,
    objects: [...merge.blobs.values(), ...edited.objects],
    conflicts: report.conflicts(),
    stages: report.stages(),
    messages: report.messages(),
  };
}

/** What stands at a path after the merge. */
interface Outcome {
  readonly divergence: TreeDivergence;
  /** `undefined`: nothing. */
  readonly target: TreeTarget | undefined;
  /** The side that changed what the other one removed. */
  readonly changedBy?: 'ours' | 'theirs';
}

class TreeMerge {
  readonly blobs: Map<Oid, RawObject> = new Map();
  readonly report: MergeReport;
  readonly #depth: number;
  readonly #reader: ObjectReader;
  readonly #ourTree: Oid;
  readonly #options: MergeTreesOptions;
  readonly #labels: MergeLabels;
  /** By path, one character a byte. */
  readonly #files: Map<string, Outcome> = new Map();
  readonly #trees: Map<string, Outcome> = new Map();

  constructor(depth: number, reader: ObjectReader, ourTree: Oid, options: MergeTreesOptions) {
    this.#depth = depth;
    this.#reader = reader;
    this.#ourTree = ourTree;
    this.#options = options;
    this.#labels = options.labels ?? { ours: 'ours', theirs: 'theirs' };
    this.report = new MergeReport(this.#labels);
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
      const target = this.#depth > 0 ? base : (ours ?? theirs);
      const changedBy = ours === undefined ? 'theirs' : 'ours';
      this.#files.set(decodeLatin1(divergence.pathBytes), { divergence, target, changedBy });
    } else if (typeOf(ours.mode) !== typeOf(theirs.mode)) await this.#separate(divergence, ours, theirs);
    else await this.#mergeVersions(divergence, ours, theirs);
  }

  async #mergeVersions(divergence: TreeDivergence, ours: TreeTarget, theirs: TreeTarget): Promise<void> {
    const type = typeOf(ours.mode);
    const base = divergence.base && typeOf(divergence.base.mode) === type ? divergence.base : undefined;
    const isModeOurs = ours.mode === theirs.mode || base?.mode === theirs.mode;
    const mode = isModeOurs || base?.mode !== ours.mode ? ours.mode : theirs.mode;
    const isModeClean = isModeOurs || base?.mode === ours.mode;
    const path = decodeLatin1(divergence.pathBytes);
    let kind: 'contents' | 'binary' | 'submodule' | undefined = isModeClean ? undefined : 'contents';
    let target: TreeTarget | undefined = { mode, oid: ours.oid };
    if (ours.oid === theirs.oid || base?.oid === theirs.oid) target = { mode, oid: ours.oid };
    else if (base?.oid === ours.oid) target = { mode, oid: theirs.oid };
    else if (type === FileMode.gitlink || type === FileMode.symlink) {
      kind = type === FileMode.gitlink ? 'submodule' : 'contents';
      if (this.#depth > 0) target = divergence.base;
      if (kind === 'submodule') this.report.submodule(path);
    } else {
      const merged = await this.#mergeBodies(divergence, base?.oid, ours.oid, theirs.oid);
      if (merged.status === 'conflict') kind = merged.kind;
      if (merged.body) target = { mode, oid: this.#store(merged.body) };
      else if (this.#depth > 0) target = divergence.base;
      if (kind === 'binary') this.report.binary(path);
      this.report.autoMerging(path);
    }
    if (kind) {
      this.report.conflict(divergence, kind);
      this.report.unmerged(path, kind, divergence.base !== undefined);
      this.report.stagesOf(path, divergence);
    }
    this.#settle(divergence, target);
  }

  async #mergeBodies(
    { path, pathBytes }: TreeDivergence,
    baseOid: Oid | undefined,
    oursOid: Oid,
    theirsOid: Oid,
  ): Promise<Awaited<ReturnType<MergeDriver>>> {
    const read = async (oid: Oid): Promise<Uint8Array> => await readBody(this.#reader, oid, 'blob', this.#options);
    const driver = (await this.#options.driver?.(path, pathBytes)) ?? textDriver;
    const base = baseOid === undefined ? undefined : await read(baseOid);
    const sides = { ours: await read(oursOid), theirs: await read(theirsOid) };
    const markerSize = MARKER_SIZE + MARKER_GROWTH * this.#depth;
    return await driver({ path, base, ...sides, labels: this.#labels, markerSize, depth: this.#depth });
  }

  #store(body: Uint8Array): Oid {
    const oid = hashObject(this.#reader.algorithm, 'blob', body);
    this.blobs.set(oid, { kind: 'blob', body });
    return oid;
  }

  /** Two things that cannot be one: a regular file, or each of two others, goes under another name. */
  async #separate(divergence: TreeDivergence, ours: TreeTarget, theirs: TreeTarget): Promise<void> {
    const { base } = divergence;
    if (this.#depth > 0) {
      this.report.conflict(divergence, 'distinct modes');
      this.#settle(divergence, base);
      return;
    }
    const path = decodeLatin1(divergence.pathBytes);
    const isOurFile = typeOf(ours.mode) === FileMode.regular;
    const isTheirFile = typeOf(theirs.mode) === FileMode.regular;
    this.#settle(divergence, isOurFile ? theirs : isTheirFile ? ours : undefined);
    const movedOurs = isTheirFile ? undefined : await this.#aside(divergence, 'ours', ours);
    const movedTheirs = isOurFile ? undefined : await this.#aside(divergence, 'theirs', theirs);
    this.report.conflict(divergence, 'distinct modes', {
      ...(movedOurs !== undefined && { ours: shown(movedOurs) }),
      ...(movedTheirs !== undefined && { theirs: shown(movedTheirs) }),
    });
    this.report.distinctModes(
      path,
      [movedOurs, movedTheirs].filter((moved) => moved !== undefined),
    );
    const baseOf = (side: TreeTarget): { base?: TreeTarget } =>
      base && typeOf(base.mode) === typeOf(side.mode) ? { base } : {};
    this.report.stagesOf(movedOurs ?? path, { ours, ...baseOf(ours) });
    this.report.stagesOf(movedTheirs ?? path, { theirs, ...baseOf(theirs) });
  }

  /** Where a directory has the name of a file, the file goes elsewhere. To be called once all files are settled. */
  async settleDirectories(): Promise<void> {
    const directories = new Set<string>();
    for (const [path, { target }] of [...this.#files, ...this.#trees]) {
      if (target === undefined) continue;
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
        directories.add(path.slice(0, at));
      if (isTreeMode(target.mode)) directories.add(path);
    }
    for (const [path, { divergence, target, changedBy }] of [...this.#files]) {
      let movedTo: string | undefined;
      if (target !== undefined && directories.has(path)) {
        const side = divergence.ours === undefined ? 'theirs' : 'ours';
        this.#files.set(path, { divergence, target: undefined });
        movedTo = await this.#aside(divergence, side, target);
        this.report.conflict(divergence, 'file/directory', { [side]: shown(movedTo) });
        this.report.fileDirectory(path, side, movedTo);
      }
      if (changedBy !== undefined) {
        this.report.conflict(divergence, 'modify/delete');
        this.report.modifyDelete(movedTo ?? path, changedBy);
      }
      if (movedTo !== undefined || changedBy !== undefined) this.report.stagesOf(movedTo ?? path, divergence);
    }
  }

  /** Put a version under a name nobody has, and tell that, one character a byte. */
  async #aside(divergence: TreeDivergence, side: 'ours' | 'theirs', target: TreeTarget): Promise<string> {
    const wanted = `${decodeLatin1(divergence.pathBytes)}~${rawText(this.#labels[side]).replaceAll('/', '_')}`;
    let path = wanted;
    for (let count = 0; await this.#isTaken(path); count++) path = `${wanted}_${count}`;
    this.#files.set(path, { divergence: { path: shown(path), pathBytes: rawBytes(path), isTree: false }, target });
    return path;
  }

  async #isTaken(path: string): Promise<boolean> {
    if (this.#files.has(path) || this.#trees.has(path)) return true;
    return (await readTreePath(this.#reader, this.#ourTree, segmentsOf(path), this.#options)) !== undefined;
  }

  #settle(divergence: TreeDivergence, target: TreeTarget | undefined): void {
    this.#files.set(decodeLatin1(divergence.pathBytes), { divergence, target });
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
  return path.split('/').map(rawBytes);
}

function shown(path: string): string {
  return decodeUtf8(rawBytes(path));
}

/** Regular and executable files are one type. */
function typeOf(mode: number): number {
  return mode === FileMode.executable ? FileMode.regular : mode;
}

function isSame(a: TreeTarget | undefined, b: TreeTarget | undefined): boolean {
  return a?.oid === b?.oid && a?.mode === b?.mode;
}
