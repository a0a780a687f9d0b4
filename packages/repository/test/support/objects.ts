import {
  buildCommit,
  buildIdentity,
  decodeUtf8,
  encodeUtf8,
  FileMode,
  type HashAlgorithm,
  type Oid,
  parseTree,
  type RawObject,
  TreeBuilder,
} from '@git-kv/objects';
import type { ObjectReader, ObjectStore, Repository, TreeTarget } from '@git-kv/repository';
import { gitBytes } from '../../../../test/support/git.js';

/** Put every object of a git repository on disk into `store`. */
export async function loadGitObjects(directory: string, store: ObjectStore): Promise<void> {
  const output = gitBytes(['cat-file', '--batch-all-objects', '--batch'], { cwd: directory });
  const objects: RawObject[] = [];
  for (let at = 0; at < output.length; ) {
    const lineEnd = output.indexOf(0x0a, at);
    const [, kind, size] = decodeUtf8(output.subarray(at, lineEnd)).split(' ');
    const end = lineEnd + 1 + Number(size);
    objects.push({ kind: kind as RawObject['kind'], body: output.subarray(lineEnd + 1, end) });
    at = end + 1;
  }
  await store.writeMany(objects);
}

export function blob(text: string): RawObject {
  return { kind: 'blob', body: encodeUtf8(text) };
}

/** Write a tree of trees given as `{ 'a/b': 'content' }`. */
export async function writeTree(store: ObjectStore, files: Readonly<Record<string, string>>): Promise<Oid> {
  const builder = new TreeBuilder(store.algorithm);
  const directories = new Map<string, Record<string, string>>();
  for (const [path, content] of Object.entries(files)) {
    const slash = path.indexOf('/');
    if (slash < 0) {
      builder.set(path, FileMode.regular, await store.write(blob(content)));
    } else {
      const below = directories.get(path.slice(0, slash)) ?? {};
      below[path.slice(slash + 1)] = content;
      directories.set(path.slice(0, slash), below);
    }
  }
  for (const [name, below] of directories) builder.set(name, FileMode.tree, await writeTree(store, below));
  return store.write({ kind: 'tree', body: builder.build() });
}

/** The leaves of a tree, as `{ 'a/b': target }`. */
export async function listTree(reader: ObjectReader, treeOid: Oid, prefix = ''): Promise<Record<string, TreeTarget>> {
  const body = treeOid === reader.algorithm.emptyTreeOid ? new Uint8Array(0) : (await reader.read(treeOid))?.body;
  if (body === undefined) throw new Error(`no tree ${treeOid}`);
  const leaves: Record<string, TreeTarget> = {};
  for (const { mode, name, oid } of parseTree(body, reader.algorithm.oidLength)) {
    const path = prefix + decodeUtf8(name);
    if (mode === FileMode.tree) Object.assign(leaves, await listTree(reader, oid, `${path}/`));
    else leaves[path] = { mode, oid };
  }
  return leaves;
}

export interface CommitInput {
  readonly files?: Readonly<Record<string, string>>;
  readonly treeOid?: Oid;
  readonly parents?: readonly Oid[];
  readonly time?: number;
  readonly message?: string;
}

/** Write a commit, and its tree where `files` are given. */
export async function writeCommit(store: ObjectStore, input: CommitInput): Promise<Oid> {
  const timestamp = input.time ?? 1_700_000_000;
  const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp });
  const treeOid = input.treeOid ?? (await writeTree(store, input.files ?? {}));
  const message = input.message ?? 'A commit\n';
  const parentOids = [...(input.parents ?? [])];
  return store.write({
    kind: 'commit',
    body: buildCommit({ treeOid, parentOids, author, committer: author, message }),
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An algorithm's oid that is surely no object's. */
export function inventedOid(algorithm: HashAlgorithm, digit: string): Oid {
  return digit.repeat(algorithm.hexLength);
}

export type OpenRepository = (algorithm: HashAlgorithm) => Promise<Repository>;
