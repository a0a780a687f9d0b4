import { type ObjectKind, type Oid, oidToBytes, parseCommitLinks, parseTagLinks } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { missingObject, readBody } from '../read-object.js';
import type { Repository } from '../repository.js';
import { peelTo } from '../revision/peel.js';
import { findRevision } from '../revision/revision.js';
import type { CommitSource } from './commit-source.js';
import { mergeBases } from './merge-bases.js';

/** An object that a walk begins at, or that it leaves out with all it reaches. */
export interface RevisionTip {
  readonly oid: Oid;
  readonly isExcluded: boolean;
  /** Of a `REV:PATH`, the path. */
  readonly path?: string;
}

/** What git takes abbreviations for where commits are listed. */
const COMMIT_ISH = { prefer: 'commit-ish' } as const;

/** A commit's parents that a suffix asks for: `^@` all, `^!` all as excluded, `^-N` one as excluded. */
const PARENTS_SUFFIX = /\^(?:@|!|-\d*)$/;

/**
 * The tips that one argument names, in the order that git adds them, or `undefined` where a name in it is no revision.
 *
 *     range = rev / "^" rev / [rev] ".." [rev] / [rev] "..." [rev] / rev "^@" / rev "^!" / rev "^-" [n]
 *
 * An empty side of a range is HEAD. With `isNegated` (after `--not`) what is included and what is left out change places.
 * @throws {NotFoundError} OBJECT_NOT_FOUND for an object id that is complete and names nothing here
 * @see gitrevisions(7), "Specifying ranges"
 */
export async function findRevisionTips(
  repository: Repository,
  text: string,
  isNegated = false,
): Promise<RevisionTip[] | undefined> {
  return (
    (await findRange(repository, text, isNegated)) ??
    (await findParents(repository, text, isNegated)) ??
    (await findSingle(repository, text, isNegated))
  );
}

async function findSingle(
  repository: Repository,
  text: string,
  isNegated: boolean,
): Promise<RevisionTip[] | undefined> {
  const isCaret = text.startsWith('^');
  const revision = isCaret ? text.slice(1) : text;
  if (revision.includes('..') && !revision.includes(':')) return undefined;
  const oid = await findRevision(repository, revision, COMMIT_ISH);
  if (oid === undefined) return undefined;
  if ((await repository.objects.stat(oid)) === undefined) throw missingObject(oid);
  const colon = revision.indexOf(':');
  const path = colon > 0 && colon + 1 < revision.length ? { path: revision.slice(colon + 1) } : {};
  return [{ oid, isExcluded: isCaret !== isNegated, ...path }];
}

async function findRange(repository: Repository, text: string, isNegated: boolean): Promise<RevisionTip[] | undefined> {
  const dots = text.indexOf('..');
  if (dots < 0 || text === '..') return undefined;
  const isSymmetric = text[dots + 2] === '.';
  const left = text.slice(0, dots) || 'HEAD';
  const right = text.slice(dots + (isSymmetric ? 3 : 2)) || 'HEAD';
  if (left.includes('..') || right.includes('..') || left.startsWith('^')) return undefined;
  const leftOid = await findRevision(repository, left, COMMIT_ISH);
  const rightOid = await findRevision(repository, right, COMMIT_ISH);
  if (leftOid === undefined || rightOid === undefined) return undefined;
  for (const oid of [leftOid, rightOid]) {
    if ((await repository.objects.stat(oid)) === undefined) throw missingObject(oid);
  }
  if (!isSymmetric) {
    return [
      { oid: leftOid, isExcluded: !isNegated },
      { oid: rightOid, isExcluded: isNegated },
    ];
  }
  const first = await peelTo(repository, leftOid, 'commit');
  const second = await peelTo(repository, rightOid, 'commit');
  if (first === undefined || second === undefined) return undefined;
  const shallow = await repository.shallow.read();
  const common = await mergeBases(repository.objects, first, [second], { shallow });
  return [
    ...common.map((oid) => ({ oid, isExcluded: !isNegated })),
    { oid: leftOid, isExcluded: isNegated },
    { oid: rightOid, isExcluded: isNegated },
  ];
}

async function findParents(
  repository: Repository,
  text: string,
  isNegated: boolean,
): Promise<RevisionTip[] | undefined> {
  const suffix = PARENTS_SUFFIX.exec(text)?.[0];
  if (suffix === undefined) return undefined;
  const isCaret = text.startsWith('^');
  const revision = text.slice(isCaret ? 1 : 0, -suffix.length);
  const oid = await findRevision(repository, revision, COMMIT_ISH);
  const commitOid = oid && (await peelTo(repository, oid, 'commit'));
  if (commitOid === undefined) return undefined;
  const shallow = await repository.shallow.read();
  const { parentOids } = parseCommitLinks(await readBody(repository.objects, commitOid, 'commit'));
  const parents = shallow.has(commitOid) ? [] : parentOids;
  const isExcluded = isCaret !== isNegated;
  if (suffix === '^@') return parents.map((parent) => ({ oid: parent, isExcluded }));
  const own = { oid: oid as Oid, isExcluded };
  if (suffix === '^!') return [...parents.map((parent) => ({ oid: parent, isExcluded: !isExcluded })), own];
  const number = suffix === '^-' ? 1 : Number(suffix.slice(2));
  const parent = parents[number - 1];
  return parent === undefined ? undefined : [{ oid: parent, isExcluded: !isExcluded }, own];
}

/** Tips by what a walk does with them. */
export interface SortedTips {
  /** Commits, in order; tags among the tips come to what they point to. */
  readonly include: Oid[];
  readonly exclude: Oid[];
  /** Tags, trees and blobs to list, in order. */
  readonly objects: { readonly oid: Oid; readonly kind: 'tag' | 'tree' | 'blob'; readonly path: string }[];
  /** Trees and blobs to leave out. */
  readonly knownTrees: Oid[];
  readonly knownBlobs: Oid[];
}

/** Bytes of a tag that hold what it points to. */
const TAG_HEAD_BYTES = 128;

/** Look at the kinds of tips, and follow tags. @throws {NotFoundError} OBJECT_NOT_FOUND */
export async function sortTips(repository: Repository, tips: Iterable<RevisionTip>): Promise<SortedTips> {
  const sorted: SortedTips = { include: [], exclude: [], objects: [], knownTrees: [], knownBlobs: [] };
  const { objects } = repository;
  const all = [...tips];
  /** Left out, and what tags among that point to: named on both sides, it is not listed. */
  const known = new Set<Oid>();
  const kinds = new Map<Oid, LookedAt>();
  const source = await objects.openCommits?.();
  try {
    for (const { oid, isExcluded, path = '' } of [
      ...all.filter((tip) => tip.isExcluded),
      ...all.filter((tip) => !tip.isExcluded),
    ]) {
      for (let at: Oid = oid; ; ) {
        // Many refs may name one object, which may be a file to open.
        let looked = kinds.get(at);
        if (looked === undefined) kinds.set(at, (looked = await lookAt(objects, source, at)));
        const { kind, targetOid } = looked;
        if (isExcluded) known.add(at);
        if (targetOid !== undefined) {
          if (!known.has(at)) sorted.objects.push({ oid: at, kind: 'tag', path: '' });
          at = targetOid;
          continue;
        }
        if (kind === 'commit') (isExcluded ? sorted.exclude : sorted.include).push(at);
        else if (!isExcluded) sorted.objects.push({ oid: at, kind: kind as 'tree' | 'blob', path });
        else (kind === 'tree' ? sorted.knownTrees : sorted.knownBlobs).push(at);
        break;
      }
    }
  } finally {
    await source?.close();
  }
  return sorted;
}

interface LookedAt {
  readonly kind: ObjectKind;
  readonly targetOid?: Oid;
}

/** The kind of an object; of a tag, what it points to. Without waiting where the store can. */
async function lookAt(objects: ObjectReader, source: CommitSource | undefined, oid: Oid): Promise<LookedAt> {
  if (source && oid.length === objects.algorithm.hexLength) {
    const bytes = oidToBytes(oid);
    if (source.graph && source.graph.find(bytes) >= 0 && source.hasSync(bytes, 0)) return { kind: 'commit' };
    const head = source.readSync(bytes, 0, TAG_HEAD_BYTES + objects.algorithm.hexLength);
    if (head?.kind === 'tag') return { kind: 'tag', targetOid: parseTagLinks(head.body).targetOid };
    if (head) return { kind: head.kind };
  }
  const stat = await objects.stat(oid);
  if (stat === undefined) throw missingObject(oid);
  if (stat.kind !== 'tag') return { kind: stat.kind };
  return { kind: 'tag', targetOid: parseTagLinks(await readBody(objects, oid, 'tag')).targetOid };
}
