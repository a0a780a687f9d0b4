import {
  canonicalMode,
  concatBytes,
  decodeUtf8,
  defaultLimits,
  FileMode,
  LimitError,
  type Oid,
  parseTree,
  type TreeEntry,
} from '@git-kv/objects';
import type { ObjectStore } from '../object-store.js';
import { assertKind, missingObject, readBody } from '../read-object.js';
import { BlobsAhead } from './blobs-ahead.js';
import { checkTrees, type TreeRules } from './check-trees.js';

/** Where something goes. */
export interface SinkPath {
  /** Components joined by "/", decoded as UTF-8; {@link pathBytes} is exact. */
  readonly path: string;
  readonly pathBytes: Uint8Array;
}

/** A file that a sink is to write. */
export interface SinkFile extends SinkPath {
  readonly isExecutable: boolean;
  readonly oid: Oid;
  /** Bytes of the body, which comes in pieces: each is the sink's only until it asks for the next. */
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Takes a tree as it comes: in the order of git's trees, each directory before what is in it. Paths have been checked: no
 * component is empty, `.`, `..`, a spelling of `.git`, or there twice. A symbolic link may point anywhere: who writes
 * through one is lost.
 */
export interface TreeSink {
  directory?(directory: SinkPath): Promise<void> | void;
  file(file: SinkFile): Promise<void> | void;
  symlink(link: SinkPath & { readonly target: Uint8Array }): Promise<void> | void;
  /** A submodule: a commit of another repository. */
  gitlink?(gitlink: SinkPath & { readonly commitOid: Oid }): Promise<void> | void;
}

/** How a tree is written. */
export interface MaterializeOptions extends TreeRules {
  /** Bytes of all files together (default 16 GiB). */
  readonly maxBytes?: number;
}

/** What was written. */
export interface MaterializeSummary {
  readonly directories: number;
  readonly files: number;
  readonly symlinks: number;
  readonly gitlinks: number;
  /** Of files and targets of links. */
  readonly bytes: number;
}

const MAX_BYTES = 16 * 1024 ** 3;

/**
 * Write a tree to a sink. All of its trees are checked before the sink is called at all; large files are streamed.
 *
 * ```ts
 * import { materialize } from '@git-kv/repository';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const repository = createMemoryRepository();
 * const treeOid = await repository.objects.write({ kind: 'tree', body: new Uint8Array() });
 * const summary = await materialize(repository.objects, treeOid, {
 *   file: async ({ path, body }) => {
 *     for await (const piece of body) console.log(path, piece.length);
 *   },
 *   symlink: () => {},
 * });
 * ```
 *
 * @throws {CheckError} CHECK_FAILED for a tree that is not safe to write
 * @throws {LimitError} maxEntries, maxBytes, treeDepth, pathBytes, symlinkBytes
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function materialize(
  objects: Pick<ObjectStore, 'algorithm' | 'read' | 'readMany' | 'stat' | 'open' | 'prefetch'>,
  treeOid: Oid,
  sink: TreeSink,
  options: MaterializeOptions = {},
): Promise<MaterializeSummary> {
  await checkTrees(objects, treeOid, options);
  const { maxBytes = MAX_BYTES, signal } = options;
  const summary = { directories: 0, files: 0, symlinks: 0, gitlinks: 0, bytes: 0 };
  const count = (bytes: number): void => {
    summary.bytes += bytes;
    if (summary.bytes > maxBytes) throw new LimitError('maxBytes', summary.bytes, maxBytes);
  };
  const ahead = new BlobsAhead(objects, treeOid, options);
  const open = async (oid: Oid): Promise<{ size: number; body: AsyncIterable<Uint8Array> }> => {
    await ahead.next();
    const opened = await objects.open(oid, options);
    if (opened === undefined) throw missingObject(oid, 'blob');
    assertKind(oid, opened, 'blob');
    return opened;
  };
  const entriesOf = async (oid: Oid): Promise<TreeEntry[]> =>
    parseTree(await readBody(objects, oid, 'tree', options), objects.algorithm.oidLength);

  const top: Uint8Array = new Uint8Array();
  const stack = [{ prefix: top, entries: await entriesOf(treeOid), at: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const entry = frame.entries[frame.at++];
    if (entry === undefined) {
      stack.pop();
      continue;
    }
    signal?.throwIfAborted();
    const { mode, name, oid } = entry;
    const pathBytes = concatBytes([frame.prefix, name]);
    const place = { path: decodeUtf8(pathBytes), pathBytes };
    switch (canonicalMode(mode)) {
      case FileMode.tree:
        summary.directories++;
        await sink.directory?.(place);
        stack.push({ prefix: concatBytes([pathBytes, SLASH]), entries: await entriesOf(oid), at: 0 });
        break;
      case FileMode.gitlink:
        summary.gitlinks++;
        await sink.gitlink?.({ ...place, commitOid: oid });
        break;
      case FileMode.symlink: {
        const { size, body } = await open(oid);
        if (size > defaultLimits.pathBytes) throw new LimitError('symlinkBytes', size, defaultLimits.pathBytes);
        count(size);
        summary.symlinks++;
        await sink.symlink({ ...place, target: await gather(body) });
        break;
      }
      default: {
        const { size, body } = await open(oid);
        count(size);
        summary.files++;
        await sink.file({ ...place, oid, size, body, isExecutable: canonicalMode(mode) === FileMode.executable });
      }
    }
  }
  return summary;
}

const SLASH = /* @__PURE__ */ Uint8Array.of(0x2f);

async function gather(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(new Uint8Array(piece));
  return concatBytes(pieces);
}
