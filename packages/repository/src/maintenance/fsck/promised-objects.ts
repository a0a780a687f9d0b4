import type { Oid } from '@git-kv/objects';
import type { ObjectReader, Promises, ReadOptions } from '../../object-store.js';

/** What may be missing: what promisor remotes are to have. */
export class PromisedObjects {
  readonly #promises: Promises | undefined;
  readonly #options: ReadOptions;

  private constructor(promises: Promises | undefined, options: ReadOptions) {
    this.#promises = promises;
    this.#options = options;
  }

  static async open(reader: ObjectReader, signal: AbortSignal | undefined): Promise<PromisedObjects> {
    return new PromisedObjects(await reader.openPromises?.(), signal ? { signal } : {});
  }

  async has(oid: Oid): Promise<boolean> {
    return this.#promises !== undefined && (await this.#promises.covers(oid, this.#options));
  }
}
