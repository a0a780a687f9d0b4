import { type HashAlgorithm, type Oid, OidRows, oidFromBytes, type RawObject, writeOid } from '@git-kv/objects';
import type { CommitGraph } from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { assertKind } from '../read-object.js';
import { CommitHead } from './commit-head.js';
import type { CommitSource } from './commit-source.js';

/** How a {@link CommitTable} is opened. */
export interface CommitTableOptions extends ReadOptions {
  /** Commits whose parents are not followed: the shallow boundary. The commit-graph is not used then. */
  readonly shallow?: ReadonlySet<Oid>;
  /** Read every commit itself. */
  readonly ignoreGraph?: boolean;
}

/** Bytes of a commit that nearly always hold all of its links: two parents, and two identities. */
function headBytes(algorithm: HashAlgorithm): number {
  return 170 + 3 * algorithm.hexLength;
}

/**
 * The commits of one walk in columns: some 80 bytes a commit, no object and no string for any. Rows are numbered as they
 * are met; a commit is met when another one names it as a parent, and loaded when somebody asks for its own links.
 *
 * The columns are replaced by longer ones as rows are added: do not keep one across a load.
 */
export class CommitTable {
  readonly algorithm: HashAlgorithm;
  /** Committer dates in seconds, of rows that are loaded. */
  dates: Float64Array = new Float64Array(1024);
  /** Generation numbers of the commit-graph; Infinity of what is not in it. */
  generations: Float64Array = new Float64Array(1024);
  /** For the walk that owns the table. */
  flags: Int32Array = new Int32Array(1024);
  /** Where the parents of a row begin in `edges`; -1 while it is not loaded. */
  edgeStarts: Int32Array = new Int32Array(1024).fill(-1);
  parentCounts: Int32Array = new Int32Array(1024);
  /** Rows of parents. */
  edges: Int32Array = new Int32Array(1024);
  readonly graph: CommitGraph | undefined;
  readonly #oids: OidRows;
  readonly #reader: ObjectReader;
  #options: CommitTableOptions;
  #source: CommitSource | undefined;
  /** Whether rows were loaded so long ago that their commits may be gone. */
  #isOld = false;
  readonly #head: CommitHead;
  readonly #headBytes: number;
  readonly #scratch: Uint8Array;
  /** Positions in the graph, or -1. */
  #graphPositions = new Int32Array(1024).fill(-1);
  /** Rows of graph positions plus one; 0 where it has none yet. */
  readonly #graphRows: Int32Array;
  #trees: Uint8Array;
  #edgeCount = 0;
  #parents = new Int32Array(16);

  private constructor(reader: ObjectReader, options: CommitTableOptions, source: CommitSource | undefined) {
    const { algorithm } = reader;
    this.algorithm = algorithm;
    this.#reader = reader;
    this.#options = options;
    this.#source = source;
    const isCut = options.shallow !== undefined && options.shallow.size > 0;
    this.graph = isCut || options.ignoreGraph ? undefined : source?.graph;
    this.#graphRows = new Int32Array(this.graph?.commitCount ?? 0);
    this.#oids = new OidRows(algorithm);
    this.#head = new CommitHead(algorithm.oidLength);
    this.#headBytes = headBytes(algorithm);
    this.#scratch = new Uint8Array(algorithm.oidLength);
    this.#trees = new Uint8Array(1024 * algorithm.oidLength);
  }

  /** A table that reads from `reader`; to be closed. */
  static async open(reader: ObjectReader, options: CommitTableOptions = {}): Promise<CommitTable> {
    return new CommitTable(reader, options, (await reader.openCommits?.()) ?? commitsAtOnce(reader));
  }

  /** A table that opens nothing and asks no commit-graph: for walks that mostly are short. It need not be closed. */
  static over(reader: ObjectReader, options: CommitTableOptions = {}): CommitTable {
    return new CommitTable(reader, { ...options, ignoreGraph: true }, commitsAtOnce(reader));
  }

  /** What the table reads from, for others that read along; it is closed with the table. */
  get source(): CommitSource | undefined {
    return this.#source;
  }

  async close(): Promise<void> {
    await this.#source?.close();
  }

  /**
   * Open a table again that was closed, with the rows that it has: commits do not change.
   * @returns false where the store has come to another commit-graph: then another table is needed
   */
  async reopen(options: ReadOptions): Promise<boolean> {
    const source = (await this.#reader.openCommits?.()) ?? commitsAtOnce(this.#reader);
    if (source?.graph !== this.graph) {
      await source?.close();
      return false;
    }
    this.#source = source;
    this.#options = options;
    this.#isOld = true;
    this.flags.fill(0);
    return true;
  }

  /** Rows so far. */
  get count(): number {
    return this.#oids.count;
  }

  /** The oids of all rows, one after another. */
  get oidBytes(): Uint8Array {
    return this.#oids.bytes;
  }

  /** The tree oids of all rows that are loaded, one after another. */
  get treeBytes(): Uint8Array {
    return this.#trees;
  }

  oidAt(row: number): Oid {
    return this.#oids.oidAt(row);
  }

  /** The row of a commit, a new one where it was not met yet. */
  rowOf(oid: Oid): number {
    writeOid(oid, this.#scratch, 0);
    return this.#add(this.#scratch, 0);
  }

  /** Whether the row's links are there. */
  isLoaded(row: number): boolean {
    return (this.edgeStarts[row] as number) >= 0;
  }

  /** Whether the commit-graph has the row's commit. */
  isInGraph(row: number): boolean {
    return (this.#graphPositions[row] as number) >= 0;
  }

  /** The commit-graph's filter of the paths that the row's commit changed, where it has one. */
  pathFilterOf(row: number): Uint8Array | undefined {
    const position = this.#graphPositions[row] as number;
    return position < 0 ? undefined : this.graph?.pathFilterAt(position);
  }

  parentAt(row: number, index: number): number {
    return this.edges[(this.edgeStarts[row] as number) + index] as number;
  }

  /** Load the row if that takes no waiting. @returns whether it is loaded @throws {MalformedError} */
  loadSync(row: number): boolean {
    if ((this.edgeStarts[row] as number) >= 0) return true;
    const position = this.#graphPositions[row] as number;
    if (position >= 0) {
      this.#takeFromGraph(row, position);
      return true;
    }
    const source = this.#source;
    if (source === undefined) return false;
    const offset = row * this.algorithm.oidLength;
    const object = source.readSync(this.#oids.bytes, offset, this.#headBytes);
    if (object === undefined) return false;
    if (object.kind !== 'commit') assertKind(this.oidAt(row), object, 'commit');
    // A body of just so many bytes may be cut off there.
    if (!this.#head.parse(object.body, object.body.length !== this.#headBytes)) {
      const whole = source.readSync(this.#oids.bytes, offset);
      if (whole === undefined) return false;
      this.#head.parse(whole.body, true);
    }
    this.#takeFromHead(row);
    return true;
  }

  /** Load the row. @returns false where the store does not have the commit @throws {GitError} OBJECT_KIND_MISMATCH */
  async load(row: number): Promise<boolean> {
    if (this.loadSync(row)) return true;
    const oid = this.oidAt(row);
    const { signal } = this.#options;
    const object = await this.#reader.read(oid, signal ? { signal } : {});
    if (object === undefined) return false;
    this.take(row, object);
    return true;
  }

  /**
   * {@link load} of a commit that somebody named. A commit-graph may tell of one that is gone: it is asked for, too.
   */
  async loadTip(row: number): Promise<boolean> {
    if (!(await this.load(row))) return false;
    if ((this.#graphPositions[row] as number) < 0 && !this.#isOld) return true;
    if (this.#source?.hasSync(this.#oids.bytes, row * this.algorithm.oidLength)) return true;
    return (await this.#reader.stat(this.oidAt(row))) !== undefined;
  }

  /** Load the row from its object, which is at hand. @throws as {@link load} */
  take(row: number, object: RawObject): void {
    if (this.isLoaded(row)) return;
    assertKind(this.oidAt(row), object, 'commit');
    this.#head.parse(object.body, true);
    this.#takeFromHead(row);
  }

  #add(bytes: Uint8Array, offset: number): number {
    const position = this.graph === undefined ? -1 : this.graph.find(bytes, offset);
    if (position >= 0) return this.#rowOfPosition(position);
    const before = this.#oids.count;
    const row = this.#oids.add(bytes, offset);
    if (row === before && row === this.dates.length) this.#grow();
    if (row === before) this.generations[row] = Number.POSITIVE_INFINITY;
    return row;
  }

  #rowOfPosition(position: number): number {
    const known = this.#graphRows[position] as number;
    if (known !== 0) return known - 1;
    const graph = this.graph as CommitGraph;
    graph.copyOid(position, this.#scratch, 0);
    const row = this.#oids.append(this.#scratch, 0);
    if (row === this.dates.length) this.#grow();
    this.#graphRows[position] = row + 1;
    this.#graphPositions[row] = position;
    this.generations[row] = graph.generationAt(position);
    return row;
  }

  #takeFromGraph(row: number, position: number): void {
    const graph = this.graph as CommitGraph;
    let count = graph.parentsAt(position, this.#parents);
    if (count > this.#parents.length) {
      this.#parents = new Int32Array(count * 2);
      count = graph.parentsAt(position, this.#parents);
    }
    const start = this.#reserveEdges(count);
    for (let index = 0; index < count; index++) {
      this.edges[start + index] = this.#rowOfPosition(this.#parents[index] as number);
    }
    graph.copyTreeOid(position, this.#trees, row * this.algorithm.oidLength);
    this.dates[row] = graph.dateAt(position);
    this.parentCounts[row] = count;
    this.edgeStarts[row] = start;
  }

  #takeFromHead(row: number): void {
    const { oidLength } = this.algorithm;
    const head = this.#head;
    const isCut = this.#options.shallow?.has(this.#cutName(row)) ?? false;
    const count = isCut ? 0 : head.parentCount;
    const start = this.#reserveEdges(count);
    for (let index = 0; index < count; index++) {
      this.edges[start + index] = this.#add(head.oids, (index + 1) * oidLength);
    }
    const treeStart = row * oidLength;
    for (let at = 0; at < oidLength; at++) this.#trees[treeStart + at] = head.oids[at] as number;
    this.dates[row] = head.date;
    this.parentCounts[row] = count;
    this.edgeStarts[row] = start;
  }

  /** What to look up in the shallow boundary; nothing is spent on it where there is none. */
  #cutName(row: number): Oid {
    return this.#options.shallow && this.#options.shallow.size > 0 ? this.oidAt(row) : '';
  }

  #reserveEdges(count: number): number {
    const start = this.#edgeCount;
    if (start + count > this.edges.length) {
      const edges = new Int32Array(Math.max(this.edges.length * 2, start + count));
      edges.set(this.edges);
      this.edges = edges;
    }
    this.#edgeCount = start + count;
    return start;
  }

  #grow(): void {
    const length = this.dates.length * 2;
    this.dates = grown(this.dates, new Float64Array(length));
    this.generations = grown(this.generations, new Float64Array(length));
    this.flags = grown(this.flags, new Int32Array(length));
    this.edgeStarts = grown(this.edgeStarts, new Int32Array(length).fill(-1));
    this.parentCounts = grown(this.parentCounts, new Int32Array(length));
    this.#graphPositions = grown(this.#graphPositions, new Int32Array(length).fill(-1));
    this.#trees = grown(this.#trees, new Uint8Array(length * this.algorithm.oidLength));
  }
}

/** The commits of a reader that answers at once, though it has no more to tell of them. */
export function commitsAtOnce(reader: ObjectReader): CommitSource | undefined {
  const readSync = reader.readSync?.bind(reader);
  if (readSync === undefined) return undefined;
  const { oidLength } = reader.algorithm;
  const readHead = reader.readTransientSync?.bind(reader) ?? readSync;
  const read = (oidBytes: Uint8Array, offset: number, headBytes?: number): RawObject | undefined =>
    (headBytes === undefined ? readSync : readHead)(oidFromBytes(oidBytes, offset, oidLength));
  return { readSync: read, hasSync: (bytes, offset) => read(bytes, offset) !== undefined, close: async () => {} };
}

function grown<T extends Float64Array | Int32Array | Uint8Array>(column: T, longer: T): T {
  longer.set(column);
  return longer;
}
