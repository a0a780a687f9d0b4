import {
  commitMessageText,
  decodeLatin1,
  findHeader,
  GitError,
  type Oid,
  parseCommitLinks,
  parseHeaderBlock,
  parseTag,
} from '@git-kv/objects';
import { type PackObjectsSummary, packObjects } from '@git-kv/pack';
import { type BundleHeader, type BundlePrerequisite, type BundleRef, serializeBundleHeader } from '@git-kv/protocol';
import type { ObjectReader, Progress, ReadOptions } from '../object-store.js';
import { packContent } from '../pack-content.js';
import { readBody } from '../read-object.js';
import { peelTag } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { sortTips } from '../walk/revision-range.js';
import { RevisionWalk } from '../walk/revision-walk.js';
import { orderBoundary } from './boundary.js';

/** What goes into a bundle. */
export interface CreateBundleOptions extends ReadOptions {
  /** What the bundle brings, written in this order. */
  readonly refs: readonly BundleRef[];
  /** Commits, and tags of commits, that whoever takes it in has, with all they reach. */
  readonly excludeOids?: Iterable<Oid>;
  /** Commits at most, the newest first. What they need of older ones becomes a prerequisite. */
  readonly maxCount?: number;
  /** Commits whose committer date, in seconds since 1970, is not before this. */
  readonly since?: number;
  /** Commits whose committer date is not after this. */
  readonly until?: number;
  /** Default: 2 where it can say it, which is for SHA-1; else 3. */
  readonly version?: 2 | 3;
  /** zlib's, 0 to 9. */
  readonly level?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/** A bundle, settled but for its pack. */
export interface CreatedBundle {
  readonly header: BundleHeader;
  /** Refs that were asked for and are not in the header, because the commits or tags they name are left out. */
  readonly skippedRefs: readonly BundleRef[];
  /** The whole bundle, header included. Made while it is read; to be read once. */
  readonly bytes: AsyncGenerator<Uint8Array, PackObjectsSummary, undefined>;
}

/** Commits asked of the walk at a time. */
const BATCH = 1024;

/**
 * Bundle refs with all they reach, less what is excluded. Its prerequisites are the commits just outside: parents of commits
 * in it that are not in it themselves. Of a shallow repository, these are the parents that it lacks. A bundle that has
 * prerequisites is thin: its pack has deltas against what they reach.
 * @throws {GitError} EMPTY_BUNDLE where no ref is left; UNSUPPORTED where version 2 cannot say it
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 * @see git-bundle(1), "SPECIFYING REFERENCES"
 */
export async function createBundle(repository: Repository, options: CreateBundleOptions): Promise<CreatedBundle> {
  const { objects: reader, algorithm } = repository;
  const signal = options.signal ? { signal: options.signal } : {};
  const shallow = await repository.shallow.read();
  const { oids: listed, boundary } = await listCommits(repository, shallow, options);
  const refs: BundleRef[] = [];
  const skippedRefs: BundleRef[] = [];
  for (const ref of options.refs) {
    const stat = await reader.stat(ref.oid, signal);
    const isLeftOut =
      stat?.kind === 'commit'
        ? !listed.has(ref.oid)
        : stat?.kind === 'tag' && !isInRange(await readBody(reader, ref.oid, 'tag', signal), options);
    if (isLeftOut) {
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

/** A tag counts by its own date; as in git, one of the very second of a bound is out. */
function isInRange(tag: Uint8Array, { since, until }: CreateBundleOptions): boolean {
  if (since === undefined && until === undefined) return true;
  const timestamp = parseTag(tag).tagger?.timestamp;
  if (timestamp === undefined) return true;
  return (since === undefined || since < timestamp) && (until === undefined || timestamp < until);
}

async function* write(
  repository: Repository,
  header: BundleHeader,
  opening: Uint8Array,
  shallow: ReadonlySet<Oid>,
  { level, onProgress, signal }: CreateBundleOptions,
): AsyncGenerator<Uint8Array, PackObjectsSummary, undefined> {
  yield opening;
  const content = await packContent(repository, {
    wants: header.refs.map(({ oid }) => oid),
    // Every way out of the bundle leads over them, and nothing else is promised: not what else was excluded.
    haves: header.prerequisites.map(({ oid }) => oid),
    thin: header.prerequisites.length > 0,
    shallow,
    ...(signal && { signal }),
  });
  return yield* packObjects({
    algorithm: repository.algorithm,
    ...content,
    source: repository.objects,
    ...(level !== undefined && { level }),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
}

interface Listed {
  readonly oids: ReadonlySet<Oid>;
  /** Parents of listed commits that are not listed, in the order in which git writes them. */
  readonly boundary: Oid[];
}

async function listCommits(
  repository: Repository,
  shallow: ReadonlySet<Oid>,
  options: CreateBundleOptions,
): Promise<Listed> {
  const { refs, excludeOids = [], maxCount = Number.POSITIVE_INFINITY, since, until, signal } = options;
  const included = refs.map(({ oid }) => ({ oid, isExcluded: false }));
  const excluded = [...excludeOids].map((oid) => ({ oid, isExcluded: true }));
  const walk = await RevisionWalk.open(repository.objects, {
    ...(await sortTips(repository, [...included, ...excluded])),
    shallow,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(signal && { signal }),
  });
  try {
    const rows: number[] = [];
    while (rows.length < maxCount) {
      const more = await walk.next(Math.min(BATCH, maxCount - rows.length));
      if (more.length === 0) break;
      rows.push(...more);
    }
    const { table } = walk;
    const oids = new Set(rows.map((row) => table.oidAt(row)));
    const boundary = new Set<Oid>();
    for (const row of rows) {
      for (let index = 0; index < (table.parentCounts[row] as number); index++) {
        const parentOid = table.oidAt(table.parentAt(row, index));
        if (!oids.has(parentOid)) boundary.add(parentOid);
      }
    }
    // Where the repository is shallow, the walk knows of no parents; they are needed all the same.
    const cut = [...shallow].filter((oid) => oids.has(oid));
    for (const parentOids of (await parentsOf(repository.objects, cut, options)).values()) {
      for (const oid of parentOids) if (!oids.has(oid)) boundary.add(oid);
    }
    const found = [...boundary];
    const parents = found.length < 2 ? new Map() : await parentsOf(repository.objects, found, options);
    return { oids, boundary: orderBoundary(found, parents) };
  } finally {
    await walk.close();
  }
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
