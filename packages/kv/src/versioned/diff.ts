import { decodeLatin1, decodeUtf8Exact, encodeUtf8, type Oid } from '@git-kv/objects';
import { diffTrees, type TreeTarget } from '@git-kv/repository';
import { isOneName, isValueMode } from '../changes.js';
import { Key } from '../key.js';
import type { VersionedContext } from './context.js';
import type { CallOptions } from './options.js';

/** What of a difference is listed. */
export interface DiffOptions extends CallOptions {
  /** Only this key and those below it; nothing else is read. */
  readonly prefix?: string | Key;
}

/** One key whose value two versions do not have alike. */
export interface VersionedDifference<T> {
  readonly kind: 'add' | 'remove' | 'change';
  readonly key: Key;
  /** The object ids of the two values. */
  readonly before: Oid | undefined;
  readonly after: Oid | undefined;
  /** The values, read and decoded now. */
  oldValue(options?: CallOptions): Promise<T | undefined>;
  newValue(options?: CallOptions): Promise<T | undefined>;
}

/** What differs between two root trees, in the order of keys. A change of permissions alone is none. */
export async function* diffVersions<T>(
  context: VersionedContext<T>,
  oldTreeOid: Oid,
  newTreeOid: Oid,
  { prefix, signal }: DiffOptions,
): AsyncGenerator<VersionedDifference<T>, void, undefined> {
  const within = Key.of(prefix ?? Key.root).segments;
  const differences = diffTrees(context.repository.objects, oldTreeOid, newTreeOid, {
    select: within.length > 0 ? selectWithin(within) : isOneName,
    ...(signal !== undefined && { signal }),
  });
  for await (const difference of differences) {
    const [before, after] = [valueIn(difference.old), valueIn(difference.new)];
    if (before === after) continue;
    const text = decodeUtf8Exact(difference.pathBytes);
    const key = text === undefined ? undefined : Key.find(text);
    if (key === undefined) continue;
    const read = async (oid: Oid | undefined, options?: CallOptions): Promise<T | undefined> =>
      oid === undefined ? undefined : await context.value(key, oid, options);
    yield {
      kind: before === undefined ? 'add' : after === undefined ? 'remove' : 'change',
      key,
      before,
      after,
      oldValue: (options) => read(before, options),
      newValue: (options) => read(after, options),
    };
  }
}

function valueIn(target: TreeTarget | undefined): Oid | undefined {
  return target !== undefined && isValueMode(target.mode) ? target.oid : undefined;
}

/** Whether a path is at or below a key, or a tree on the way there. */
function selectWithin(segments: readonly string[]): typeof isOneName {
  const wanted = decodeLatin1(encodeUtf8(segments.join('/')));
  return (pathBytes, isTree, nameStart) => {
    if (!isOneName(pathBytes, isTree, nameStart)) return false;
    const path = decodeLatin1(pathBytes);
    return (
      path === wanted || path.startsWith(`${wanted}/`) || (isTree && (path === '' || wanted.startsWith(`${path}/`)))
    );
  };
}
