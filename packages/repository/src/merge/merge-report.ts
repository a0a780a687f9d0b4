import { compareBytes, decodeLatin1, encodeUtf8, type Oid } from '@git-kv/objects';
import type { TreeDivergence } from '../three-tree-diff.js';
import type { TreeTarget } from '../tree-path.js';
import type { MergeLabels } from './merge-driver.js';

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

/** A version of a conflicted path as git's index would hold it: 1 for the base, 2 for ours, 3 for theirs. */
export interface MergeStage {
  readonly pathBytes: Uint8Array;
  readonly stage: 1 | 2 | 3;
  readonly mode: number;
  readonly oid: Oid;
}

/** What a merge has to say of a path, as git says it. */
export interface MergeMessage {
  readonly kind: MergeConflictKind | 'auto-merging' | 'submodule not initialized';
  /** The paths it is about; messages are sorted by the first. */
  readonly pathBytes: readonly Uint8Array[];
  /** One line without its end, with the paths as they are. */
  readonly text: Uint8Array;
}

/** Collects what a merge tells beside its tree. Paths and texts in here are UTF-8, one character a byte. */
export class MergeReport {
  readonly #labels: { readonly ours: string; readonly theirs: string };
  readonly #conflicts: MergeConflict[] = [];
  readonly #stages: (Omit<MergeStage, 'pathBytes'> & { readonly path: string })[] = [];
  readonly #messages: { readonly kind: MergeMessage['kind']; readonly paths: string[]; readonly text: string }[] = [];

  constructor(labels: MergeLabels) {
    this.#labels = { ours: rawText(labels.ours), theirs: rawText(labels.theirs) };
  }

  conflicts(): MergeConflict[] {
    return this.#conflicts.sort((a, b) => compareBytes(a.pathBytes, b.pathBytes));
  }

  stages(): MergeStage[] {
    const sorted = this.#stages.sort((a, b) => compareText(a.path, b.path) || a.stage - b.stage);
    return sorted.map(({ path, stage, mode, oid }) => ({ pathBytes: rawBytes(path), stage, mode, oid }));
  }

  messages(): MergeMessage[] {
    const sorted = this.#messages.sort((a, b) => compareText(a.paths[0] as string, b.paths[0] as string));
    return sorted.map(({ kind, paths, text }) => ({ kind, pathBytes: paths.map(rawBytes), text: rawBytes(text) }));
  }

  conflict(divergence: TreeDivergence, kind: MergeConflictKind, movedTo?: MergeConflict['movedTo']): void {
    const { path, pathBytes, base, ours, theirs } = divergence;
    const sides = { ...(base && { base }), ...(ours && { ours }), ...(theirs && { theirs }) };
    this.#conflicts.push({ path, pathBytes, kind, ...sides, ...(movedTo && { movedTo }) });
  }

  stagesOf(path: string, { base, ours, theirs }: Pick<TreeDivergence, 'base' | 'ours' | 'theirs'>): void {
    if (base) this.#stages.push({ path, stage: 1, ...base });
    if (ours) this.#stages.push({ path, stage: 2, ...ours });
    if (theirs) this.#stages.push({ path, stage: 3, ...theirs });
  }

  autoMerging(path: string): void {
    this.#say('auto-merging', [path], `Auto-merging ${path}`);
  }

  unmerged(path: string, kind: 'contents' | 'binary' | 'submodule', isInBase: boolean): void {
    const reason = kind === 'submodule' ? kind : isInBase ? 'content' : 'add/add';
    this.#say('contents', [path], `CONFLICT (${reason}): Merge conflict in ${path}`);
  }

  binary(path: string): void {
    const { ours, theirs } = this.#labels;
    this.#say('binary', [path], `warning: Cannot merge binary files: ${path} (${ours} vs. ${theirs})`);
  }

  submodule(path: string): void {
    this.#say('submodule not initialized', [path], `Failed to merge submodule ${path} (not checked out)`);
  }

  modifyDelete(path: string, side: 'ours' | 'theirs'): void {
    const modifier = this.#labels[side];
    const remover = this.#labels[side === 'ours' ? 'theirs' : 'ours'];
    this.#say(
      'modify/delete',
      [path],
      `CONFLICT (modify/delete): ${path} deleted in ${remover} and modified in ${modifier}.  Version ${modifier} of ${path} left in tree.`,
    );
  }

  fileDirectory(path: string, side: 'ours' | 'theirs', movedTo: string): void {
    this.#say(
      'file/directory',
      [movedTo, path],
      `CONFLICT (file/directory): directory in the way of ${path} from ${this.#labels[side]}; moving it to ${movedTo} instead.`,
    );
  }

  distinctModes(path: string, movedTo: readonly string[]): void {
    const moved =
      movedTo.length === 2
        ? 'renamed both of them so each can be recorded somewhere.'
        : 'renamed one of them so each can be recorded somewhere.';
    this.#say(
      'distinct modes',
      [path, ...movedTo],
      `CONFLICT (distinct types): ${path} had different types on each side; ${moved}`,
    );
  }

  #say(kind: MergeMessage['kind'], paths: string[], text: string): void {
    this.#messages.push({ kind, paths, text });
  }
}

/** Text as UTF-8, one character a byte. */
export function rawText(text: string): string {
  return decodeLatin1(encodeUtf8(text));
}

/** One byte a character. */
export function rawBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
