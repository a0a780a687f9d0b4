import { compareBytes } from '@git-kv/objects';
import type { Key } from '../key.js';
import type { KvReader } from '../reader.js';
import { decodeKeyNames, encodeKeyNames, isPartName } from './key-names.js';

/** A key of the database and where its value is. */
export interface IndexedKey {
  readonly bytes: Uint8Array;
  readonly path: Key;
}

/** The ends of a range, as `abstract-level` gives them. An absent end is none. */
export interface KeyRange {
  readonly gt?: Uint8Array | undefined;
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
}

/** A key that a batch puts or takes away. */
export interface KeyEdit {
  readonly type: 'put' | 'del';
  readonly key: Uint8Array;
}

/**
 * The keys of a directory in order. Trees are ordered by name, which is another order, so the keys are read whole and
 * sorted, and kept under the digest of the directory: it is the same for the same keys, whoever wrote them.
 */
export class LevelIndex {
  readonly #directory: Key;
  #digest: string | undefined;
  #keys: readonly IndexedKey[] = [];

  constructor(directory: Key) {
    this.#directory = directory;
  }

  pathOf(key: Uint8Array): Key {
    return encodeKeyNames(key).reduce((path, name) => path.add(name), this.#directory);
  }

  /** The keys that `reader` has now, in order. */
  async read(reader: KvReader): Promise<readonly IndexedKey[]> {
    const digest = await this.#digestOf(reader);
    if (digest === undefined) return [];
    if (digest === this.#digest) return this.#keys;
    const keys: IndexedKey[] = [];
    await this.#collect(reader, this.#directory, keys);
    keys.sort((a, b) => compareBytes(a.bytes, b.bytes));
    this.#digest = digest;
    this.#keys = keys;
    return keys;
  }

  /** Run `change`, which makes `edits` on `batch` and nothing else, and keep what is indexed in step with it. */
  async follow(batch: KvReader, edits: readonly KeyEdit[], change: () => Promise<void>): Promise<void> {
    const isIndexed = this.#digest !== undefined && (await this.#digestOf(batch)) === this.#digest;
    const keys = this.#keys;
    await change();
    if (!isIndexed) return;
    const digest = await this.#digestOf(batch);
    this.#keys = this.#edited(keys, edits);
    this.#digest = digest;
  }

  async #digestOf(reader: KvReader): Promise<string | undefined> {
    return (await reader.digest(this.#directory))?.join();
  }

  async #collect(reader: KvReader, directory: Key, keys: IndexedKey[]): Promise<void> {
    const depth = this.#directory.segments.length;
    for (const { key, kind } of (await reader.list(directory)) ?? []) {
      if (kind === 'dictionary') {
        if (isPartName(key.basename)) await this.#collect(reader, key, keys);
        continue;
      }
      const bytes = decodeKeyNames(key.segments.slice(depth));
      if (bytes !== undefined) keys.push({ bytes, path: key });
    }
  }

  /** One pass over both, so that a batch of many keys costs no more than the keys there are. */
  #edited(keys: readonly IndexedKey[], edits: readonly KeyEdit[]): IndexedKey[] {
    const sorted = edits
      .map((edit, order) => ({ ...edit, order }))
      .sort((a, b) => compareBytes(a.key, b.key) || a.order - b.order);
    const result: IndexedKey[] = [];
    let at = 0;
    for (const [index, { type, key }] of sorted.entries()) {
      const next = sorted[index + 1];
      if (next !== undefined && compareBytes(next.key, key) === 0) continue; // the last one counts
      const place = findIndex(keys, key);
      for (; at < place; at++) result.push(keys[at] as IndexedKey);
      const old = keys[place];
      if (old !== undefined && compareBytes(old.bytes, key) === 0) at = place + 1;
      if (type === 'put') result.push({ bytes: new Uint8Array(key), path: this.pathOf(key) });
    }
    for (; at < keys.length; at++) result.push(keys[at] as IndexedKey);
    return result;
  }
}

/** The first key that is not below `target`. */
function findIndex(keys: readonly IndexedKey[], target: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((keys[middle] as IndexedKey).bytes, target) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The half-open part of `keys` that lies in `range`. */
export function rangeIn(keys: readonly IndexedKey[], range: KeyRange): readonly [start: number, end: number] {
  const after = (target: Uint8Array): number => {
    const at = findIndex(keys, target);
    const found = keys[at];
    return found !== undefined && compareBytes(found.bytes, target) === 0 ? at + 1 : at;
  };
  const start = range.gte ? findIndex(keys, range.gte) : range.gt ? after(range.gt) : 0;
  const end = range.lte ? after(range.lte) : range.lt ? findIndex(keys, range.lt) : keys.length;
  return [start, Math.max(start, end)];
}
