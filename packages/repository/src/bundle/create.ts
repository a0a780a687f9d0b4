import {
  commitMessageText,
  decodeLatin1,
  findHeader,
  GitError,
  type Oid,
  parseCommitLinks,
  parseHeaderBlock,
} from '@git-kv/objects';
import { type PackObjectsSummary, packObjects } from '@git-kv/pack';
import { type BundleHeader, type BundlePrerequisite, type BundleRef, serializeBundleHeader } from '@git-kv/protocol';
import type { ObjectReader, Progress, ReadOptions } from '../object-store.js';
import { peelTag } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { objectsBetween } from '../walk/objects-between.js';
import { orderBoundary } from './boundary.js';

/** What goes into a bundle. */
export interface CreateBundleOptions extends ReadOptions {
  /** What the bundle brings, written in this order. */
  readonly refs: readonly BundleRef[];
  /** Commits, and tags of commits, that whoever takes it in has, with all they reach. */
  readonly excludeOids?: Iterable<Oid>;
  /** Commits at most, the newest first. What they need of older ones becomes a prerequisite. */
  readonly maxCount?: number;
  /** Default: 2 where it can say it, which is for SHA-1; else 3. */
  readonly version?: 2 | 3;
  /** zlib's, 0 to 9. */
  readonly level?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/** A bundle, settled but for its pack. */
export interface CreatedBundle {
  readonly header: BundleHeader;
  /** Refs that were asked for and are not in the header, because the commits they name are left out. */
  readonly skippedRefs: readonly BundleRef[];
  /** The whole bundle, header included. Made while it is read; to be read once. */
  readonly bytes: AsyncGenerator<Uint8Array, PackObjectsSummary, undefined>;
}

const BATCH = 256;

/**
 * Bundle refs with all they reach, less what is excluded. Its prerequisites are the commits just outside: parents of commits
 * in it that are not in it themselves. Of a shallow repository, these are the parents that it lacks.
 * @throws {GitError} EMPTY_BUNDLE where no ref is left; UNSUPPORTED where version 2 cannot say it
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 * @see git-bundle(1), "SPECIFYING REFERENCES"
 */
export async function createBundle(repository: Repository, options: CreateBundleOptions): Promise<CreatedBundle> {
  const { objects: reader, algorithm } = repository;
  const signal = options.signal ? { signal: options.signal } : {};
  const shallow = await repository.shallow.read();
  const commits = await listCommits(reader, shallow, options);
  const listed = new Set(commits);
  const isCut = shallow.size > 0 || options.maxCount !== undefined || !isEmpty(options.excludeOids);
  const boundary = isCut ? await boundaryOf(reader, commits, listed, signal) : [];
  const refs: BundleRef[] = [];
  const skippedRefs: BundleRef[] = [];
  for (const ref of options.refs) {
    const stat = await reader.stat(ref.oid, signal);
    if (stat?.kind === 'commit' && !listed.has(ref.oid)) {
      skippedRefs.push(ref);
      continue;
    }
    refs.push(ref);
    const targetOid = stat?.kind === 'tag' ? await peelTag(reader, ref.oid, signal) : undefined;
    // A tag whose commit stays outside needs it all the same. (git leaves this out, and its bundle is broken.)
    const isOutside = targetOid !== undefined && !listed.has(targetOid) && !boundary.includes(targetOid);
    if (isOutside && (await reader.stat(targetOid, signal))?.kind === 'commit') boundary.push(targetOid);
  }
  if (refs.length === 0) throw new GitError('EMPTY_BUNDLE', 'Cannot create bundle: it would be empty');
  const prerequisites: BundlePrerequisite[] = [];
  for (const oid of boundary) prerequisites.push({ oid, comment: await subjectOf(reader, oid, signal) });
  const version = options.version ?? (algorithm.name === 'sha1' ? 2 : 3);
  const header: BundleHeader = { version, algorithm, prerequisites, refs };
  const opening = serializeBundleHeader(header);
  return { header, skippedRefs, bytes: write(repository, header, opening, shallow, options) };
}

async function* write(
  repository: Repository,
  header: BundleHeader,
  opening: Uint8Array,
  shallow: ReadonlySet<Oid>,
  { level, onProgress, signal }: CreateBundleOptions,
): AsyncGenerator<Uint8Array, PackObjectsSummary, undefined> {
  yield opening;
  return yield* packObjects({
    algorithm: repository.algorithm,
    objects: objectsBetween(repository.objects, {
      wants: header.refs.map(({ oid }) => oid),
      // Every way out of the bundle leads over them, and nothing else is promised: not what else was excluded.
      haves: header.prerequisites.map(({ oid }) => oid),
      shallow,
      ...(signal && { signal }),
    }),
    source: repository.objects,
    ...(level !== undefined && { level }),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
}

/** The commits of the bundle, in the order of the walk. */
async function listCommits(
  reader: ObjectReader,
  shallow: ReadonlySet<Oid>,
  { refs, excludeOids = [], maxCount = Number.POSITIVE_INFINITY, signal }: CreateBundleOptions,
): Promise<Oid[]> {
  const commits: Oid[] = [];
  if (maxCount <= 0) return commits;
  const wants = refs.map(({ oid }) => oid);
  for await (const { oid, kind } of objectsBetween(reader, {
    wants,
    haves: excludeOids,
    shallow,
    ...(signal && { signal }),
  })) {
    if (kind === 'tree') break; // commits come before all trees
    if (kind === 'commit') commits.push(oid);
    if (commits.length >= maxCount) break;
  }
  return commits;
}

async function boundaryOf(
  reader: ObjectReader,
  commits: readonly Oid[],
  listed: ReadonlySet<Oid>,
  options: ReadOptions,
): Promise<Oid[]> {
  const found: Oid[] = [];
  const seen = new Set<Oid>();
  for (let start = 0; start < commits.length; start += BATCH) {
    const batch = commits.slice(start, start + BATCH);
    const parents = await parentsOf(reader, batch, options);
    for (const oid of batch) {
      for (const parentOid of parents.get(oid) ?? []) {
        if (listed.has(parentOid) || seen.has(parentOid)) continue;
        seen.add(parentOid);
        found.push(parentOid);
      }
    }
  }
  return found.length < 2 ? found : orderBoundary(found, await parentsOf(reader, found, options));
}

/** The parents that the commits name; those that are missing are not in the map. */
async function parentsOf(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: ReadOptions,
): Promise<Map<Oid, readonly Oid[]>> {
  const parents = new Map<Oid, readonly Oid[]>();
  for await (const [oid, object] of reader.readMany(oids, options)) {
    if (object?.kind === 'commit') parents.set(oid, parseCommitLinks(object.body).parentOids);
  }
  return parents;
}

/** The first paragraph of a commit's message as one line. */
async function subjectOf(reader: ObjectReader, oid: Oid, options: ReadOptions): Promise<string> {
  const object = await reader.read(oid, options);
  if (object === undefined) return 'shallow';
  const block = parseHeaderBlock(object.body, 'commit');
  const encoding = findHeader(block, 'encoding');
  const { message } = block;
  const text = commitMessageText({ message, ...(encoding && { encoding: decodeLatin1(encoding.value) }) });
  const lines = (text.split('\0', 1)[0] as string).split('\n').map((line) => line.trimEnd());
  const start = lines.findIndex((line) => line !== '');
  if (start < 0) return '';
  const end = lines.indexOf('', start);
  const subject = lines.slice(start, end < 0 ? lines.length : end).join(' ');
  return subject.trim().replaceAll('\r', ' ');
}

function isEmpty(oids: Iterable<Oid> | undefined): boolean {
  for (const _oid of oids ?? []) return false;
  return true;
}
