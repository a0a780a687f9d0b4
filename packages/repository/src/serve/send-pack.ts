import { encodeUtf8, type Oid, oidFromBytes } from '@git-kv/objects';
import { packObjects } from '@git-kv/pack';
import { encodeSideband, FLUSH, MAX_BAND_BYTES } from '@git-kv/protocol';
import { packContent } from '../pack-content.js';
import type { Repository } from '../repository.js';
import { type OnServeFailure, wordsForRemote } from './failure-words.js';
import type { FetchPlan } from './fetch-plan.js';
import { packLines } from './pack-lines.js';
import { type MakePack, openSharedPack, type PackCounts, type PackReading } from './shared-packs.js';
import { type RefVisibility, visibleRefs } from './visible-refs.js';

/**
 * Deflating is most of what a clone costs here. Measured on a repository of 35,000 objects (222 MB inflated): level 6 takes 3.4 s
 * for 57.6 MB, level 1 takes 1.9 s for 64.4 MB.
 */
const DEFAULT_LEVEL = 1;

const DEFAULT_MAX_SHARED_BYTES = 32 * 2 ** 20;

/** How a pack is sent. */
export interface SendPackOptions extends RefVisibility {
  /** The client takes bases that it has. */
  readonly thin: boolean;
  readonly ofsDelta: boolean;
  readonly includeTag: boolean;
  readonly noProgress: boolean;
  /** Bytes of content in a line of the sideband (default: as many as may be); 0 for a client that takes none: only the pack. */
  readonly bandBytes?: number;
  /** Compression level, 0 to 9 (default 1). */
  readonly level?: number | undefined;
  /** Bytes of a pack that several clients get out of memory where they ask for the same at once (default 32 MiB); 0: none do. */
  readonly maxSharedBytes?: number | undefined;
  readonly onFailure?: OnServeFailure | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The pack for a plan and a client that has `haves`, in lines of the sideband up to the flush. What goes wrong is told on band 3,
 * and the pack is then cut short; without a sideband it is thrown.
 */
export async function* sendPack(
  repository: Repository,
  plan: FetchPlan,
  haves: readonly Oid[],
  options: SendPackOptions,
): AsyncGenerator<Uint8Array> {
  const { bandBytes = MAX_BAND_BYTES } = options;
  if (bandBytes === 0) {
    const { chunks, close } = await openPack(repository, plan, haves, options);
    try {
      yield* chunks;
    } finally {
      close();
    }
    return;
  }
  const say = (text: string): Iterable<Uint8Array> =>
    options.noProgress ? [] : encodeSideband(2, new TextEncoder().encode(text), bandBytes);
  try {
    const { objectCount, chunks, close } = await openPack(repository, plan, haves, options);
    const written: { counts?: PackCounts } = {};
    const pack = (async function* () {
      written.counts = yield* chunks;
    })();
    try {
      yield* say(`Enumerating objects: ${objectCount}, done.\n`);
      yield* packLines(pack, bandBytes);
    } finally {
      close();
    }
    const { deltaCount = 0, reusedCount = 0, reusedDeltaCount = 0 } = written.counts ?? {};
    const counts = `(delta ${deltaCount}), reused ${reusedCount} (delta ${reusedDeltaCount})`;
    yield* say(`Total ${objectCount} ${counts}\n`);
    yield FLUSH;
  } catch (error) {
    options.signal?.throwIfAborted();
    // The pack is cut short and its checksum never comes: whatever went wrong, the client has to hear that it did.
    const words = wordsForRemote(error, options.onFailure);
    yield* encodeSideband(3, new TextEncoder().encode(`upload-pack: ${words}\n`), bandBytes);
  }
}

/** Who has nothing yet gets what others get who ask for the same: then it is made once. */
async function openPack(
  repository: Repository,
  plan: FetchPlan,
  haves: readonly Oid[],
  options: SendPackOptions,
): Promise<PackReading> {
  const make: MakePack = (signal) => makePack(repository, plan, haves, { ...options, signal });
  const { maxSharedBytes = DEFAULT_MAX_SHARED_BYTES, signal } = options;
  if (haves.length + plan.haves.length > 0 || maxSharedBytes === 0) return await make(signal);
  const key = await shareKey(repository, plan, options);
  return await openSharedPack(repository.objects, key, make, { maxBytes: maxSharedBytes, signal });
}

/** All that a pack for somebody without haves depends on. */
async function shareKey(repository: Repository, plan: FetchPlan, options: SendPackOptions): Promise<string> {
  const tags: Oid[] = [];
  if (options.includeTag) {
    for await (const { value } of visibleRefs(repository.refs, options).list('refs/tags/')) {
      if ('oid' in value) tags.push(value.oid);
    }
  }
  const { wants, boundary, filter } = plan;
  const { ofsDelta, level = DEFAULT_LEVEL } = options;
  const text = JSON.stringify([[...wants].sort(), [...boundary].sort(), filter ?? null, ofsDelta, level, tags]);
  return oidFromBytes(repository.algorithm.create().update(encodeUtf8(text)).digest());
}

async function makePack(
  repository: Repository,
  plan: FetchPlan,
  haves: readonly Oid[],
  options: SendPackOptions,
): Promise<PackReading> {
  const { thin, ofsDelta, includeTag, level } = options;
  const signal = options.signal ? { signal: options.signal } : {};
  const { objects, thinBases } = await packContent(repository, {
    wants: plan.wants,
    haves: [...plan.haves, ...haves],
    shallow: plan.boundary,
    filter: plan.filter,
    thin,
    includeTags: includeTag,
    tags: visibleRefs(repository.refs, options),
    ...signal,
  });
  const chunks = packObjects({
    algorithm: repository.algorithm,
    objects,
    thinBases,
    source: repository.objects,
    offsetDeltas: ofsDelta,
    level: level ?? DEFAULT_LEVEL,
    ...signal,
  });
  return { objectCount: objects.length, chunks, close: () => undefined };
}
