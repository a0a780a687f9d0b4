import {
  GitError,
  isObjectKind,
  NotFoundError,
  type ObjectKind,
  type Oid,
  parseCommitLinks,
  parseTagLinks,
} from '@git-kv/objects';
import { readBody } from './read-object.js';
import { REF_PATTERNS, resolveRef } from './ref-resolve.js';
import type { Repository } from './repository.js';
import { readTreePath } from './tree-path.js';

/** git's shortest abbreviation. */
const MIN_ABBREVIATION = 4;
const HEX = /^[0-9a-fA-F]+$/;
/**
 * The object that a revision names, or `undefined`. Of gitrevisions(7): object ids and their abbreviations, ref names and their
 * short forms, `^{kind}`, `^{}`, `^N`, `~N`, and `REV:PATH`.
 * @throws {GitError} UNSUPPORTED for `@{...}`, `:/text` and ranges; AMBIGUOUS_REVISION for an abbreviation of several objects
 */
export async function findRevision(repository: Repository, revision: string): Promise<Oid | undefined> {
  const colon = revision.indexOf(':');
  if (colon === 0)
    throw new GitError('UNSUPPORTED', `Cannot resolve ${revision}: there is no index, and :/text is not supported`);
  if (colon > 0) {
    const root = await findRevision(repository, revision.slice(0, colon));
    const tree = root && (await peelTo(repository, root, 'tree'));
    if (tree === undefined) return undefined;
    const segments = revision
      .slice(colon + 1)
      .split('/')
      .filter((segment) => segment !== '');
    if (segments.length === 0) return tree;
    return (await readTreePath(repository.objects, tree, segments))?.oid;
  }
  if (revision.includes('..') || revision.includes('@{')) {
    throw new GitError('UNSUPPORTED', `Cannot resolve ${revision}: ranges and @{...} are not supported here`);
  }
  const [, base, suffixes] = /^(.*?)((?:\^\{[^}]*\}|\^\d*|~\d*)*)$/s.exec(revision) as unknown as [
    string,
    string,
    string,
  ];
  let oid = await findName(repository, base === '@' ? 'HEAD' : base);
  for (const [suffix] of suffixes.matchAll(/\^\{[^}]*\}|\^\d*|~\d*/g)) {
    if (oid === undefined) return undefined;
    oid = await applySuffix(repository, oid, suffix);
  }
  return oid;
}

/** {@link findRevision}, where the revision has to be there. @throws {NotFoundError} OBJECT_NOT_FOUND */
export async function resolveRevision(repository: Repository, revision: string): Promise<Oid> {
  const oid = await findRevision(repository, revision);
  if (oid === undefined) {
    throw new NotFoundError('OBJECT_NOT_FOUND', revision, `Cannot resolve ${revision}: no such revision`);
  }
  return oid;
}

/**
 * The object of the given kind that `oid` comes to: a tag's target, a commit's tree. `undefined` where it comes to none.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function peelTo(repository: Repository, oid: Oid, kind: ObjectKind): Promise<Oid | undefined> {
  let at = oid;
  for (;;) {
    const stat = await repository.objects.stat(at);
    if (stat === undefined) return undefined;
    if (stat.kind === kind) return at;
    if (stat.kind === 'tag') at = parseTagLinks(await readBody(repository.objects, at, 'tag')).targetOid;
    else if (stat.kind === 'commit' && kind === 'tree') {
      at = parseCommitLinks(await readBody(repository.objects, at, 'commit')).treeOid;
    } else return undefined;
  }
}

async function findName(repository: Repository, name: string): Promise<Oid | undefined> {
  const { hexLength } = repository.algorithm;
  if (name.length === hexLength && HEX.test(name)) return name.toLowerCase();
  for (const pattern of REF_PATTERNS) {
    const resolved = await resolveRef(repository.refs, pattern(name)).catch((error: unknown) => {
      if (error instanceof GitError && error.code === 'INVALID_REF_NAME') return undefined;
      throw error;
    });
    if (resolved?.oid !== undefined) return resolved.oid;
  }
  if (name.length < MIN_ABBREVIATION || name.length > hexLength || !HEX.test(name)) return undefined;
  const matches = await repository.objects.findByPrefix(name.toLowerCase(), 2);
  if (matches.length > 1) {
    throw new GitError('AMBIGUOUS_REVISION', `Cannot resolve ${name}: it abbreviates several objects`);
  }
  return matches[0];
}

async function applySuffix(repository: Repository, oid: Oid, suffix: string): Promise<Oid | undefined> {
  if (suffix.startsWith('^{')) {
    const wanted = suffix.slice(2, -1);
    if (wanted === '') return await peelAllTags(repository, oid);
    if (wanted === 'object') return oid;
    if (!isObjectKind(wanted)) throw new GitError('UNSUPPORTED', `Cannot resolve ${suffix}: it names no object kind`);
    return await peelTo(repository, oid, wanted);
  }
  const count = suffix.length === 1 ? 1 : Number(suffix.slice(1));
  let at = await peelTo(repository, oid, 'commit');
  if (at === undefined || count === 0) return at;
  const shallow = await repository.shallow.read();
  const parentsOf = async (commitOid: Oid): Promise<readonly Oid[]> =>
    shallow.has(commitOid) ? [] : parseCommitLinks(await readBody(repository.objects, commitOid, 'commit')).parentOids;
  if (suffix.startsWith('^')) return (await parentsOf(at))[count - 1];
  for (let step = 0; step < count && at !== undefined; step++) at = (await parentsOf(at))[0];
  return at;
}

async function peelAllTags(repository: Repository, oid: Oid): Promise<Oid> {
  let at = oid;
  while ((await repository.objects.stat(at))?.kind === 'tag') {
    at = parseTagLinks(await readBody(repository.objects, at, 'tag')).targetOid;
  }
  return at;
}
