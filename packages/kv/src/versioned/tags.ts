import {
  assertRefName,
  buildTag,
  commitMessageText,
  GitError,
  NotFoundError,
  type Oid,
  parseTag,
} from '@git-kv/objects';
import { type PayloadSigner, peelTo, signTag } from '@git-kv/repository';
import { isWellFormed } from '../well-formed.js';
import { subjectOf, type VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import type { CallOptions, CommitOptions } from './options.js';

const TAGS = 'refs/tags/';

/** A name for a version that stays where it is. */
export interface VersionedTag {
  /** Short, as in `v1`. */
  readonly name: string;
  /** The version. */
  readonly commitOid: Oid;
  /** The tag object, of an annotated tag. */
  readonly tagOid?: Oid;
  /** What an annotated tag says, with its signature where it is signed. */
  readonly message?: string;
}

/** How a tag is made. */
export interface TagOptions extends Pick<CommitOptions, 'author'> {
  /** Makes an annotated tag, which says this, who made it and when; without it there is a name alone. */
  readonly message?: string;
  /** Signs an annotated tag. Default: what signs the commits of the store. */
  readonly sign?: PayloadSigner;
  /** Move a tag that is there. Default: ALREADY_PRESENT. */
  readonly isForced?: boolean;
}

/** @throws {GitError} ALREADY_PRESENT, INVALID_REF_NAME */
export async function createTag<T>(
  context: VersionedContext<T>,
  name: string,
  commit: VersionedCommit,
  options: TagOptions,
): Promise<VersionedTag> {
  const refName = tagRefName(name);
  const { message } = options;
  const tagOid = message === undefined ? undefined : await writeTag(context, name, commit, message, options);
  const { name: by, email, timestamp, timezone } = context.identity(options);
  const outcome = await context.repository.refs.update(
    [{ name: refName, next: { oid: tagOid ?? commit.oid }, ...(options.isForced !== true && { expected: null }) }],
    { reflog: { name: by, email, timestamp, timezone, message: `tag: ${subjectOf(message ?? commit.message)}` } },
  );
  if (outcome.status !== 'updated') {
    throw new GitError('ALREADY_PRESENT', `Cannot create tag ${name}: it is there, or in the way of another`);
  }
  return {
    name,
    commitOid: commit.oid,
    ...(tagOid !== undefined && { tagOid }),
    ...(message !== undefined && { message }),
  };
}

async function writeTag<T>(
  context: VersionedContext<T>,
  name: string,
  commit: VersionedCommit,
  message: string,
  options: TagOptions,
): Promise<Oid> {
  const tagger = context.identity(options);
  if (!isWellFormed(message)) {
    throw new GitError(
      'INVALID_VALUE',
      `Cannot create tag ${name}: its message has half a character (a lone surrogate)`,
    );
  }
  const text = message.endsWith('\n') ? message : `${message}\n`; // a signature begins a line
  const unsigned = buildTag({ targetOid: commit.oid, targetKind: 'commit', name, tagger, message: text });
  const sign = options.sign ?? context.options.sign;
  const body = sign === undefined ? unsigned : await signTag(unsigned, sign);
  return await context.repository.objects.write({ kind: 'tag', body });
}

/** The tags that lead to commits, by name. */
export async function* listTags<T>(
  context: VersionedContext<T>,
  { signal }: CallOptions,
): AsyncGenerator<VersionedTag, void, undefined> {
  const { repository } = context;
  for await (const { name, value } of repository.refs.list(TAGS)) {
    signal?.throwIfAborted();
    if (!('oid' in value)) continue;
    const commitOid = await peelTo(repository, value.oid, 'commit');
    if (commitOid === undefined) continue;
    const short = name.slice(TAGS.length);
    const object = value.oid === commitOid ? undefined : await repository.objects.read(value.oid);
    if (object === undefined) yield { name: short, commitOid };
    else yield { name: short, commitOid, tagOid: value.oid, message: commitMessageText(parseTag(object.body)) };
  }
}

/** @throws {NotFoundError} OBJECT_NOT_FOUND */
export async function deleteTag<T>(context: VersionedContext<T>, name: string): Promise<void> {
  const refName = tagRefName(name);
  const { refs } = context.repository;
  const expected = await refs.read(refName);
  const outcome = expected && (await refs.update([{ name: refName, expected, next: null }]));
  if (outcome === undefined)
    throw new NotFoundError('OBJECT_NOT_FOUND', refName, `Cannot find tag ${name}: it does not exist`);
  if (outcome.status !== 'updated')
    throw new GitError('REF_CONFLICT', `Cannot delete tag ${name}: another writer moved it`);
}

function tagRefName(name: string): string {
  const refName = `${TAGS}${name}`;
  assertRefName(refName);
  return refName;
}
