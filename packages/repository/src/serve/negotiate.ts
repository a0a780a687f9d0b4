import { type Oid, parseCommitLinks } from '@git-kv/objects';
import type { FetchRequest } from '@git-kv/protocol';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { peelTag } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { commitsFrom } from '../walk/index.js';
import { mayHaveAll, type WantOptions } from './wants.js';

/** What the haves of one round come to. */
export interface Negotiation {
  /** The haves that this repository has too. */
  readonly commonOids: readonly Oid[];
  /** Every want reaches a common commit: more haves would change little. */
  readonly isReady: boolean;
}

/** Commits looked at to find out whether a want reaches a common one; beyond it the client is asked for more haves. */
const MAX_COMMITS = 100_000;

/**
 * The haves of one client that are here. Where not all that is here may be wanted, blobs and trees do not count: whoever guesses
 * at content would hear whether it is here.
 */
export class CommonObjects {
  readonly #repository: Repository;
  readonly #client: WantOptions;
  readonly #options: ReadOptions;
  readonly #oids = new Set<Oid>();
  /** Those whose dates were not looked at yet. */
  #fresh: Oid[] = [];
  #oldest = Infinity;
  #isOpen: boolean | undefined;

  constructor(repository: Repository, client: WantOptions) {
    this.#repository = repository;
    this.#client = client;
    this.#options = client.signal ? { signal: client.signal } : {};
  }

  get oids(): ReadonlySet<Oid> {
    return this.#oids;
  }

  /** Take it where it counts, and say whether it does. */
  async take(oid: Oid): Promise<boolean> {
    if (this.#oids.has(oid)) return true;
    const stat = await this.#repository.objects.stat(oid, this.#options);
    if (stat === undefined) return false;
    this.#isOpen ??= await mayHaveAll(this.#repository, this.#client);
    if (!this.#isOpen && stat.kind !== 'commit' && stat.kind !== 'tag') return false;
    this.#oids.add(oid);
    if (stat.kind === 'commit') this.#fresh.push(oid);
    return true;
  }

  /** Whether every commit among `wants` reaches one of these, as far as a search within bounds tells. */
  async areReachedBy(wants: readonly Oid[]): Promise<boolean> {
    const fresh = this.#fresh;
    this.#fresh = [];
    this.#oldest = Math.min(this.#oldest, await oldestTimestamp(this.#repository.objects, fresh, this.#options));
    return await everyWantReaches(this.#repository, wants, { oids: this.#oids, oldest: this.#oldest }, this.#options);
  }
}

/** Compare the client's haves with what is here. A round without haves is ready: there is nothing to wait for. */
export async function findCommon(
  repository: Repository,
  request: FetchRequest,
  options: WantOptions,
): Promise<Negotiation> {
  if (request.haves.length === 0) return { commonOids: [], isReady: true };
  const common = new CommonObjects(repository, options);
  for (const oid of request.haves) await common.take(oid);
  const commonOids = [...common.oids];
  if (commonOids.length === 0 || request.waitForDone || request.done) return { commonOids, isReady: false };
  return { commonOids, isReady: await common.areReachedBy(request.wants) };
}

async function everyWantReaches(
  repository: Repository,
  wants: readonly Oid[],
  { oids: common, oldest }: { readonly oids: ReadonlySet<Oid>; readonly oldest: number },
  options: ReadOptions,
): Promise<boolean> {
  const { objects } = repository;
  const shallow = await repository.shallow.read();
  let budget = MAX_COMMITS;
  for (const want of wants) {
    if (common.has(want)) continue;
    const target = (await peelTag(objects, want, options)) ?? want;
    if ((await objects.stat(target, options))?.kind !== 'commit') continue; // a tree or blob is sent whole or not at all
    let reached = false;
    for await (const { oid, timestamp } of commitsFrom(objects, [target], { ...options, shallow })) {
      if (common.has(oid)) {
        reached = true;
        break;
      }
      // Newest first, so what is older than every common commit leads to none (wrong clocks cost a round, no more).
      if (timestamp < oldest) break;
      if (--budget <= 0) return false;
    }
    if (!reached) return false;
  }
  return true;
}

/** The earliest date among the commits of `oids`. */
async function oldestTimestamp(reader: ObjectReader, oids: Iterable<Oid>, options: ReadOptions): Promise<number> {
  let oldest = Infinity;
  for await (const [, object] of reader.readMany(oids, options)) {
    if (object?.kind === 'commit') oldest = Math.min(oldest, parseCommitLinks(object.body).timestamp);
  }
  return oldest;
}
