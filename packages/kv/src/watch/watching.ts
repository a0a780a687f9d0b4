import type { Oid } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import type { Repository } from '@git-kv/repository';
import type { Key } from '../key.js';
import type { WatchEvent, WatchOptions } from './events.js';
import { TipFeed } from './feed.js';
import { localSource, remoteSource, type WatchSource } from './source.js';
import { watchBranch } from './watch.js';

/** A branch that is watched, and who is told that it was moved here. */
export interface Watched {
  readonly repository: Repository;
  readonly refName: string;
  onMoved: ((commit: { readonly oid: Oid; readonly parentOids: readonly Oid[] }) => void) | undefined;
}

/** What those who watch one branch have in common. */
export class Watching {
  readonly #source: WatchSource;
  readonly #feed: TipFeed;

  /** @param transport where the branch is followed; `undefined`: in the repository itself */
  constructor(watched: Watched, transport: Transport | undefined) {
    const { repository, refName } = watched;
    this.#source = transport ? remoteSource(repository, transport, refName) : localSource(repository, refName);
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
