import {
  concatBytes,
  decodeLoose,
  decodeLooseHeader,
  deflate,
  encodeFrame,
  GitError,
  type HashAlgorithm,
  hashObject,
  type ObjectKind,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import { streamEntry } from '@git-kv/pack';
import type { Disk, DiskFile } from './disk.js';
import { fileSource } from './file-source.js';
import { fsCode, isAbsent } from './fs.js';
import { joinPath, parentPath } from './path.js';

/** Enough of a file for the header of its object. */
const HEAD_BYTES = 512;

/** Files written, or made durable, at a time. */
const WRITE_CONCURRENCY = 8;

/** Objects remembered as durable. */
const MAX_SETTLED = 4096;

/** As git deflates loose objects: three times as fast as git's level for packs, and what is written now is packed anew later. */
export const WRITE_LEVEL = 1;

/** What a loose object's file holds: its deflated frame and body. */
export interface LooseFile {
  readonly oid: Oid;
  readonly bytes: Uint8Array;
}

/** Objects as one file each: `objects/ab/cdef...`. */
export class LooseObjects {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #algorithm: HashAlgorithm;
  /** Objects that this process knows to be durable, and directories of them whose names are. */
  readonly #settled = new Set<Oid>();
  readonly #settledFanouts = new Set<string>();

  constructor(disk: Disk, objectsDirectory: string, algorithm: HashAlgorithm) {
    this.#disk = disk;
    this.#directory = objectsDirectory;
    this.#algorithm = algorithm;
  }

  /** @throws {GitError} MALFORMED or HASH_MISMATCH where the file is damaged */
  async read(oid: Oid): Promise<RawObject | undefined> {
    const bytes = await this.#disk.findFile(this.#path(oid));
    if (bytes === undefined) return undefined;
    const object = decodeLoose(bytes);
    if (hashObject(this.#algorithm, object.kind, object.body) !== oid) {
      throw new GitError('HASH_MISMATCH', `Cannot read object ${oid}: its loose file holds another object`);
    }
    return object;
  }

  /**
   * The body in pieces, verified against the oid when the last one was given out; nothing where there is no such file. Takes bounded
   * memory.
   * @throws as {@link read}
   */
  async *stream(oid: Oid, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    let file: DiskFile;
    try {
      file = await this.#disk.open(this.#path(oid), 'read');
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    try {
      const source = fileSource(file, await file.size());
      const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
      const { kind, size, headerSize } = decodeLooseHeader(head);
      const places = { start: 0, end: source.size, skip: headerSize, format: 'loose object', offset: 0 };
      yield* streamEntry(source, { oid, kind, size, ...places }, this.#algorithm, signal);
    } finally {
      await file.close();
    }
  }

  async stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    const path = this.#path(oid);
    let head: Uint8Array;
    try {
      const file = await this.#disk.open(path, 'read');
      try {
        const output = new Uint8Array(HEAD_BYTES);
        head = output.subarray(0, await file.read(output, 0));
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    const { kind, size } = decodeLooseHeader(head);
    return { kind, size };
  }

  /** Make the object as young as a new one, so that nobody prunes it. @returns whether it is there */
  async touch(oid: Oid): Promise<boolean> {
    return this.#disk.touch(this.#path(oid));
  }

  /**
   * Make objects durable that somebody else wrote: one that is there to be seen need not be, when its writer died or is still at
   * it, or does not synchronise, as git by default. Those that are gone are passed over.
   */
  async settle(oids: Iterable<Oid>): Promise<void> {
    if (this.#disk.durability === 'none') return;
    const unsettled = [...oids].filter((oid) => !this.#settled.has(oid));
    for (let start = 0; start < unsettled.length; start += WRITE_CONCURRENCY) {
      const batch = unsettled.slice(start, start + WRITE_CONCURRENCY);
      const results = await Promise.allSettled(batch.map((oid) => this.#syncOne(oid)));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    }
    await this.#syncNames(unsettled);
  }

  /** Durable when it resolves. A file that is there already is replaced by the same content. */
  async write(files: Iterable<LooseFile> | AsyncIterable<LooseFile>): Promise<void> {
    const oids: Oid[] = [];
    let batch: LooseFile[] = [];
    const writeBatch = async (): Promise<void> => {
      // All of them end before the first failure is told, so that nothing is written behind the caller's back.
      const results = await Promise.allSettled(batch.map((file) => this.#writeOne(file)));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      for (const { oid } of batch) oids.push(oid);
      batch = [];
    };
    for await (const file of files) {
      batch.push(file);
      if (batch.length === WRITE_CONCURRENCY) await writeBatch();
    }
    await writeBatch();
    await this.#syncNames(oids);
  }

  /** First bytes, two hex digits, of which there may be loose objects. */
  async firstBytes(): Promise<ReadonlySet<string>> {
    const entries = await this.#disk.findEntries(this.#directory);
    return new Set(entries.flatMap(({ name }) => (/^[0-9a-f]{2}$/.test(name) ? [name] : [])));
  }

  /** Oids of loose objects that begin with a byte, two hex digits, sorted. */
  async list(firstByte: string): Promise<Oid[]> {
    const entries = await this.#disk.findEntries(joinPath(this.#directory, firstByte));
    const rest = new RegExp(`^[0-9a-f]{${this.#algorithm.hexLength - 2}}$`);
    return entries
      .filter((entry) => rest.test(entry.name))
      .map((entry) => firstByte + entry.name)
      .sort();
  }

  /** Milliseconds since 1970 when the object was last written or touched. */
  async age(oid: Oid): Promise<number | undefined> {
    return (await this.#disk.findStat(this.#path(oid)))?.mtimeMs;
  }

  /** Bytes of the object's file. */
  async fileSize(oid: Oid): Promise<number | undefined> {
    return (await this.#disk.findStat(this.#path(oid)))?.size;
  }

  /** Delete; the fanout directory goes with its last object. */
  async remove(oids: readonly Oid[]): Promise<void> {
    const directories = new Set<string>();
    for (const oid of oids) {
      const path = this.#path(oid);
      this.#settled.delete(oid);
      if (await this.#disk.removeFile(path)) directories.add(parentPath(path));
    }
    for (const directory of directories) {
      this.#settledFanouts.delete(directory);
      try {
        await this.#disk.rmdir(directory);
      } catch (error) {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(fsCode(error) ?? '')) throw error;
      }
    }
  }

  async #writeOne({ oid, bytes }: LooseFile): Promise<void> {
    const path = this.#path(oid);
    // The name git gives to its own, so that git's prune sweeps what a crash leaves.
    const temporary = await this.#disk.writeTemporary(parentPath(path), 'tmp_obj_', bytes);
    try {
      await this.#disk.rename(temporary, path);
    } catch (error) {
      await this.#disk.fs.unlink(temporary).catch(() => undefined);
      throw error;
    }
  }

  /** Make the names of these objects durable, and those of the directories they lie in: another process may have made these. */
  async #syncNames(oids: readonly Oid[]): Promise<void> {
    if (this.#disk.durability === 'none' || oids.length === 0) return;
    const fanouts = new Set(oids.map((oid) => parentPath(this.#path(oid))));
    for (const fanout of fanouts) await ifThere(() => this.#disk.syncDirectory(fanout));
    const unsettled = [...fanouts].filter((fanout) => !this.#settledFanouts.has(fanout));
    if (unsettled.length > 0) await this.#disk.syncDirectory(this.#directory);
    for (const fanout of unsettled) this.#settledFanouts.add(fanout);
    if (this.#settled.size + oids.length > MAX_SETTLED) this.#settled.clear();
    for (const oid of oids.slice(0, MAX_SETTLED)) this.#settled.add(oid);
  }

  async #syncOne(oid: Oid): Promise<void> {
    await ifThere(async () => {
      const file = await this.#disk.open(this.#path(oid), 'read');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /** An oid becomes a path only here, and only when it is one. */
  #path(oid: Oid): string {
    if (oid.length !== this.#algorithm.hexLength || !/^[0-9a-f]+$/.test(oid)) {
      throw new GitError('INVALID_OID', `Cannot use ${JSON.stringify(oid.slice(0, 80))} as an object id`);
    }
    return `${this.#directory}/${oid.slice(0, 2)}/${oid.slice(2)}`;
  }
}

/** A running gc may pack an object and remove its file and its directory at any time: then there is nothing left to do. */
async function ifThere(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** The file of a loose object whose oid is known already. */
export function deflateLoose({ kind, body }: RawObject): Uint8Array {
  return deflate(concatBytes([encodeFrame(kind, body.length), body]), WRITE_LEVEL);
}
