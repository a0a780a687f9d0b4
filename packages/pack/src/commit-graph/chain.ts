import { decodeLatin1, type HashAlgorithm, LimitError, MalformedError, type Oid, writeOid } from '@git-kv/objects';
import type { CommitGraph } from './commit-graph.js';
import { COMMIT_GRAPH_FORMAT } from './format.js';
import type { CommitGraphFile } from './parse.js';
import type { PathFilterSettings } from './path-filter.js';

/**
 * Parse `commit-graph-chain`: the checksums of the files of a chain, the base first.
 *
 *     file = *(checksum LF)
 *
 * @throws {MalformedError} for a line that is no checksum; {LimitError} for more lines than a chain can have
 */
export function parseCommitGraphChain(bytes: Uint8Array, algorithm: HashAlgorithm): string[] {
  const fileCount = Math.ceil(bytes.length / (algorithm.hexLength + 1));
  if (fileCount > MAX_CHAIN_FILES) throw new LimitError('chainFiles', fileCount, MAX_CHAIN_FILES);
  const checksums: string[] = [];
  let at = 0;
  for (const line of decodeLatin1(bytes).replace(/\n$/, '').split('\n')) {
    if (line.length !== algorithm.hexLength || !/^[0-9a-f]+$/.test(line)) {
      throw new MalformedError('commit-graph-chain', at, 'a line is no checksum');
    }
    checksums.push(line);
    at += line.length + 1;
  }
  return checksums;
}

/** A header counts 255 base graphs at most. */
const MAX_CHAIN_FILES = 256;

/**
 * The graph of one file, or of a chain of them, the base first.
 * @throws {MalformedError} where a file is not made for the ones before it; {RangeError} where there is none
 */
export function joinCommitGraph(files: readonly CommitGraphFile[]): CommitGraph {
  for (const [index, file] of files.entries()) {
    const expected = files.slice(0, index).map(({ checksum }) => checksum);
    if (file.baseChecksums.length !== index || expected.some((checksum, at) => file.baseChecksums[at] !== checksum)) {
      throw new MalformedError(COMMIT_GRAPH_FORMAT, 7, 'it belongs to another chain');
    }
  }
  const [only, ...rest] = files;
  if (only === undefined) throw new RangeError('Cannot join commit-graphs: there is none');
  return rest.length === 0 ? new SingleGraph(only) : new ChainedGraph(files);
}

function kindOf(files: readonly CommitGraphFile[]): CommitGraph['generationKind'] {
  const top = files.at(-1) as CommitGraphFile;
  if (top.commitCount === 0 || top.levelAt(0) === 0) return 'none';
  // As git: one file without corrected dates, and those of all others are not used.
  return files.every((file) => file.hasCorrectedDates) ? 'corrected-date' : 'level';
}

class SingleGraph implements CommitGraph {
  readonly algorithm: HashAlgorithm;
  readonly commitCount: number;
  readonly generationKind: CommitGraph['generationKind'];
  readonly pathFilterSettings: PathFilterSettings | undefined;
  readonly #file: CommitGraphFile;

  constructor(file: CommitGraphFile) {
    this.algorithm = file.algorithm;
    this.commitCount = file.commitCount;
    this.generationKind = kindOf([file]);
    this.pathFilterSettings = file.pathFilterSettings;
    this.#file = file;
  }

  find(bytes: Uint8Array, offset = 0): number {
    return this.#file.oids.findBytes(bytes, offset) ?? -1;
  }

  findOid(oid: Oid): number {
    return this.#file.oids.find(oid) ?? -1;
  }

  oidAt(position: number): Oid {
    this.#file.oids.assertPosition(position, COMMIT_GRAPH_FORMAT);
    return this.#file.oids.oidAt(position);
  }

  copyOid(position: number, output: Uint8Array, offset: number): void {
    this.#file.oids.writeOidAt(position, output, offset);
  }

  copyTreeOid(position: number, output: Uint8Array, offset: number): void {
    this.#file.copyTreeOid(position, output, offset);
  }

  dateAt(position: number): number {
    return this.#file.dateAt(position);
  }

  generationAt(position: number): number {
    const file = this.#file;
    return this.generationKind === 'corrected-date' ? file.correctedDateAt(position) : file.levelAt(position);
  }

  parentsAt(position: number, output: Int32Array): number {
    return this.#file.parentsAt(position, output, this.commitCount);
  }

  pathFilterAt(position: number): Uint8Array | undefined {
    return this.#file.pathFilterAt(position);
  }
}

class ChainedGraph implements CommitGraph {
  readonly algorithm: HashAlgorithm;
  readonly commitCount: number;
  readonly generationKind: CommitGraph['generationKind'];
  readonly pathFilterSettings: PathFilterSettings | undefined;
  readonly #files: readonly CommitGraphFile[];
  /** Where the positions of each file begin. */
  readonly #starts: readonly number[];
  readonly #scratch: Uint8Array;

  constructor(files: readonly CommitGraphFile[]) {
    const starts: number[] = [];
    let count = 0;
    for (const file of files) {
      starts.push(count);
      count += file.commitCount;
    }
    this.algorithm = (files[0] as CommitGraphFile).algorithm;
    this.commitCount = count;
    this.generationKind = kindOf(files);
    this.pathFilterSettings = files.findLast((file) => file.pathFilterSettings)?.pathFilterSettings;
    this.#files = files;
    this.#starts = starts;
    this.#scratch = new Uint8Array(this.algorithm.oidLength);
  }

  find(bytes: Uint8Array, offset = 0): number {
    for (let index = this.#files.length - 1; index >= 0; index--) {
      const position = (this.#files[index] as CommitGraphFile).oids.findBytes(bytes, offset);
      if (position !== undefined) return (this.#starts[index] as number) + position;
    }
    return -1;
  }

  findOid(oid: Oid): number {
    if (oid.length !== this.algorithm.hexLength) return -1;
    writeOid(oid, this.#scratch, 0);
    return this.find(this.#scratch, 0);
  }

  oidAt(position: number): Oid {
    const index = this.#fileOf(position);
    return (this.#files[index] as CommitGraphFile).oids.oidAt(position - (this.#starts[index] as number));
  }

  copyOid(position: number, output: Uint8Array, offset: number): void {
    const index = this.#fileOf(position);
    const own = position - (this.#starts[index] as number);
    (this.#files[index] as CommitGraphFile).oids.writeOidAt(own, output, offset);
  }

  copyTreeOid(position: number, output: Uint8Array, offset: number): void {
    const index = this.#fileOf(position);
    (this.#files[index] as CommitGraphFile).copyTreeOid(position - (this.#starts[index] as number), output, offset);
  }

  dateAt(position: number): number {
    const index = this.#fileOf(position);
    return (this.#files[index] as CommitGraphFile).dateAt(position - (this.#starts[index] as number));
  }

  generationAt(position: number): number {
    const index = this.#fileOf(position);
    const file = this.#files[index] as CommitGraphFile;
    const own = position - (this.#starts[index] as number);
    return this.generationKind === 'corrected-date' ? file.correctedDateAt(own) : file.levelAt(own);
  }

  parentsAt(position: number, output: Int32Array): number {
    const index = this.#fileOf(position);
    const start = this.#starts[index] as number;
    const file = this.#files[index] as CommitGraphFile;
    // A commit has its parents in its own file or below it.
    return file.parentsAt(position - start, output, start + file.commitCount);
  }

  pathFilterAt(position: number): Uint8Array | undefined {
    const index = this.#fileOf(position);
    return (this.#files[index] as CommitGraphFile).pathFilterAt(position - (this.#starts[index] as number));
  }

  #fileOf(position: number): number {
    if (!(position >= 0 && position < this.commitCount)) {
      throw new RangeError(`Cannot read position ${position}: the commit-graph has ${this.commitCount} commits`);
    }
    let index = this.#starts.length - 1;
    while ((this.#starts[index] as number) > position) index--;
    return index;
  }
}
