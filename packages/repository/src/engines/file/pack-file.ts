import { GitError, type HashAlgorithm } from '@git-kv/objects';
import {
  type DeltaBaseCache,
  hasValidTrailer,
  memorySource,
  type PackIndex,
  PackReader,
  parsePackIndex,
} from '@git-kv/pack';
import type { Disk, DiskFile } from './disk.js';
import { fileSource } from './file-source.js';
import type { HeldPacks, HoldablePack } from './held-packs.js';

/** Packs up to this size are read whole, and need no file to stay open: that is two windows. */
const WHOLE_BYTES = 1 << 17;

/** How packs are read. */
export interface PackReads {
  /** One for all packs. */
  readonly cache: DeltaBaseCache;
  /** Whether what is read is held against the checksums that are there. */
  readonly verify: boolean;
  /** Bounds what all packs keep at hand. */
  readonly held: HeldPacks;
}

interface OpenPack {
  readonly reader: PackReader;
  close(): Promise<void>;
}

/**
 * One pack and its idx. Both are opened when first needed. The pack stays open, so that it can be read on after somebody
 * deleted it; it is closed when nobody reads it any more, or when others need its room.
 */
export class PackFile implements HoldablePack {
  /** `pack-<hex>`, without an ending. */
  readonly name: string;
  /** Path without an ending. */
  readonly path: string;
  /** When it was last touched by this process. */
  touchedAt = 0;
  /** Whether this process knows that its names are durable. */
  isSettled = false;
  /** Whether a `.promisor` file stands beside it. */
  isPromisor = false;
  readonly #disk: Disk;
  readonly #algorithm: HashAlgorithm;
  readonly #reads: PackReads;
  /** The idx once it is loaded: look-ups need not wait for it again. */
  loadedIndex: PackIndex | undefined;
  /** The reader while the pack is open: for reads that are done before anything else can happen. */
  openReader: PackReader | undefined;
  #index: Promise<PackIndex> | undefined;
  #open: Promise<OpenPack> | undefined;
  #users = 0;
  #retired = false;

  constructor(disk: Disk, directory: string, name: string, algorithm: HashAlgorithm, reads: PackReads) {
    this.#reads = reads;
    this.#disk = disk;
    this.name = name;
    this.path = `${directory}/${name}`;
    this.#algorithm = algorithm;
  }

  get packPath(): string {
    return `${this.path}.pack`;
  }

  get indexPath(): string {
    return `${this.path}.idx`;
  }

  /** @throws {FileError} with `fsCode` ENOENT where the pack was deleted before it was opened */
  index(): Promise<PackIndex> {
    this.#index ??= this.#loadIndex();
    return this.#index;
  }

  /** Its idx, of `size` bytes, is at hand. */
  holdIndex(index: PackIndex, size: number): void {
    this.#index = Promise.resolve(index);
    this.#hold(index, size);
  }

  /** A reader of the pack, which stays open until {@link release}; to be called once for each success. @throws as {@link index} */
  async acquire(): Promise<PackReader> {
    this.#users++;
    try {
      this.#open ??= this.#openPack();
      return (await this.#open).reader;
    } catch (error) {
      this.#users--;
      throw error;
    }
  }

  async release(): Promise<void> {
    this.#users--;
    if (this.#retired) await this.#letGo();
  }

  /** Whether it is no longer of the store. */
  get isRetired(): boolean {
    return this.#retired;
  }

  /** The pack is no longer of the store: close it now, or when its last reader is done. */
  async retire(): Promise<void> {
    this.#retired = true;
    await this.#letGo();
  }

  /** Close the pack unless it is being read; it opens again when asked. */
  async closeIdle(): Promise<boolean> {
    if (this.#users > 0) return false;
    const open = this.#open;
    this.#open = undefined;
    this.openReader = undefined;
    const opened = await open?.catch(() => undefined);
    await opened?.close();
    return true;
  }

  dropIndex(): boolean {
    // The reader of an open pack has it too.
    if (this.#open !== undefined || this.loadedIndex === undefined) return false;
    this.loadedIndex = undefined;
    this.#index = undefined;
    return true;
  }

  async #letGo(): Promise<void> {
    if (!(await this.closeIdle())) return;
    this.dropIndex();
    this.#reads.held.delete(this);
  }

  async #loadIndex(): Promise<PackIndex> {
    try {
      const bytes = await this.#disk.readFile(this.indexPath);
      const index = parsePackIndex(bytes, this.#algorithm);
      // A look-up in one that is damaged would not find what is there.
      if (this.#reads.verify && !hasValidTrailer(bytes, this.#algorithm)) {
        throw new GitError('HASH_MISMATCH', `Cannot read ${this.indexPath}: its checksum is not that of its bytes`);
      }
      this.#hold(index, bytes.length);
      return index;
    } catch (error) {
      this.#index = undefined;
      throw error;
    }
  }

  #hold(index: PackIndex, size: number): void {
    this.loadedIndex = index;
    this.#reads.held.addIndex(this, size);
  }

  async #openPack(): Promise<OpenPack> {
    try {
      const index = await this.index();
      const file = await this.#disk.open(this.packPath, 'read');
      try {
        const size = await file.size();
        const isWhole = size <= WHOLE_BYTES;
        const fromFile = fileSource(file, size);
        const source = isWhole ? memorySource(await fromFile.read(0, size)) : fromFile;
        const reader = await PackReader.open({ source, index, ...this.#reads });
        if (isWhole) await file.close();
        await this.#reads.held.addPack(this, size, isWhole);
        this.openReader = reader;
        return { reader, close: () => closePack(reader, file) };
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (error) {
      this.#open = undefined;
      throw error;
    }
  }
}

async function closePack(reader: PackReader, file: DiskFile): Promise<void> {
  reader.clearCache();
  await file.close();
}
