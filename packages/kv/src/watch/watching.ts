import type { Oid } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import type { StoreCore } from '../core.js';
import type { Key } from '../key.js';
import type { WatchEvent, WatchOptions } from './events.js';
import { TipFeed } from './feed.js';
import { localSource, remoteSource, type WatchSource } from './source.js';
import { watchBranch } from './watch.js';

/** What those who watch one store have in common. */
export class Watching {
  readonly #source: WatchSource;
  readonly #feed: TipFeed;

  constructor(core: StoreCore, transport: Transport | undefined) {
    const { repository, refName } = core;
    this.#source = transport ? remoteSource(repository, transport, refName) : localSource(repository, refName);
    const feed = new TipFeed(this.#source);
    this.#feed = feed;
    core.onMoved = ({ oid, parentOids }) => feed.moved(oid, parentOids[0]);
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
