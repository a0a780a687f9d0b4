import type { CheckId, ObjectKind, Oid } from '@git-kv/objects';
import type { StoreDamage } from '../../audit.js';

/**
 * What a finding is about.
 *
 * - `check`: a rule that the content of an object breaks; `id` names it.
 * - `corrupt`: a copy of an object that cannot be read. `misplaced`: one that is another object (`actualOid`). `unparsed`: a
 *   commit or tag of which git reads nothing.
 * - `brokenLinks`, `wrongKind`: a link of an object that names nothing it could, or an object of another kind.
 * - `brokenLink`: `from` names `oid`, which is not here. `missing`: something reachable is not here.
 * - `dangling`: nothing leads to an object, `unreachable`: no ref does. `root`, `tagged`: as asked for.
 * - `pack`, `stray`, `commitGraph`, `multiPackIndex`, `reverseIndex`: files of the store.
 * - `ref`: a ref that leads to no object. `peeled`: a tag that comes to another object than the store says. `notCommit`: a branch that does not lead to a commit. `head`, `unbornHead`, `log`,
 *   `index`: what else points to objects. `journal`: a file of the journal of ref transactions. `noRefs`: nothing does. `argument`: an object that was asked about.
 */
export type FsckFindingType =
  | 'check'
  | 'corrupt'
  | 'misplaced'
  | 'unparsed'
  | 'brokenLinks'
  | 'wrongKind'
  | 'brokenLink'
  | 'missing'
  | 'dangling'
  | 'unreachable'
  | 'root'
  | 'tagged'
  | Exclude<StoreDamage['area'], 'object'>
  | 'ref'
  | 'peeled'
  | 'notCommit'
  | 'head'
  | 'unbornHead'
  | 'log'
  | 'index'
  | 'journal'
  | 'noRefs'
  | 'argument';

/** The parts of a repository that `git fsck` tells apart by its exit code. */
export type FsckArea = 'objects' | 'reachable' | 'packs' | 'refs' | 'commitGraph' | 'multiPackIndex';

/** One thing that a check of a repository came across. */
export interface FsckFinding {
  readonly type: FsckFindingType;
  /** `info`: not a fault. */
  readonly severity: 'error' | 'warn' | 'info';
  /** Where it counts; two for a packed object of which git reads nothing. */
  readonly areas: readonly FsckArea[];
  /** For people: may change. */
  readonly message: string;
  readonly id?: CheckId;
  readonly oid?: Oid;
  readonly kind?: ObjectKind;
  readonly actualOid?: Oid;
  readonly from?: { readonly oid: Oid; readonly kind: ObjectKind | undefined };
  /** A ref, HEAD, a log, an entry of the index, or the name of a tag. */
  readonly name?: string;
  readonly path?: string;
}

/** Hands findings from work that goes on to whoever reads them. */
export class FindingChannel {
  #ready: FsckFinding[] = [];
  #wake: (() => void) | undefined;
  #state: 'open' | 'ended' | 'left' = 'open';
  #failure: { readonly error: unknown } | undefined;

  /** @throws where nobody reads any more */
  readonly push = (finding: FsckFinding): void => {
    if (this.#state === 'left') throw new ReaderLeft();
    this.#ready.push(finding);
    this.#wake?.();
  };

  /** The findings of `work`, as they come. Where the reader leaves, the next finding ends the work. */
  async *follow(work: () => Promise<void>): AsyncGenerator<FsckFinding, void, undefined> {
    const done = work().then(
      () => this.#end(),
      (error: unknown) => this.#end({ error }),
    );
    try {
      for (;;) {
        const ready = this.#ready;
        this.#ready = [];
        yield* ready;
        if (this.#ready.length > 0) continue;
        if (this.#state === 'ended') break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#failure) throw this.#failure.error;
    } finally {
      if (this.#state === 'open') this.#state = 'left';
      await done;
    }
  }

  /** @throws where nobody reads any more: to be asked now and then by work that finds nothing */
  readonly assertRead = (): void => {
    if (this.#state === 'left') throw new ReaderLeft();
  };

  #end(failure?: { readonly error: unknown }): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#failure = failure;
    this.#wake?.();
  }
}

class ReaderLeft extends Error {}
