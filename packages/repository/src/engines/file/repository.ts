import type { HashAlgorithm } from '@git-kv/objects';
import { isKnownPromisor, readPromisorRemotes, writePromisorRemote } from '../../promisor/settings.js';
import type { RefName, RefOutcome } from '../../ref-store.js';
import type { PromisorStore, Repository, RepositoryChange } from '../../repository.js';
import { checkedOutBranches } from './checked-out.js';
import { ConfigFile } from './config-file.js';
import { Disk, type Durability } from './disk.js';
import type { Fs } from './fs.js';
import type { HeldPacksOptions } from './held-packs.js';
import type { RecoveryFinding } from './journal/finding.js';
import type { Processes } from './journal/owner.js';
import { findLayout, type RepositoryLayout } from './layout.js';
import { FileObjectStore } from './object-store.js';
import { joinPath } from './path.js';
import { RefFiles } from './ref-files.js';
import { FileRefStore } from './ref-store.js';
import { ShallowFile } from './shallow.js';

/** How a repository on disk is opened. */
export interface FileRepositoryOptions extends HeldPacksOptions {
  /** What a resolved write promises (default `full`). */
  readonly durability?: Durability | undefined;
  /** How long to wait for a lock another process holds (default 1000). */
  readonly lockTimeoutMs?: number | undefined;
  /** Bytes of delta bases kept in memory (default 96 MiB, as core.deltaBaseCacheLimit of git). */
  readonly cacheBytes?: number | undefined;
  /** Received packs of fewer objects are stored as loose objects (default 100, as git's receive.unpackLimit). */
  readonly unpackLimit?: number | undefined;
  /** `prune` spares what is younger than this (default 0). */
  readonly pruneGraceMs?: number | undefined;
  /**
   * Hold what is read against the checksums of packs, idx, multi-pack-index and commit-graph, so that no damage on the disk is given out
   * as an object or as its absence (default true). It costs a few percent; git does without.
   */
  readonly verifyReads?: boolean | undefined;
  /** Ref transactions that `refs.transactions` can tell at least (default 1000). */
  readonly transactionHistory?: number | undefined;
  /** With durability `batch`: milliseconds after which ref transactions that were acknowledged are made durable (default 50). */
  readonly syncDelayMs?: number | undefined;
  /** Tells living processes from dead ones: those of the system on Node, elsewhere nobody is dead but what ended in this one. */
  readonly processes?: Processes | undefined;
  /** Milliseconds since 1970, for reflogs and the journal (default: the clock). */
  readonly now?: (() => number) | undefined;
}

/** A repository in files that git itself reads and writes, at the same time. */
export class FileRepository implements Repository {
  readonly algorithm: HashAlgorithm;
  readonly layout: RepositoryLayout;
  readonly objects: FileObjectStore;
  readonly refs: FileRefStore;
  readonly shallow: ShallowFile;
  /** Settings as they are now; `layout.config` has those of the opening. */
  readonly config: ConfigFile;
  readonly promisors: PromisorStore;
  readonly #disk: Disk;

  constructor(disk: Disk, layout: RepositoryLayout, options: FileRepositoryOptions) {
    this.algorithm = layout.algorithm;
    this.layout = layout;
    this.#disk = disk;
    this.refs = new FileRefStore(new RefFiles(disk, layout), options);
    const { acquireLock } = this.refs;
    this.objects = new FileObjectStore(disk, layout.objectsDirectory, layout.algorithm, {
      cacheBytes: options.cacheBytes,
      indexBytes: options.indexBytes,
      packBytes: options.packBytes,
      openPacks: options.openPacks,
      unpackLimit: options.unpackLimit,
      verifyReads: options.verifyReads,
      pruneGraceMs: options.pruneGraceMs,
      isPrecious: layout.config.getBoolean('extensions', 'preciousobjects') ?? false,
      isHistoryPlain: () => this.#isHistoryPlain(),
      acquireLock,
    });
    const lockTimeoutMs = options.lockTimeoutMs ?? 1000;
    const configPath = joinPath(layout.commonDirectory, 'config');
    this.config = new ConfigFile(disk, configPath, lockTimeoutMs, acquireLock);
    const { config } = this;
    this.promisors = {
      read: async () => readPromisorRemotes(await config.read()),
      add: async (remote) => {
        if (!isKnownPromisor(await config.read(), remote))
          await config.update((document) => writePromisorRemote(document, remote));
      },
    };
    const shallowPath = joinPath(layout.commonDirectory, 'shallow');
    this.shallow = new ShallowFile(disk, shallowPath, layout.algorithm, { acquireLock, lockTimeoutMs });
  }

  /** Whether there is a grafts file, which changes the parents of commits. Walks here do not follow it. */
  async hasGrafts(): Promise<boolean> {
    const grafts = await this.#disk.findStat(joinPath(this.layout.commonDirectory, 'info/grafts'));
    return grafts !== undefined && grafts.size > 0;
  }

  /** Whether neither a shallow boundary nor grafts nor replacements change what commits say of themselves. */
  async #isHistoryPlain(): Promise<boolean> {
    if (this.layout.config.getBoolean('core', 'commitgraph') === false) return false;
    if ((await this.shallow.read()).size > 0) return false;
    if (await this.hasGrafts()) return false;
    for await (const _replacement of this.refs.list('refs/replace/')) return false;
    return true;
  }

  /** What recoveries of this opening found and left alone: refs that somebody else moved, damaged records, foreign files. */
  get recovery(): readonly RecoveryFinding[] {
    return this.refs.recoveryFindings;
  }

  async transact(change: RepositoryChange): Promise<RefOutcome> {
    // Objects first: a ref never points to what is not there yet.
    await change.quarantine?.publish();
    return this.refs.update(change.updates, change.options);
  }

  checkedOutBranches(): Promise<ReadonlySet<RefName>> {
    return checkedOutBranches(this.#disk, this.layout);
  }

  /** With durability `batch`: make durable what was acknowledged. With the others there is nothing left to do. */
  async sync(): Promise<void> {
    await this.refs.sync();
  }

  async close(): Promise<void> {
    try {
      await this.refs.close();
    } finally {
      await this.objects.close();
    }
  }
}

/**
 * Open the repository at `path`, and bring to an end what processes that died have left in it: bare, a `.git` directory, or a work tree that has one.
 * @throws {NotFoundError} NOT_A_REPOSITORY
 * @throws {GitError} UNSUPPORTED for a repository format this engine does not know
 */
export async function openFileRepository(
  fs: Fs,
  path: string,
  options: FileRepositoryOptions = {},
): Promise<FileRepository> {
  const disk = new Disk(fs, options.durability);
  const layout = await findLayout(disk, path);
  disk.roots = [layout.gitDirectory, layout.commonDirectory];
  const repository = new FileRepository(disk, layout, options);
  await repository.refs.recover();
  return repository;
}
