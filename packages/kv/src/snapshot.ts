import { type Change, type ChangesOptions, diffKeys } from './changes.js';
import { type KvCommit, KvReader, type ReadView } from './reader.js';

/**
 * The store as it was when the snapshot was taken: writes and pulls do not change what it reads. A store in memory keeps
 * what the snapshot needs until it is closed.
 */
export class KvSnapshot extends KvReader {
  override readonly commit: KvCommit | undefined;
  readonly #read: <T>(read: (view: ReadView) => Promise<T>) => Promise<T>;
  readonly #release: () => void;
  #isOpen = true;

  /** @internal */
  constructor(
    commit: KvCommit | undefined,
    read: <T>(read: (view: ReadView) => Promise<T>) => Promise<T>,
    release: () => void,
  ) {
    super();
    this.commit = commit;
    this.#read = read;
    this.#release = release;
  }

  /**
   * What differs from this snapshot to a later one (or an earlier one) of the same store, as `pull` lists it, whoever
   * changed it.
   */
  async changesTo(other: KvSnapshot, options?: ChangesOptions): Promise<Change[]> {
    return await this.view(({ base: before, trees }) =>
      other.view(({ base: after }) => diffKeys(trees.reader, before?.treeOid, after?.treeOid, options)),
    );
  }

  /** Let go of what is kept for this snapshot; once is enough. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected override async view<T>(read: (view: ReadView) => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw new TypeError('Cannot read the snapshot: it is closed');
    return await this.#read(read);
  }
}
