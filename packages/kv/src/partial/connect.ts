import type { Transport } from '@git-kv/protocol';
import { openRemoteRepository, type RemoteRepository } from '@git-kv/repository';
import { type ConnectOptions, inflateLimit } from '../options.js';
import { type PartialOptions, pullFilter } from './options.js';
import { PartialUpstream } from './partial-upstream.js';

/** What a partial store stands on. @throws {RangeError} for a size that is none; {GitError} UNSUPPORTED without filters */
export async function connectPartial(
  refName: string,
  transport: Transport,
  { cache, limits, signal }: Pick<ConnectOptions, 'cache' | 'limits' | 'signal'>,
  partial: PartialOptions,
): Promise<{ readonly repository: RemoteRepository; readonly upstream: PartialUpstream }> {
  const filter = pullFilter(partial);
  const { cacheBytes, maxBatchObjects, handshake } = partial;
  const repository = await openRemoteRepository(transport, {
    refName,
    ...inflateLimit(limits),
    ...(cache !== undefined && { cache }),
    ...(cacheBytes !== undefined && { cacheBytes }),
    ...(maxBatchObjects !== undefined && { maxBatchObjects }),
    ...(handshake !== undefined && { handshake }),
    ...(signal !== undefined && { signal }),
  });
  return { repository, upstream: new PartialUpstream(repository, transport, refName, filter) };
}
