import type { Oid } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import type { Repository, RepositoryObjects } from '@git-kv/repository';
import type { Key } from '../key.js';
import type { WatchEvent, WatchOptions } from './events.js';
import { TipFeed } from './feed.js';
import { localSource, remoteSource, type WatchSource } from './source.js';
import { watchBranch } from './watch.js';

/** A branch that is watched, and who is told that it was moved here. */
export interface Watched {
  readonly repository: RepositoryObjects;
  readonly refName: string;
  onMoved: ((commit: { readonly oid: Oid; readonly parentOids: readonly Oid[] }) => void) | undefined;
}

/** What those who watch one branch have in common. */
export class Watching {
  readonly #source: WatchSource;
  readonly #feed: TipFeed;

  /** @param shared where the branch is shared: behind a transport, or in the repository itself */
  constructor(watched: Watched, shared: Transport | Repository) {
    const { repository, refName } = watched;
    this.#source = 'refs' in shared ? localSource(shared, refName) : remoteSource(repository, shared, refName);
    const feed = new TipFeed(this.#source);
    this.#feed = feed;
    watched.onMoved = ({ oid, parentOids }) => feed.moved(oid, parentOids[0]);
  }

  watch(prefix: Key, from: Oid | undefined, options: WatchOptions): AsyncGenerator<WatchEvent, void> {
    return watchBranch({ source: this.#source, feed: this.#feed, prefix, from }, options);
  }

  /** End every watch. */
  async close(): Promise<void> {
    this.#feed.close();
    await this.#source.close();
  }
}
