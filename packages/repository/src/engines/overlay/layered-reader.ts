import type { HashAlgorithm, ObjectKind, Oid, RawObject } from '@git-kv/objects';
import type { ObjectReader, Promises, ReadManyOptions, ReadOptions } from '../../object-store.js';
import { joinPromises } from '../../promisor/promisor-packs.js';

/** The parts of a reader that a layer must have. */
export type ReadLayer = Pick<ObjectReader, 'algorithm' | 'read' | 'readMany' | 'stat' | 'openPromises'>;

/** Reads through layers in their order, until one has the object. */
export class LayeredReader implements ObjectReader {
  readonly #layers: readonly ReadLayer[];

  constructor(layers: readonly ReadLayer[]) {
    this.#layers = layers;
  }

  get algorithm(): HashAlgorithm {
    const [top] = this.#layers;
    if (top === undefined) throw new TypeError('BUG: there is no layer');
    return top.algorithm;
  }

  openPromises(): Promise<Promises | undefined> {
    return joinPromises(this.#layers);
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    for (const layer of this.#layers) {
      const object = await layer.read(oid, options);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  async *readMany(
    oids: Iterable<Oid>,
    options?: ReadManyOptions,
  ): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    let wanted: Iterable<Oid> = new Set(oids);
    for (const [at, layer] of this.#layers.entries()) {
      const isLast = at === this.#layers.length - 1;
      const missing: Oid[] = [];
      for await (const found of layer.readMany(wanted, options)) {
        if (found[1] === undefined && !isLast) missing.push(found[0]);
        else yield found;
      }
      if (missing.length === 0) return;
      wanted = missing;
    }
    for (const oid of this.#layers.length === 0 ? wanted : []) yield [oid, undefined];
  }

  async stat(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    for (const layer of this.#layers) {
      const stat = await layer.stat(oid, options);
      if (stat !== undefined) return stat;
    }
    return undefined;
  }
}
