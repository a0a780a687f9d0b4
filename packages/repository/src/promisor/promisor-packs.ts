import type { Oid } from '@git-kv/objects';
import { LinkReader } from '../maintenance/fsck/links.js';
import type { ObjectReader, Promises, ReadOptions } from '../object-store.js';
import { OidSet } from '../walk/oid-set.js';

/** A pack from a promisor remote. The same object stands for the same pack. */
export interface PromisorPack {
  has(oid: Oid): boolean;
  /** Each at least once. */
  oids(): Iterable<Oid>;
}

/** A search under way, or done, and the signal of whoever began it. */
interface Search {
  readonly named: Promise<OidSet>;
  readonly signal: AbortSignal | undefined;
}

/** What the objects of packs name, found once for each pack: a pack does not change. */
export class PromisorLinks {
  readonly #reader: Pick<ObjectReader, 'algorithm' | 'stat' | 'read' | 'readSync'>;
  readonly #found = new WeakMap<PromisorPack, Search>();

  /** @param reader of the store that the packs are of: it asks no remote */
  constructor(reader: Pick<ObjectReader, 'algorithm' | 'stat' | 'read' | 'readSync'>) {
    this.#reader = reader;
  }

  /** What the objects of `pack` name. */
  async of(pack: PromisorPack, options: ReadOptions): Promise<OidSet> {
    for (;;) {
      options.signal?.throwIfAborted();
      let search = this.#found.get(pack);
      if (search === undefined) {
        search = { named: this.#read(pack, options), signal: options.signal };
        this.#found.set(pack, search);
      }
      try {
        return await search.named;
      } catch (error) {
        if (this.#found.get(pack) === search) this.#found.delete(pack);
        // One that another has given up is begun anew by those who still wait for it.
        if (search.signal === options.signal || search.signal?.aborted !== true) throw error;
      }
    }
  }

  async #read(pack: PromisorPack, { signal }: ReadOptions): Promise<OidSet> {
    const { algorithm } = this.#reader;
    const named = new OidSet(algorithm);
    const links = new LinkReader(algorithm);
    const visit = (bytes: Uint8Array, offset: number): void => void named.addBytes(bytes, offset);
    for (const oid of pack.oids()) {
      signal?.throwIfAborted();
      // Blobs name nothing, and may be large.
      const kind = (await this.#reader.stat(oid))?.kind;
      if (kind === undefined || kind === 'blob') continue;
      const object = this.#reader.readSync?.(oid) ?? (await this.#reader.read(oid));
      if (object) links.read(kind, object.body, visit);
    }
    return named;
  }
}

/** What some packs promise together. */
export class PackPromises implements Promises {
  readonly #packs: readonly PromisorPack[];
  readonly #links: PromisorLinks;

  constructor(packs: readonly PromisorPack[], links: PromisorLinks) {
    this.#packs = packs;
    this.#links = links;
  }

  has(oid: Oid): boolean {
    return this.#packs.some((pack) => pack.has(oid));
  }

  async covers(oid: Oid, options: ReadOptions = {}): Promise<boolean> {
    if (this.has(oid)) return true;
    for (const pack of this.#packs) if ((await this.#links.of(pack, options)).has(oid)) return true;
    return false;
  }

  *oids(): Generator<Oid, void, undefined> {
    for (const pack of this.#packs) yield* pack.oids();
  }
}

/** What any of several stores has been promised. */
export async function joinPromises(
  readers: Iterable<Pick<ObjectReader, 'openPromises'>>,
): Promise<Promises | undefined> {
  const all: Promises[] = [];
  for (const reader of readers) {
    const promises = await reader.openPromises?.();
    if (promises) all.push(promises);
  }
  if (all.length <= 1) return all[0];
  return {
    has: (oid) => all.some((one) => one.has(oid)),
    covers: async (oid, options) => {
      for (const one of all) if (await one.covers(oid, options)) return true;
      return false;
    },
    *oids() {
      for (const one of all) yield* one.oids();
    },
  };
}
