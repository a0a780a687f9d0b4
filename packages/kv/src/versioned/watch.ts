import type { Oid } from '@git-kv/objects';
import type { AsyncCodec } from '../codecs/codec.js';
import type { Key } from '../key.js';
import type { WatchEvent, WatchedChange, WatchedCommit, WatchOptions, WatchReset } from '../watch/events.js';
import type { Watching } from '../watch/watching.js';

/** A change of a key, with what the key then holds. */
export interface VersionedChange<T> extends Omit<WatchedChange, 'value'> {
  /** The value after the change, read and decoded when it is asked for; `undefined` where it was removed. */
  value(): Promise<T | undefined>;
}

/** What a watcher is told: as `GitKv.watch` tells it, with values decoded. */
export type VersionedWatchEvent<T> =
  | (Omit<WatchedCommit, 'changes'> & { readonly changes: readonly VersionedChange<T>[] })
  | (Omit<WatchReset, 'changes'> & { readonly changes: readonly VersionedChange<T>[] | undefined });

/** What is told of a branch from a commit on, with values by a codec. */
export function watchVersions<T>(
  codec: AsyncCodec<T>,
  watching: Watching | Promise<Watching>,
  from: Promise<Oid | undefined>,
  prefix: Key,
  options: WatchOptions,
): AsyncGenerator<VersionedWatchEvent<T>, void> {
  from.catch(() => {}); // heard of when the watch is begun
  return tell(codec, watching, from, prefix, options);
}

async function* tell<T>(
  codec: AsyncCodec<T>,
  watching: Watching | Promise<Watching>,
  from: Promise<Oid | undefined>,
  prefix: Key,
  options: WatchOptions,
): AsyncGenerator<VersionedWatchEvent<T>, void> {
  for await (const event of (await watching).watch(prefix, await from, options)) yield decoded(codec, event);
}

function decoded<T>(codec: AsyncCodec<T>, event: WatchEvent): VersionedWatchEvent<T> {
  const decode = ({ kind, key, value }: WatchedChange): VersionedChange<T> => ({
    kind,
    key,
    value: async () => {
      const bytes = await value();
      return bytes && (await codec.decode(bytes));
    },
  });
  if (event.kind === 'commit') return { ...event, changes: event.changes.map(decode) };
  return { ...event, changes: event.changes?.map(decode) };
}
