import { encodeUtf8, FileMode, type Oid } from '@git-kv/objects';
import { diffTrees, editTree, type ObjectReader, type Repository } from '@git-kv/repository';

/** What stands at a path: text of a value, or any entry whose body is text. */
export type Entry = string | { readonly mode: number; readonly text?: string; readonly oid?: Oid };

/** Store a tree of `entries`, by path. */
export async function writeTree(repository: Repository, entries: Readonly<Record<string, Entry>>): Promise<Oid> {
  const edits = [];
  for (const [path, entry] of Object.entries(entries)) {
    const { mode, text = '', oid } = typeof entry === 'string' ? { mode: FileMode.regular, text: entry } : entry;
    const target = oid ?? (await repository.objects.write({ kind: 'blob', body: encodeUtf8(text) }));
    edits.push({ path: path.split('/'), entry: { mode, oid: target } });
  }
  const edited = await editTree(repository.objects, undefined, edits);
  if (edited.status === 'conflict') throw new TypeError('A value and a dictionary have one name');
  await repository.objects.writeMany(edited.objects);
  return edited.treeOid;
}

/** The values of a tree, by path; what is no plain value as `<mode in octal> <text>`. */
export async function readTree(repository: Repository, treeOid: Oid): Promise<Record<string, string>> {
  const entries: Record<string, string> = {};
  for await (const { path, new: target } of diffTrees(repository.objects, undefined, treeOid)) {
    const { mode, oid } = target as { mode: number; oid: Oid };
    const object = mode === FileMode.gitlink ? undefined : await repository.objects.read(oid);
    const text = object === undefined ? oid : new TextDecoder().decode(object.body);
    entries[path] = mode === FileMode.regular ? text : `${mode.toString(8)} ${text}`;
  }
  return entries;
}

/** A reader that adds to `read` the ids of what is read through it. */
export function notingReads(objects: ObjectReader, read: Set<Oid>): ObjectReader {
  return {
    algorithm: objects.algorithm,
    read: (oid) => {
      read.add(oid);
      return objects.read(oid);
    },
    stat: (oid) => objects.stat(oid),
    readMany: (oids) => {
      const list = [...oids];
      for (const oid of list) read.add(oid);
      return objects.readMany(list);
    },
  };
}
