import { type HashAlgorithm, isGitError } from '@git-kv/objects';
import {
  type CommitGraph,
  type CommitGraphFile,
  joinCommitGraph,
  parseCommitGraphChain,
  parseCommitGraphFile,
} from '@git-kv/pack';
import type { Disk } from './disk.js';
import type { AcquireLock } from './lock-file.js';
import { parentPath } from './path.js';

/** Where the commit-graph of an objects directory stands. */
export function commitGraphPath(objectsDirectory: string): string {
  return `${objectsDirectory}/info/commit-graph`;
}

function chainDirectory(objectsDirectory: string): string {
  return `${objectsDirectory}/info/commit-graphs`;
}

/**
 * The files of the commit-graph of `objectsDirectory`: the one file, or else those of the chain, the base first; none where
 * there is no graph. Files of a chain may lie in any of `allDirectories`. Of a chain that lacks files, what comes before the
 * first that is missing is taken, as in git.
 * @throws {GitError} MALFORMED, UNSUPPORTED
 */
export async function readCommitGraphFiles(
  disk: Disk,
  objectsDirectory: string,
  allDirectories: readonly string[],
  algorithm: HashAlgorithm,
): Promise<CommitGraphFile[]> {
  const single = await disk.findFile(commitGraphPath(objectsDirectory));
  if (single) return [parseCommitGraphFile(single, algorithm)];
  const chain = await disk.findFile(`${chainDirectory(objectsDirectory)}/commit-graph-chain`);
  const files: CommitGraphFile[] = [];
  if (chain === undefined || chain.length === 0) return files;
  for (const checksum of parseCommitGraphChain(chain, algorithm)) {
    let bytes: Uint8Array | undefined;
    for (const directory of allDirectories) {
      bytes ??= await disk.findFile(`${chainDirectory(directory)}/graph-${checksum}.graph`);
    }
    if (bytes === undefined) break;
    files.push(parseCommitGraphFile(bytes, algorithm));
  }
  return files;
}

/** The commit-graph of a store with its alternates, read again when its file has changed. */
export class CommitGraphReader {
  readonly #disk: Disk;
  readonly #algorithm: HashAlgorithm;
  readonly #verify: boolean;
  #version: string | undefined;
  #graph: CommitGraph | undefined;

  constructor(disk: Disk, algorithm: HashAlgorithm, verify: boolean) {
    this.#verify = verify;
    this.#disk = disk;
    this.#algorithm = algorithm;
  }

  /** The graph of the first of `directories` that has one. One that is damaged counts as none: it is only an aid. */
  async find(directories: readonly string[]): Promise<CommitGraph | undefined> {
    for (const directory of directories) {
      const version = await this.#versionOf(directory);
      if (version === undefined) continue;
      if (version !== this.#version) {
        this.#graph = await this.#read(directory, directories);
        this.#version = version;
      }
      if (this.#graph) return this.#graph;
    }
    return undefined;
  }

  async #versionOf(directory: string): Promise<string | undefined> {
    const single = await this.#disk.findStat(commitGraphPath(directory));
    if (single) return `${directory} ${single.version}`;
    const chain = await this.#disk.findStat(`${chainDirectory(directory)}/commit-graph-chain`);
    return chain && `${directory} chain ${chain.version}`;
  }

  async #read(directory: string, directories: readonly string[]): Promise<CommitGraph | undefined> {
    try {
      const files = await readCommitGraphFiles(this.#disk, directory, directories, this.#algorithm);
      if (this.#verify && !files.every((file) => file.hasValidChecksum())) return undefined;
      return files.length > 0 ? joinCommitGraph(files) : undefined;
    } catch (error) {
      if (isGitError(error, 'MALFORMED') || isGitError(error, 'UNSUPPORTED')) return undefined;
      throw error;
    }
  }
}

/**
 * Put a commit-graph in its place, at one instant and durably; a chain that was there is removed.
 * @throws {GitError} REF_LOCKED where somebody else is writing one
 */
export async function writeCommitGraphFile(
  disk: Disk,
  objectsDirectory: string,
  bytes: Uint8Array,
  acquireLock: AcquireLock,
): Promise<void> {
  const path = commitGraphPath(objectsDirectory);
  const lock = await acquireLock(path, { timeoutMs: 0, readOnly: true });
  try {
    await lock.write(bytes);
    await lock.commit();
    await disk.syncDirectory(parentPath(path));
  } finally {
    await lock.release();
  }
  const directory = chainDirectory(objectsDirectory);
  // First what names the others.
  await disk.removeFile(`${directory}/commit-graph-chain`);
  for (const { name } of await disk.findEntries(directory)) {
    if (name.endsWith('.graph')) await disk.removeFile(`${directory}/${name}`);
  }
}
