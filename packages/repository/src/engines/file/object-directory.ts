import type { HashAlgorithm, ObjectKind, Oid, RawObject } from '@git-kv/objects';
import type { Disk } from './disk.js';
import { LooseObjects } from './loose-objects.js';
import { PackDirectory } from './pack-directory.js';
import type { PackReads } from './pack-file.js';

/** One `objects` directory: packs and loose objects. */
export class ObjectDirectory {
  readonly path: string;
  readonly packs: PackDirectory;
  readonly loose: LooseObjects;

  constructor(disk: Disk, path: string, algorithm: HashAlgorithm, reads: PackReads) {
    this.path = path;
    this.packs = new PackDirectory(disk, path, algorithm, reads);
    this.loose = new LooseObjects(disk, path, algorithm);
  }

  /** Packs first: asking their idx costs no call to the system. */
  async read(oid: Oid): Promise<RawObject | undefined> {
    return (await this.packs.use(oid, (reader) => reader.read(oid))) ?? this.loose.read(oid);
  }

  async stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    return (await this.packs.use(oid, (reader) => reader.stat(oid))) ?? this.loose.stat(oid);
  }

  /** Bytes that the object takes on the disk, deflated or as a delta. */
  async storedSize(oid: Oid): Promise<number | undefined> {
    return (await this.packs.use(oid, async (reader) => reader.sizeInPack(oid))) ?? this.loose.fileSize(oid);
  }

  /** Oids that begin with a byte, two hex digits: lists of loose and of packed ones, each sorted and without repetition. */
  async list(firstByte: string): Promise<Oid[][]> {
    const loose = await this.loose.list(firstByte);
    return [loose, ...(await this.packs.listPrefix(firstByte))];
  }

  /** Oids that begin with `hex` of two digits or more, in no order and perhaps more than once. */
  async findByPrefix(hex: string, limit: number): Promise<Oid[]> {
    const oids = (await this.loose.list(hex.slice(0, 2))).filter((oid) => oid.startsWith(hex));
    return oids.concat(await this.packs.findByPrefix(hex, limit));
  }
}
