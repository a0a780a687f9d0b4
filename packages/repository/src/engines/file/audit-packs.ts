import { type GitError, type HashAlgorithm, hashObject, type Oid, writeOid } from '@git-kv/objects';
import {
  type ByteSource,
  createDeltaBaseCache,
  kindOfTypeCode,
  type PackIndex,
  PackReader,
  parsePackIndex,
  verifyPack,
  verifyPackIndex,
} from '@git-kv/pack';
import type { AuditOptions, AuditVisitor } from '../../audit.js';
import { isDamage } from '../../is-damage.js';
import { auditReverseIndex } from './audit-look-ups.js';
import type { Disk } from './disk.js';
import { fileSource } from './file-source.js';
import { isAbsent } from './fs.js';

/** What an audit of one pack needs to know. */
export interface PackAuditParts {
  readonly disk: Disk;
  readonly algorithm: HashAlgorithm;
  /** Path without an ending. */
  readonly path: string;
  readonly visitor: AuditVisitor;
  readonly options: AuditOptions;
  /** Told how many objects of the pack are done. */
  readonly onProgress: (loaded: number) => void;
}

/**
 * Look at everything in a pack. One pass over its stream rebuilds and hashes every object, as when a pack is received. Only
 * where that finds something wrong is each object looked at by itself, so that the whole ones are known.
 */
export async function auditPack(parts: PackAuditParts): Promise<void> {
  const { disk, path, visitor, options, algorithm } = parts;
  const damage = (message: string, cause: unknown, ending = 'pack'): void =>
    visitor.damage({ area: 'pack', path: `${path}.${ending}`, message, cause });
  let idx: Uint8Array;
  let index: PackIndex;
  try {
    idx = await disk.readFile(`${path}.idx`);
    index = parsePackIndex(idx, algorithm);
  } catch (error) {
    // Repacked since it was listed.
    if (isAbsent(error)) return;
    if (!isDamage(error)) throw error;
    return damage(`its idx cannot be read: ${error.message}`, error, 'idx');
  }
  const order = new RowOrder(index);
  if (options.presentOnly === true) return order.eachOid((bytes) => visitor.present(bytes, 0, undefined, true));
  if (options.looseOnly === true) return order.eachOid((bytes) => visitor.packed(bytes, 0));
  const isIndexWhole = verifiesIndex(idx, algorithm, (error) => damage(error.message, error, 'idx'));
  const file = await disk.open(`${path}.pack`, 'read').catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
    return undefined;
  });
  if (file === undefined) return;
  try {
    const source = fileSource(file, await file.size());
    try {
      await PackReader.open({ source, index });
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Nobody reads from such a pack, git no more than this store: its objects are not here.
      return damage(error.message, error);
    }
    await auditReverseIndex(disk, path, index, visitor);
    try {
      if (isIndexWhole) return await auditStream(parts, source, idx, order);
    } catch (error) {
      if (!isDamage(error)) throw error;
      options.signal?.throwIfAborted();
      damage(error.message, error);
    }
    await auditEach(parts, source, order);
  } finally {
    await file.close();
  }
}

function verifiesIndex(idx: Uint8Array, algorithm: HashAlgorithm, tell: (error: GitError) => void): boolean {
  try {
    verifyPackIndex(idx, algorithm);
    return true;
  } catch (error) {
    if (!isDamage(error)) throw error;
    tell(error);
    return false;
  }
}

/** All of a pack at once. @throws {GitError} where anything is wrong with it; the visitor has seen some of its content then */
async function auditStream(parts: PackAuditParts, source: ByteSource, idx: Uint8Array, order: RowOrder): Promise<void> {
  const { algorithm, visitor, options } = parts;
  let position = 0;
  const oid = (): Oid => order.index.oidAt(position);
  const kinds = new Uint8Array(order.index.objectCount);
  await verifyPack({
    algorithm,
    source,
    idx,
    limits: { expansionFreeBytes: Number.MAX_SAFE_INTEGER }, // zeros are no damage
    visit: ({ packOffset, kind, body }) => {
      const at = order.positionAt(packOffset);
      // Where the idx knows of no such entry, the comparison at the end says so.
      if (at === undefined) return;
      position = at;
      kinds[position] = KIND_CODES[kind];
      visitor.content(kind, body, true, oid);
    },
    ...(options.signal && { signal: options.signal }),
    onProgress: ({ phase, loaded }) => parts.onProgress(phase === 'scan' ? 0 : loaded),
  });
  order.eachOid((bytes, at) => visitor.present(bytes, 0, kindOfTypeCode(kinds[at] as number), true));
  parts.onProgress(order.index.objectCount);
}

const KIND_CODES = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

/** Every object by itself, in pack order. */
async function auditEach(parts: PackAuditParts, source: ByteSource, order: RowOrder): Promise<void> {
  const { visitor, options, algorithm, path } = parts;
  const { index } = order;
  const reader = new PackReader({ source, index, cache: createDeltaBaseCache() });
  const bytes = new Uint8Array(algorithm.oidLength);
  let done = 0;
  for (const position of order.positions) {
    options.signal?.throwIfAborted();
    const oid = index.oidAt(position);
    writeOid(oid, bytes, 0);
    visitor.packed(bytes, 0);
    const damage = (message: string, cause?: unknown): void =>
      visitor.damage({
        area: 'object',
        path: `${path}.pack`,
        oid,
        isPacked: true,
        message,
        ...(cause !== undefined && { cause }),
      });
    try {
      const { kind, body } = await reader.readAt(index.packOffsetAt(position), options);
      if (hashObject(algorithm, kind, body) === oid) {
        visitor.content(kind, body, true, () => oid);
        visitor.present(bytes, 0, kind, true);
      } else {
        damage('its entry holds another object');
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      damage(error.message, error);
    }
    parts.onProgress(++done);
  }
}

/** The entries of an idx in the order of the pack. */
class RowOrder {
  readonly index: PackIndex;
  /** Index positions in pack order. */
  readonly positions: Uint32Array;
  readonly #offsets: Float64Array;
  #next = 0;

  constructor(index: PackIndex) {
    this.index = index;
    const byPosition = new Float64Array(index.objectCount);
    for (let position = 0; position < byPosition.length; position++) byPosition[position] = offsetAt(index, position);
    this.positions = Uint32Array.from(byPosition, (_, position) => position).sort(
      (a, b) => (byPosition[a] as number) - (byPosition[b] as number),
    );
    this.#offsets = byPosition.sort();
  }

  /** The index position of the entry at `packOffset`. */
  positionAt(packOffset: number): number | undefined {
    // Mostly they are asked for one after another.
    if (this.#offsets[this.#next] === packOffset) return this.positions[this.#next++];
    let low = 0;
    let high = this.#offsets.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = this.#offsets[middle] as number;
      if (at === packOffset) {
        this.#next = middle + 1;
        return this.positions[middle];
      }
      if (at < packOffset) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  eachOid(tell: (oidBytes: Uint8Array, position: number) => void): void {
    const bytes = new Uint8Array(this.index.algorithm.oidLength);
    for (let position = 0; position < this.index.objectCount; position++) {
      writeOid(this.index.oidAt(position), bytes, 0);
      tell(bytes, position);
    }
  }
}

/** 0, where no entry can be, for an offset that the idx does not have. */
function offsetAt(index: PackIndex, position: number): number {
  try {
    return index.packOffsetAt(position);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return 0;
  }
}
