import { GitError, type HashAlgorithm, NotFoundError, type Oid } from '@git-kv/objects';
import type { ObjectReader } from '@git-kv/repository';
import { TreeView } from './tree-view.js';

const DEFAULT_CACHE_BYTES = 32 * 1024 * 1024;

/** Reads trees, and keeps the ones used last within a budget of bytes, so that a commit does not read them again. */
export class TreeCache {
  readonly algorithm: HashAlgorithm;
  /** What the trees come from; it has the values too. */
  readonly reader: ObjectReader;
  readonly #maxBytes: number;
  /** In order of last use. */
  readonly #views = new Map<Oid, TreeView>();
  #bytes = 0;

  constructor(reader: ObjectReader, maxBytes: number = DEFAULT_CACHE_BYTES) {
    this.algorithm = reader.algorithm;
    this.reader = reader;
    this.#maxBytes = maxBytes;
  }

  /** @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} OBJECT_KIND_MISMATCH, MALFORMED */
  async read(oid: Oid, options?: { readonly signal?: AbortSignal }): Promise<TreeView> {
    const cached = this.#views.get(oid);
    if (cached !== undefined) {
      this.#views.delete(oid);
      this.#views.set(oid, cached);
      return cached;
    }
    if (oid === this.algorithm.emptyTreeOid) return TreeView.empty(this.algorithm);
    const object = await this.reader.read(oid, options);
    if (object === undefined)
      throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot read tree ${oid}: it is missing`);
    if (object.kind !== 'tree') {
      throw new GitError('OBJECT_KIND_MISMATCH', `Cannot read tree ${oid}: it is a ${object.kind}`);
    }
    const view = TreeView.of(this.algorithm, object.body);
    this.keep(oid, view);
    return view;
  }

  /** Remember a tree that was just made. */
  keep(oid: Oid, view: TreeView): void {
    if (this.#views.has(oid)) return;
    this.#views.set(oid, view);
    this.#bytes += view.body.length;
    for (const [oldest, old] of this.#views) {
      if (this.#bytes <= this.#maxBytes || oldest === oid) break;
      this.#views.delete(oldest);
      this.#bytes -= old.body.length;
    }
  }
}
