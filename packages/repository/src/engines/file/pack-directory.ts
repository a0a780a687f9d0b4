import { type HashAlgorithm, isGitError, type Oid } from '@git-kv/objects';
import {
  hasValidTrailer,
  type MultiPackIndex,
  type ObjectCursor,
  type PackEntry,
  type PackIndex,
  type PackReader,
  parseMultiPackIndex,
} from '@git-kv/pack';
import type { ReadManyOptions, ReadOptions } from '../../object-store.js';
import type { Disk } from './disk.js';
import { isAbsent } from './fs.js';
import { MULTI_PACK_INDEX } from './multi-pack-index.js';
import { NameQueue } from './name-queue.js';
import { PackFile, type PackReads } from './pack-file.js';
import { PackTable, prefixOf } from './pack-table.js';

/** A directory that changed so shortly before it was listed may change again under the same time stamp. */
const RACY_MS = 2000;

/** Packs of more objects are asked one by one: there cannot be many of them. */
const MAX_TABLED_OBJECTS = 1 << 17;

/** A table of few objects is no gain. */
const LEAST_VAIN_LOOKS = 1 << 12;

/** What is older than this and still has a temporary name was left by a crash. */
/** A temporary file of this age is nobody's any more. */
export const STALE_TEMPORARY_MS: number = 24 * 3600 * 1000;

/** A multi-pack-index all of whose packs are in the list. */
interface OpenMidx {
  readonly index: MultiPackIndex;
  /** In the order of its pack names. */
  readonly packs: readonly PackFile[];
}

/** The packs of `objects/pack`: listed once, and again only when something was missed and the directory has changed. */
export class PackDirectory {
  readonly path: string;
  /** Counts changes of the list: who looked at an older one may look again. */
  generation = 0;
  readonly #disk: Disk;
  readonly #algorithm: HashAlgorithm;
  readonly #reads: PackReads;
  readonly #queue = new NameQueue();
  #packs: readonly PackFile[] = [];
  #midx: OpenMidx | undefined;
  /** The packs to search when the multi-pack-index does not have an object: all of them without one. */
  #others: readonly PackFile[] = [];
  /** Over packs that are asked often enough to be worth it. */
  #table: PackTable<PackFile> | undefined;
  /** The others that the table is not over, those with the latest answers first. */
  #untabled: PackFile[] = [];
  /** Packs that were asked in vain since the table was made, and how many such looks make another one worth it. */
  #vainLooks = 0;
  #tableAt = LEAST_VAIN_LOOKS;
  /** What was read last, so that it is not read again as long as the file is the same. */
  #readMidx: { readonly version: string; readonly index: MultiPackIndex | undefined } | undefined;
  #latest: PackFile | undefined;
  #listedVersion: string | undefined;
  #isListed = false;

  constructor(disk: Disk, objectsDirectory: string, algorithm: HashAlgorithm, reads: PackReads) {
    this.#reads = reads;
    this.path = `${objectsDirectory}/pack`;
    this.#disk = disk;
    this.#algorithm = algorithm;
  }

  async packs(): Promise<readonly PackFile[]> {
    if (!this.#isListed) await this.refresh();
    return this.#packs;
  }

  /** The pack that has `oid`. One that was deleted meanwhile is passed over: a refresh will find what took its place. */
  async find(oid: Oid): Promise<PackFile | undefined> {
    const known = this.#findLoaded(oid);
    if (known !== undefined) return known;
    await this.packs();
    const named = this.#findNamed(oid);
    if (named !== undefined && (await this.#has(named, oid))) return named;
    // One that names a pack without the object is not to be believed: all packs are searched, from now on.
    if (named !== undefined) this.#setMidx(undefined);
    for (const pack of this.#tabled(oid)) if (await this.#has(pack, oid)) return pack;
    for (const pack of [...this.#untabled]) {
      if (await this.#has(pack, oid)) {
        this.#moveToFront(pack);
        return pack;
      }
    }
    return undefined;
  }

  /** The same among packs whose idx is in memory. */
  #findLoaded(oid: Oid): PackFile | undefined {
    // The next object is often in the pack of the last one.
    if (this.#latest?.loadedIndex?.find(oid) !== undefined) return this.#latest;
    if (this.#vainLooks >= this.#tableAt) this.#makeTable();
    for (const pack of this.#tabled(oid)) if (pack.loadedIndex?.find(oid) !== undefined) return this.#use(pack);
    for (const pack of this.#untabled) {
      if (pack.loadedIndex === undefined) continue;
      if (pack.loadedIndex.find(oid) !== undefined) {
        this.#moveToFront(pack);
        return this.#use(pack);
      }
      this.#vainLooks++;
    }
    const named = this.#findNamed(oid);
    return named?.loadedIndex?.find(oid) === undefined ? undefined : this.#use(named);
  }

  #tabled(oid: Oid): readonly PackFile[] {
    return this.#table?.candidates(prefixOf(oid)).filter((pack) => !pack.isRetired) ?? [];
  }

  /** Where packs are asked in vain again and again, a table of what they have costs less. */
  #makeTable(): void {
    const small: [PackFile, PackIndex][] = [];
    let objectCount = 0;
    for (const pack of this.#others) {
      const index = pack.loadedIndex;
      if (index === undefined || index.objectCount > MAX_TABLED_OBJECTS) continue;
      small.push([pack, index]);
      objectCount += index.objectCount;
    }
    // To sort an object costs about what a look does.
    this.#tableAt = Math.max(objectCount, LEAST_VAIN_LOOKS);
    if (this.#vainLooks < this.#tableAt) return;
    this.#table = PackTable.of(small);
    this.#vainLooks = 0;
    this.#setUntabled();
  }

  #setUntabled(): void {
    const tabled = new Set(this.#table?.packs);
    this.#untabled = this.#others.filter((pack) => !tabled.has(pack));
  }

  #moveToFront(pack: PackFile): void {
    const at = this.#untabled.indexOf(pack);
    if (at <= 0) return;
    this.#untabled.splice(at, 1);
    this.#untabled.unshift(pack);
  }

  #use(pack: PackFile): PackFile {
    this.#reads.held.use(pack);
    this.#latest = pack;
    return pack;
  }

  async #has(pack: PackFile, oid: Oid): Promise<boolean> {
    const index = pack.loadedIndex ?? (await this.ifThere(pack, () => pack.index()));
    if (index?.find(oid) === undefined) return false;
    this.#use(pack);
    return true;
  }

  /** The pack that the multi-pack-index names for `oid`. */
  #findNamed(oid: Oid): PackFile | undefined {
    if (this.#midx === undefined) return undefined;
    const { index, packs } = this.#midx;
    const position = index.find(oid);
    if (position === undefined) return undefined;
    try {
      return packs[index.packAt(position)];
    } catch (error) {
      if (!isGitError(error, 'MALFORMED')) throw error;
      this.#setMidx(undefined);
      return undefined;
    }
  }

  /** Oids in packs that begin with `hex`, in no order, perhaps more than once, at least `limit` of them if there are as many. */
  async findByPrefix(hex: string, limit: number): Promise<Oid[]> {
    return (await this.listPrefix(hex, limit)).flat();
  }

  /** The same in lists that are sorted and have each oid once. */
  async listPrefix(hex: string, limit: number = Number.POSITIVE_INFINITY): Promise<Oid[][]> {
    await this.packs();
    const lists = this.#midx === undefined ? [] : [this.#midx.index.findByPrefix(hex, limit)];
    for (const pack of this.#others) {
      const index = pack.loadedIndex ?? (await this.ifThere(pack, () => pack.index()));
      if (index) lists.push(index.findByPrefix(hex, limit));
    }
    return lists;
  }

  /** Objects in all packs; what lies in several counts as often. */
  async objectCount(): Promise<number> {
    await this.packs();
    let count = this.#midx?.index.objectCount ?? 0;
    for (const pack of this.#others) {
      count += (pack.loadedIndex ?? (await this.ifThere(pack, () => pack.index())))?.objectCount ?? 0;
    }
    return count;
  }

  /** Read from the pack that has `oid`, if one does. */
  async use<T>(oid: Oid, read: (reader: PackReader) => Promise<T>): Promise<T | undefined> {
    const pack = await this.find(oid);
    const reader = pack && (await this.#open(pack));
    if (pack === undefined || reader === undefined) return undefined;
    try {
      return await read(reader);
    } finally {
      await pack.release();
    }
  }

  /** Ask the pack that has `oid` at once; `undefined` where it is not open, or none has it. */
  askSync<T>(oid: Oid, ask: (reader: PackReader, position: number) => T | undefined): T | undefined {
    const latest = this.#latest;
    let position = latest?.loadedIndex?.find(oid);
    const pack = position === undefined ? this.#findLoaded(oid) : latest;
    const reader = pack?.openReader;
    if (reader?.isSync !== true) return undefined;
    position ??= pack?.loadedIndex?.find(oid);
    return position === undefined ? undefined : ask(reader, position);
  }

  /** The body of an object in pieces; nothing where no pack has it. */
  async *stream(oid: Oid, options?: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const pack = await this.find(oid);
    const reader = pack && (await this.#open(pack));
    if (pack === undefined || reader === undefined) return;
    try {
      yield* reader.stream(oid, options);
    } finally {
      await pack.release();
    }
  }

  /** Those of `oids`, each once, that are packed, pack by pack. The others join `missing`. */
  async *openCursors(
    oids: Iterable<Oid>,
    missing: Oid[],
    options?: ReadManyOptions,
  ): AsyncGenerator<ObjectCursor, void, undefined> {
    const groups = new Map<PackFile, { readonly oids: Oid[]; readonly packOffsets: number[] }>();
    for (const oid of oids) {
      // Without a wait for each, as most are where the last one was.
      let pack = this.#findLoaded(oid);
      let position = pack?.loadedIndex?.find(oid);
      if (position === undefined) {
        pack = await this.find(oid);
        position = pack?.loadedIndex?.find(oid);
      }
      if (pack === undefined || position === undefined) {
        missing.push(oid);
        continue;
      }
      let group = groups.get(pack);
      if (group === undefined) groups.set(pack, (group = { oids: [], packOffsets: [] }));
      group.oids.push(oid);
      group.packOffsets.push((pack.loadedIndex as PackIndex).packOffsetAt(position));
    }
    for (const [pack, group] of groups) {
      const reader = await this.#open(pack);
      if (reader === undefined) {
        for (const oid of group.oids) missing.push(oid);
        continue;
      }
      try {
        yield reader.openCursor(group, options);
      } finally {
        await pack.release();
      }
    }
  }

  /** Those of `oids` that are packed, pack by pack and in its order, as they are stored. */
  readEntries(oids: Iterable<Oid>, options?: ReadOptions): AsyncGenerator<readonly [Oid, PackEntry]> {
    return this.#readFromPacks(oids, (reader, group) => reader.readEntries(group, options));
  }

  async *#readFromPacks<T>(
    oids: Iterable<Oid>,
    read: (reader: PackReader, oids: readonly Oid[]) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const groups = new Map<PackFile, Oid[]>();
    for (const oid of oids) {
      const pack = await this.find(oid);
      if (pack === undefined) continue;
      const group = groups.get(pack);
      if (group) group.push(oid);
      else groups.set(pack, [oid]);
    }
    for (const [pack, group] of groups) {
      const reader = await this.#open(pack);
      if (reader === undefined) continue;
      try {
        yield* read(reader, group);
      } finally {
        await pack.release();
      }
    }
  }

  /** The result, or `undefined` where the pack is gone from the disk. */
  async ifThere<T>(pack: PackFile, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!isAbsent(error)) throw error;
      this.#listedVersion = undefined;
      this.#setPacks(this.#packs.filter((one) => one !== pack));
      await pack.retire();
      return undefined;
    }
  }

  /** List the directory again if it may have changed. */
  async refresh(): Promise<void> {
    // One after the other: an older listing must not replace a newer one.
    await this.#queue.run([this.path], async () => {
      const stat = await this.#disk.findStat(this.path);
      if (this.#isListed && stat !== undefined && stat.version === this.#listedVersion) return;
      const entries = await this.#disk.findEntries(this.path);
      const names = new Set(entries.map((entry) => entry.name));
      const known = new Map(this.#packs.map((pack) => [pack.name, pack]));
      const packs: PackFile[] = [];
      let isNew = !this.#isListed;
      for (const name of names) {
        // The idx comes last and makes the pack visible.
        const base = /^(pack-[0-9a-f]+)\.idx$/.exec(name)?.[1];
        if (base === undefined || !names.has(`${base}.pack`)) continue;
        const pack = known.get(base);
        if (!pack) isNew = true;
        else known.delete(base);
        const listed = pack ?? this.#newPack(base);
        listed.isPromisor = names.has(`${base}.promisor`);
        packs.push(listed);
      }
      const isRacy = stat === undefined || Math.abs(Date.now() - stat.mtimeMs) < RACY_MS;
      this.#listedVersion = isRacy ? undefined : stat.version;
      this.#isListed = true;
      const midx = await this.#openMidx(names, packs);
      if (isNew || known.size > 0) this.#setPacks(packs);
      this.#setMidx(midx);
      for (const gone of known.values()) await gone.retire();
    });
  }

  /** Have the next miss list the directory anew, because this process has changed it. */
  forget(): void {
    this.#listedVersion = undefined;
  }

  /** Take a pack into the list that was just published, before any miss. @param open its idx, where it is at hand, and the bytes it takes */
  add(name: string, isPromisor: boolean, open?: { readonly index: PackIndex; readonly size: number }): void {
    const known = this.#packs.find((pack) => pack.name === name);
    if (known && isPromisor) known.isPromisor = true;
    if (!this.#isListed || known) return;
    const midx = this.#midx;
    const pack = this.#newPack(name);
    pack.isSettled = true;
    pack.isPromisor = isPromisor;
    if (open) pack.holdIndex(open.index, open.size);
    this.#setPacks([pack, ...this.#packs]);
    this.#setMidx(midx);
  }

  /** Make the names of a pack durable that somebody else may have put there, and died, or is not done. Once for each pack. */
  async settle(pack: PackFile): Promise<void> {
    if (pack.isSettled) return;
    await this.#disk.syncDirectory(this.path);
    pack.isSettled = true;
  }

  /** Remove temporary files a crash left behind long ago. */
  async sweep(): Promise<void> {
    for (const entry of await this.#disk.findEntries(this.path)) {
      if (!/^tmp_(?:pack|idx|rev|mtimes)_/.test(entry.name)) continue;
      const path = `${this.path}/${entry.name}`;
      const stat = await this.#disk.findStat(path);
      if (stat && Date.now() - stat.mtimeMs > STALE_TEMPORARY_MS) await this.#disk.removeFile(path);
    }
  }

  async close(): Promise<void> {
    for (const pack of this.#packs) await pack.retire();
  }

  /** A reader of `pack`, to be released; `undefined` where the pack is gone from the disk. */
  async #open(pack: PackFile): Promise<PackReader | undefined> {
    return this.ifThere(pack, () => pack.acquire());
  }

  #newPack(name: string): PackFile {
    return new PackFile(this.#disk, this.path, name, this.#algorithm, this.#reads);
  }

  /** A list of other packs; what a multi-pack-index says of the old list is forgotten. */
  #setPacks(packs: readonly PackFile[]): void {
    this.#packs = packs;
    this.#latest = undefined;
    this.#setMidx(undefined);
    this.generation++;
  }

  #setMidx(midx: OpenMidx | undefined): void {
    this.#midx = midx;
    const named = new Set(midx?.packs);
    this.#others = this.#packs.filter((pack) => !named.has(pack));
    if (this.#table?.packs.every((pack) => pack.isRetired)) this.#table = undefined;
    this.#setUntabled();
  }

  /** The multi-pack-index, if there is one that can be read and whose packs are all there: it only spares look-ups. */
  async #openMidx(names: ReadonlySet<string>, packs: readonly PackFile[]): Promise<OpenMidx | undefined> {
    const path = `${this.path}/${MULTI_PACK_INDEX}`;
    const stat = names.has(MULTI_PACK_INDEX) ? await this.#disk.findStat(path) : undefined;
    if (stat === undefined) {
      this.#readMidx = undefined;
      return undefined;
    }
    if (this.#readMidx?.version !== stat.version) {
      this.#readMidx = { version: stat.version, index: await this.#parseMidx(path) };
    }
    const { index } = this.#readMidx;
    if (index === undefined) return undefined;
    const byName = new Map(packs.map((pack) => [`${pack.name}.idx`, pack]));
    const named = index.packNames.map((name) => byName.get(name));
    return named.every((pack) => pack !== undefined) ? { index, packs: named } : undefined;
  }

  async #parseMidx(path: string): Promise<MultiPackIndex | undefined> {
    const bytes = await this.#disk.findFile(path);
    // One that is damaged would hide objects.
    if (bytes === undefined || (this.#reads.verify && !hasValidTrailer(bytes, this.#algorithm))) return undefined;
    try {
      return parseMultiPackIndex(bytes, this.#algorithm);
    } catch (error) {
      if (isGitError(error, 'MALFORMED') || isGitError(error, 'UNSUPPORTED')) return undefined;
      throw error;
    }
  }
}
