import { isGitError, isSafeRefName, MalformedError, type Oid, parseTag, type RawObject } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';
import type { RefName, RefStore, RefValue } from './ref-store.js';

/** git's own bound on symbolic refs that point to symbolic refs. */
const MAX_SYMBOLIC_DEPTH = 5;
const MAX_TAG_DEPTH = 64;

/** Where a short ref name is looked for, in this order. @see gitrevisions(7) */
export const REF_PATTERNS: readonly ((name: string) => RefName)[] = [
  (name) => name, // of one level, only a root ref's name passes: `config` is a file of the repository, too
  (name) => `refs/${name}`,
  (name) => `refs/tags/${name}`,
  (name) => `refs/heads/${name}`,
  (name) => `refs/remotes/${name}`,
  (name) => `refs/remotes/${name}/HEAD`,
];

/** A ref that a short name may mean. */
export interface RefMatch {
  /** In full, as it was found; where it is symbolic, not that which it points to. */
  readonly name: RefName;
  readonly isSymbolic: boolean;
  readonly oid: Oid;
}

/**
 * Every ref that `shortName` may mean and that comes to an object, the one that git takes first. More than one: the name is
 * ambiguous. @see gitrevisions(7)
 */
export async function findRefs(refs: Pick<RefStore, 'read'>, shortName: string): Promise<RefMatch[]> {
  const matches: RefMatch[] = [];
  for (const pattern of REF_PATTERNS) {
    const name = pattern(shortName);
    if (!isSafeRefName(name)) continue;
    const resolved = await resolveRef(refs, name);
    if (resolved?.oid !== undefined) matches.push({ name, isSymbolic: resolved.name !== name, oid: resolved.oid });
  }
  return matches;
}

/** A ref followed to its end. */
export interface ResolvedRef {
  /** The ref at the end: `refs/heads/main` for HEAD, as a rule. */
  readonly name: RefName;
  /** What it holds; `undefined` where that ref does not exist yet. */
  readonly oid: Oid | undefined;
}

/**
 * Follow symbolic refs from `name` to the ref that holds an object id. `undefined` where `name` itself does not exist.
 * @throws {MalformedError} for a chain of more than five
 */
export async function resolveRef(refs: Pick<RefStore, 'read'>, name: RefName): Promise<ResolvedRef | undefined> {
  let at = name;
  let value: RefValue | undefined = await refs.read(at);
  if (value === undefined) return undefined;
  for (let depth = 0; depth <= MAX_SYMBOLIC_DEPTH; depth++) {
    if (value === undefined) return { name: at, oid: undefined };
    if ('oid' in value) return { name: at, oid: value.oid };
    at = value.target;
    value = await refs.read(at);
  }
  throw new MalformedError('ref', 0, `${name} is a chain of more than ${MAX_SYMBOLIC_DEPTH} symbolic refs`);
}

/**
 * What the annotated tag `oid` comes to in the end, or `undefined` where it is no tag (or is not in the store).
 * @throws {MalformedError} for a chain of more than 64 tags
 */
export async function peelTag(reader: ObjectReader, oid: Oid, options?: ReadOptions): Promise<Oid | undefined> {
  let at = oid;
  for (let depth = 0; depth <= MAX_TAG_DEPTH; depth++) {
    const stat = await reader.stat(at, options);
    if (stat?.kind !== 'tag') return depth === 0 ? undefined : at;
    const object: RawObject | undefined = await reader.read(at, options);
    if (object === undefined) return undefined;
    at = parseTag(object.body).targetOid;
  }
  throw new MalformedError('tag', 0, `${oid} is a chain of more than ${MAX_TAG_DEPTH} tags`);
}

/** {@link peelTag} for lists of refs: as in git's, a tag that cannot be followed is listed without what it comes to. */
export async function findPeeled(reader: ObjectReader, oid: Oid): Promise<Oid | undefined> {
  try {
    return await peelTag(reader, oid);
  } catch (error) {
    if (isGitError(error, 'MALFORMED')) return undefined;
    throw error;
  }
}
