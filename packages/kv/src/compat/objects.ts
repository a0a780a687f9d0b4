import {
  compareBytes,
  decodeUtf8,
  encodeUtf8,
  type HashAlgorithm,
  isGitError,
  kindOfMode,
  type Oid,
  parseTagLinks,
  parseTree,
  type RawObject,
  serializeTree,
  sortTreeEntries,
} from '@git-kv/objects';
import type { ObjectReader } from '@git-kv/repository';
import { CompatError, calling, notFound, wrongType } from './errors.js';
import { resolveName } from './refs.js';
import { bare, withRepository } from './repository.js';
import type { CompatTreeEntry, ReadBlobResult, ReadTreeResult, RepositoryArguments } from './types.js';

/** An entry of a tree with its place from the root. */
export interface FoundEntry {
  readonly mode: number;
  readonly oid: Oid;
}

/** @throws {CompatError} NotFoundError */
export async function readRaw(reader: ObjectReader, oid: Oid): Promise<RawObject> {
  const object = await reader.read(oid).catch((error: unknown) => {
    // What is no id at all, the name of a branch say, is the id of nothing.
    if (isGitError(error, 'INVALID_OID')) throw notFound(oid, error);
    throw error;
  });
  if (object === undefined) throw notFound(oid);
  return object;
}

/** The object that `oid` comes to where it is a tag. @throws {CompatError} NotFoundError, ObjectTypeError */
export async function readPeeled(
  reader: ObjectReader,
  oid: Oid,
  expected: 'commit' | 'tree' | 'blob',
): Promise<{ readonly oid: Oid; readonly body: Uint8Array }> {
  for (let at = oid; ; ) {
    if (expected === 'tree' && at === reader.algorithm.emptyTreeOid) return { oid: at, body: new Uint8Array(0) };
    const object = await readRaw(reader, at);
    if (object.kind === expected) return { oid: at, body: object.body };
    if (object.kind === 'tag') at = parseTagLinks(object.body).targetOid;
    else if (object.kind === 'commit' && expected === 'tree') at = treeOf(object.body, reader.algorithm);
    else throw wrongType(at, object.kind, expected);
  }
}

/** A commit begins with its tree. */
function treeOf(body: Uint8Array, { hexLength }: HashAlgorithm): Oid {
  return decodeUtf8(body.subarray('tree '.length, 'tree '.length + hexLength));
}

/**
 * What is at `filepath` below a tree, or a commit or tag that leads to one.
 * @throws {CompatError} NotFoundError, ObjectTypeError, InvalidFilepathError
 */
export async function findEntry(reader: ObjectReader, oid: Oid, filepath: string): Promise<FoundEntry> {
  for (const [isWrong, reason] of [
    [filepath.startsWith('/'), 'leading-slash'],
    [filepath.endsWith('/'), 'trailing-slash'],
  ] as const) {
    if (!isWrong) continue;
    const message = 'Cannot use the filepath: it must neither begin nor end with a slash';
    throw new CompatError('InvalidFilepathError', message, { reason });
  }
  const root = await readPeeled(reader, oid, 'tree');
  let found: FoundEntry = { mode: 0o40000, oid: root.oid };
  let body = root.body;
  const names = filepath === '' ? [] : filepath.split('/');
  for (const [depth, name] of names.entries()) {
    if (depth > 0) {
      const object = await readRaw(reader, found.oid);
      if (object.kind !== 'tree') throw wrongType(oid, object.kind, 'tree', filepath);
      body = object.body;
    }
    const entry = parseTree(body, reader.algorithm.oidLength).find((one) => decodeUtf8(one.name) === name);
    if (entry === undefined) throw notFound(`file or directory found at "${oid}:${filepath}"`);
    found = { mode: entry.mode, oid: entry.oid };
  }
  return found;
}

/** The entries of a tree in the order of their names, as isomorphic-git lists them. */
export function listTree(body: Uint8Array, algorithm: HashAlgorithm): CompatTreeEntry[] {
  const entries = parseTree(body, algorithm.oidLength).map(({ mode, name, oid }) => ({
    mode: mode.toString(8).padStart(6, '0'),
    path: decodeUtf8(name),
    oid,
    type: kindOfMode(mode) as CompatTreeEntry['type'],
    key: name,
  }));
  entries.sort((a, b) => compareBytes(a.key, b.key));
  return entries.map(({ mode, path, oid, type }) => ({ mode, path, oid, type }));
}

/** A blob, or what leads to one: with `filepath`, the file of a commit or tree. */
export function readBlob(
  args: RepositoryArguments & { readonly oid: string; readonly filepath?: string },
): Promise<ReadBlobResult> {
  return calling('git.readBlob', () =>
    withRepository(
      args,
      async ({ repository: { objects } }) => {
        const { filepath } = args;
        const oid = filepath === undefined ? args.oid : (await findEntry(objects, args.oid, filepath)).oid;
        const found = await readPeeled(objects, oid, 'blob');
        return { oid: found.oid, blob: found.body.slice() };
      },
      { oid: args.oid },
    ),
  );
}

/** Store a blob. @returns its id */
export function writeBlob(args: RepositoryArguments & { readonly blob: Uint8Array }): Promise<string> {
  return calling('git.writeBlob', () =>
    withRepository(args, ({ repository }) => repository.objects.write({ kind: 'blob', body: args.blob }), {
      blob: args.blob,
    }),
  );
}

/** A tree, or what leads to one: with `filepath`, a directory of it. */
export function readTree(
  args: RepositoryArguments & { readonly oid: string; readonly filepath?: string },
): Promise<ReadTreeResult> {
  return calling('git.readTree', () =>
    withRepository(
      args,
      async ({ repository: { objects } }) => {
        const { filepath } = args;
        const oid = filepath === undefined ? args.oid : (await findEntry(objects, args.oid, filepath)).oid;
        const found = await readPeeled(objects, oid, 'tree');
        return { oid: found.oid, tree: listTree(found.body, objects.algorithm) };
      },
      { oid: args.oid },
    ),
  );
}

/** Store a tree. A mode is octal text, or a number as `stat` has it. @returns its id */
export function writeTree(
  args: RepositoryArguments & {
    readonly tree: readonly (Omit<CompatTreeEntry, 'mode' | 'type'> & { readonly mode: string | number })[];
  },
): Promise<string> {
  return calling('git.writeTree', () =>
    withRepository(
      args,
      async ({ repository: { objects } }) => {
        const entries = args.tree.map(({ mode, path, oid }) => ({
          mode: allowedMode(mode),
          name: encodeUtf8(path),
          oid,
        }));
        return await objects.write({ kind: 'tree', body: serializeTree(sortTreeEntries(entries), objects.algorithm) });
      },
      { tree: args.tree },
    ),
  );
}

/** How isomorphic-git reads a mode as one that a tree may have. */
const MODES: readonly (readonly [pattern: RegExp, mode: number])[] = [
  [/^0?4/, 0o040000],
  [/^1006/, 0o100644],
  [/^1007/, 0o100755],
  [/^120/, 0o120000],
  [/^160/, 0o160000],
];

/** @throws {CompatError} InternalError */
function allowedMode(mode: string | number): number {
  const text = typeof mode === 'number' ? mode.toString(8) : String(mode);
  const found = MODES.find(([pattern]) => pattern.test(text));
  if (found !== undefined) return found[1];
  const message = `Cannot write the tree: ${JSON.stringify(text.slice(0, 80))} is no mode of an entry`;
  throw new CompatError('InternalError', message, { message });
}

/** Paths of all files of a commit. Without `ref` isomorphic-git lists its index, which is not here. */
export function listFiles(args: RepositoryArguments & { readonly ref?: string }): Promise<string[]> {
  return calling('git.listFiles', () =>
    withRepository(args, async ({ repository: { objects, refs } }) => {
      const { ref } = args;
      if (ref === undefined) throw bare('list files', 'give a ref');
      const paths: string[] = [];
      const visit = async (oid: Oid, prefix: string): Promise<void> => {
        const { body } = await readPeeled(objects, oid, 'tree');
        for (const entry of listTree(body, objects.algorithm)) {
          if (entry.type === 'tree') await visit(entry.oid, `${prefix}${entry.path}/`);
          else paths.push(`${prefix}${entry.path}`);
        }
      };
      await visit(await resolveName(refs, ref), '');
      return paths;
    }),
  );
}
