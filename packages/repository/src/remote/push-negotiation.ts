import { isGitError, type Oid, parseTagLinks } from '@git-kv/objects';
import { connectUploadPack, type ReceivePackClient, type Transport } from '@git-kv/protocol';
import { findExisting } from '../find-existing.js';
import type { ObjectReader } from '../object-store.js';
import { type CommitNode, CommitNodes } from '../walk/commit-nodes.js';
import { DateQueue } from '../walk/date-queue.js';

/** How a push asks what the remote has besides what its refs tell. */
export interface PushNegotiation {
  readonly transport: Transport;
  /** Told why a remote could not be asked; the push goes on without. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

/** Where the negotiation begins. */
interface NegotiationStart {
  readonly wants: readonly Oid[];
  readonly shallow: ReadonlySet<Oid>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Commits that `wants` reach and that the remote has: asked of its upload-pack, as `git fetch --negotiate-only` does. Nothing is asked where
 * all that its refs hold is here, or it has no refs.
 */
export async function negotiatePush(
  reader: ObjectReader,
  { refs }: ReceivePackClient,
  { wants, shallow, signal }: NegotiationStart,
  { transport, onFailure }: PushNegotiation,
): Promise<readonly Oid[]> {
  const tips = new Set(refs.flatMap(({ oid }) => (oid === undefined ? [] : [oid])));
  if ((await findExisting(reader, tips)).size === tips.size) return [];
  const commits = new UnsharedCommits(reader, shallow, signal);
  try {
    const client = await connectUploadPack(transport, { signal });
    try {
      const haves = commits.from(wants);
      const onCommon = (oids: readonly Oid[]): void => commits.share(oids);
      return await client.findCommon({ haves, onCommon, isBehind: (oid) => commits.isShared(oid), signal });
    } finally {
      await client.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    // What is wrong with this store, or with the program, is not the remote's.
    if (commits.failure !== undefined) throw commits.failure;
    if (!isGitError(error)) throw error;
    onFailure?.(error);
    return [];
  }
}

const SEEN = 1;
const SHARED = 2;
const DONE = 4;

/** Commits, newest first, but for those that what the remote is known to have leads to. */
class UnsharedCommits {
  readonly #reader: ObjectReader;
  readonly #nodes: CommitNodes;
  readonly #queue = new DateQueue();
  readonly #signal: AbortSignal | undefined;
  /** Queued commits that are not shared: the walk ends when none is left. */
  #open = 0;
  /** Why {@link from} ended early. */
  failure: unknown;

  constructor(reader: ObjectReader, shallow: ReadonlySet<Oid>, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#nodes = new CommitNodes(reader, shallow, signal);
    this.#signal = signal;
  }

  /** What `wants` lead to: commits and tags of some. */
  async *from(wants: readonly Oid[]): AsyncGenerator<Oid> {
    try {
      yield* this.#walk(wants);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  async *#walk(wants: readonly Oid[]): AsyncGenerator<Oid> {
    for (const want of wants) await this.#start(want);
    while (this.#open > 0) {
      const node = this.#queue.pop() as CommitNode;
      node.flags |= DONE;
      if (!(node.flags & SHARED)) {
        this.#open--;
        yield node.oid;
      }
      await this.#nodes.prefetch(node.parentOids);
      for (const oid of node.parentOids) {
        const parent = this.#nodes.get(oid);
        if (parent) this.#enqueue(parent, (node.flags & SHARED) !== 0);
      }
    }
  }

  isShared(oid: Oid): boolean {
    return ((this.#nodes.get(oid)?.flags ?? 0) & SHARED) !== 0;
  }

  /** The remote has these, and what they lead to. */
  share(oids: Iterable<Oid>): void {
    const stack: CommitNode[] = [];
    const push = (oid: Oid): void => {
      const node = this.#nodes.get(oid);
      if (node && node.flags & SEEN && !(node.flags & SHARED)) stack.push(node);
    };
    for (const oid of oids) push(oid);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (node.flags & SHARED) continue;
      node.flags |= SHARED;
      if (node.flags & DONE) node.parentOids.forEach(push);
      else this.#open--;
    }
  }

  async #start(want: Oid): Promise<void> {
    const options = this.#signal ? { signal: this.#signal } : {};
    for (let oid = want; ; ) {
      const object = await this.#reader.read(oid, options);
      if (object?.kind === 'commit') this.#enqueue(this.#nodes.add(oid, object), false);
      if (object?.kind !== 'tag') return;
      oid = parseTagLinks(object.body).targetOid;
    }
  }

  #enqueue(node: CommitNode, isShared: boolean): void {
    if (node.flags & SEEN) {
      if (isShared) this.share([node.oid]);
      return;
    }
    node.flags |= isShared ? SEEN | SHARED : SEEN;
    if (!isShared) this.#open++;
    this.#queue.push(node);
  }
}
