import type { HashAlgorithm, Oid } from '@git-kv/objects';
import type { PathFilterSettings } from './path-filter.js';

/**
 * What a commit-graph, or a chain of them, knows of commits: enough to walk history without reading one. Commits have
 * positions from 0 to `commitCount - 1`; in a chain, those of the base come first.
 */
export interface CommitGraph {
  readonly algorithm: HashAlgorithm;
  readonly commitCount: number;
  /**
   * What {@link generationAt} gives: `corrected-date` (version 2) or `level` (version 1, topological levels). Of an
   * ancestor both are below those of its descendants. `none`: a writer of long ago left them zero.
   */
  readonly generationKind: 'corrected-date' | 'level' | 'none';
  /** How the changed-path filters were made; `undefined` where there are none. */
  readonly pathFilterSettings: PathFilterSettings | undefined;
  /** The position of the commit whose oid stands at `offset`, or -1. */
  find(bytes: Uint8Array, offset?: number): number;
  findOid(oid: Oid): number;
  oidAt(position: number): Oid;
  copyOid(position: number, output: Uint8Array, offset: number): void;
  copyTreeOid(position: number, output: Uint8Array, offset: number): void;
  /** Committer date in seconds, of which the format keeps 34 bits. */
  dateAt(position: number): number;
  /** @throws {MalformedError} where it is said to be in a place that is not there */
  generationAt(position: number): number;
  /**
   * Positions of the parents, in order, written to `output` from 0.
   * @returns how many there are; those that `output` has no room for are not written
   * @throws {MalformedError} where one lies outside of the graph
   */
  parentsAt(position: number, output: Int32Array): number;
  /** For `mayContainPath`, a view; `undefined` where there is none. @throws {MalformedError} where its place is wrong */
  pathFilterAt(position: number): Uint8Array | undefined;
}
