import type { Readable } from 'node:stream';
import { isOid, type Oid } from '@git-kv/objects';
import { resolveRef } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError } from './console.js';
import { findNamed } from './find-named.js';
import { readLines } from './input.js';

/** What a list of revisions asks for. */
export interface RevisionRange {
  readonly wants: readonly Oid[];
  readonly haves: readonly Oid[];
  /** Where history ends: the repository's own boundary, and what `--shallow` lines add. */
  readonly shallow: ReadonlySet<Oid>;
}

/**
 * Read revisions as `git pack-objects --revs` does, a line each up to an empty one: `REV`, `^REV`, `A..B`, `--not` (which turns
 * round what follows) and `--shallow OID`.
 */
export async function readRevisions(
  repository: FileRepository,
  input: Readable,
  options: { readonly all?: boolean } = {},
): Promise<RevisionRange> {
  const wants: Oid[] = options.all === true ? await allRefs(repository) : [];
  const haves: Oid[] = [];
  const shallow = new Set(await repository.shallow.read());
  let isTurned = false;
  const add = async (revision: string, isExcluded: boolean, line: string): Promise<void> => {
    const oid = await find(repository, revision === '' ? 'HEAD' : revision);
    if (oid === undefined) throw new CommandError(`bad revision '${line}'`);
    (isExcluded === isTurned ? wants : haves).push(oid);
  };
  for await (const bytes of readLines(input)) {
    const line = new TextDecoder().decode(bytes);
    if (line === '') break;
    const [, shallowOid] = /^--shallow (.*)$/.exec(line) ?? [];
    const [, from, to] = /^([^.^].*?|)\.\.(?!\.)(.*)$/.exec(line) ?? [];
    if (line === '--not') isTurned = !isTurned;
    else if (shallowOid !== undefined) {
      if (!isOid(shallowOid)) throw new CommandError(`not an object name '${shallowOid}'`);
      shallow.add(shallowOid);
    } else if (line.startsWith('-')) throw new CommandError(`not a rev '${line}'`);
    else if (line.startsWith('^')) await add(line.slice(1), true, line);
    else if (from !== undefined && to !== undefined) {
      await add(from, true, line);
      await add(to, false, line);
    } else await add(line, false, line);
  }
  return { wants, haves, shallow };
}

/** What every ref and HEAD hold. */
async function allRefs(repository: FileRepository): Promise<Oid[]> {
  const oids = new Set<Oid>();
  for await (const { name, value } of repository.refs.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid !== undefined) oids.add(oid);
  }
  const head = (await resolveRef(repository.refs, 'HEAD'))?.oid;
  if (head !== undefined) oids.add(head);
  return [...oids];
}

async function find(repository: FileRepository, revision: string): Promise<Oid | undefined> {
  const oid = await findNamed(repository, revision);
  return oid !== undefined && (await repository.objects.stat(oid)) !== undefined ? oid : undefined;
}
