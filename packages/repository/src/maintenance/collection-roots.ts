import { GitError, isGitError, type Oid } from '@git-kv/objects';
import { joinPath } from '../engines/file/path.js';
import { parseRefFile } from '../engines/file/ref-files.js';
import type { FileRepository } from '../engines/file/repository.js';
import { resolveRef } from '../ref-resolve.js';
import type { AuditedPointer } from '../ref-store.js';

/** What keeps objects alive. */
export interface CollectionRoots {
  /** What refs and HEADs point to: it has to be there. */
  readonly refs: ReadonlySet<Oid>;
  /** What logs, indexes and grafts name: what is not there any more keeps nothing. */
  readonly others: ReadonlySet<Oid>;
}

/**
 * Everything that points to objects: refs, HEAD and the index of every work tree, logs, grafts.
 * @throws {GitError} where something that may point to objects cannot be read: then nothing may be collected
 */
export async function findCollectionRoots(repository: FileRepository): Promise<CollectionRoots> {
  const refs = new Set<Oid>();
  const others = new Set<Oid>();
  for await (const pointer of repository.refs.audit()) {
    switch (pointer.type) {
      case 'ref':
      case 'head':
        if (pointer.oid !== undefined) refs.add(pointer.oid);
        else await assertReadable(repository, pointer);
        break;
      case 'log':
        for (const oid of pointer.oids) others.add(oid);
        break;
      case 'index':
        others.add(pointer.oid);
        break;
      case 'brokenJournal':
        // What it told is in the refs, or is told by the recovery to be lost.
        break;
      default:
        throw new GitError('MALFORMED', `Cannot collect garbage: ${pointer.name} is damaged (${pointer.problem})`);
    }
  }
  await addWorkTreeRefs(repository, refs, others);
  await addGrafts(repository, others);
  return { refs, others };
}

type PointingName = Extract<AuditedPointer, { type: 'ref' | 'head' }>;

/** A symbolic ref may lead to nothing. What cannot be read may have named anything. */
async function assertReadable(repository: FileRepository, { type, name, problem }: PointingName): Promise<void> {
  if (type === 'head' && problem === undefined) return;
  const fail = (cause?: unknown): never => {
    if (isGitError(cause, 'IO_FAILED')) throw cause;
    throw new GitError('MALFORMED', `Cannot collect garbage: ${name} is damaged (${problem ?? 'no object id'})`, {
      cause,
    });
  };
  try {
    // Of another work tree's HEAD the branch is in the same place as of ours. Any packed ref tells of the file of them all.
    const path = name.replace(/^(?:worktrees\/[^/]+|main-worktree)\//, '');
    const value = await repository.refs.read(name === 'packed-refs' ? 'refs/packed' : path);
    const isRead =
      type === 'ref' ? value !== undefined && 'oid' in value : name === 'HEAD' && (await leads(repository));
    if (name === 'packed-refs' || isRead) {
      // It can be read now, and could not a moment ago.
      throw new GitError('IO_FAILED', `Cannot collect garbage: ${name} cannot be read (${problem ?? 'no object id'})`);
    }
  } catch (error) {
    if (isGitError(error)) fail(error);
    throw error;
  }
  if (type === 'head' && problem?.startsWith('it points to ') === false) fail();
}

/** Whether HEAD leads to an object id. */
async function leads({ refs }: FileRepository): Promise<boolean> {
  return (await resolveRef(refs, 'HEAD'))?.oid !== undefined;
}

/** Refs that linked work trees have for themselves, such as those of a bisection, and their logs. */
async function addWorkTreeRefs(repository: FileRepository, refs: Set<Oid>, others: Set<Oid>): Promise<void> {
  const { disk } = repository.objects;
  const { commonDirectory } = repository.layout;
  const below = async function* (directory: string): AsyncGenerator<string> {
    for (const { name, kind } of await disk.findEntries(directory)) {
      const path = joinPath(directory, name);
      if (kind === 'directory') yield* below(path);
      else if (!name.endsWith('.lock')) yield path;
    }
  };
  const trees = (await disk.findEntries(joinPath(commonDirectory, 'worktrees'))).map(
    ({ name }) => `worktrees/${name}/`,
  );
  for (const prefix of ['', ...trees]) {
    const directory = joinPath(commonDirectory, prefix);
    const kinds = prefix === '' ? ['refs/bisect', 'refs/worktree', 'refs/rewritten'] : ['refs'];
    for (const kind of kinds) {
      for await (const path of below(joinPath(directory, kind))) {
        const bytes = await disk.findFile(path);
        const value = bytes && parseRefFile(path.slice(directory.length), bytes, repository.algorithm);
        if (value && 'oid' in value) refs.add(value.oid);
      }
      for await (const path of below(joinPath(directory, `logs/${kind}`))) await addHex(repository, path, others);
    }
  }
}

async function addGrafts(repository: FileRepository, others: Set<Oid>): Promise<void> {
  await addHex(repository, joinPath(repository.layout.commonDirectory, 'info/grafts'), others);
}

/** Every word of a file that looks like an object id. */
async function addHex(repository: FileRepository, path: string, oids: Set<Oid>): Promise<void> {
  const bytes = await repository.objects.disk.findFile(path);
  if (bytes === undefined) return;
  const { hexLength, zeroOid } = repository.algorithm;
  const words = new TextDecoder('latin1').decode(bytes).matchAll(new RegExp(`\\b[0-9a-f]{${hexLength}}\\b`, 'g'));
  for (const [oid] of words) if (oid !== zeroOid) oids.add(oid);
}
