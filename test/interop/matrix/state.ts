import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gitAsync } from '../../support/git-process.js';

/** What a repository came to. */
export interface RepositoryState {
  /** What HEAD says. */
  readonly head: string;
  /** `oid name`, without HEAD. */
  readonly refs: readonly string[];
  readonly shallow: readonly string[];
  /** Objects that refs reach and that are not there. */
  readonly missing: readonly string[];
  /** What `git fsck --strict` has against it. */
  readonly complaints: string;
}

/** Read it from the files; what the objects are worth, git says. `isPartial`: also what is missing. */
export async function readState(
  directory: string,
  { isPartial = false, isTrusted = false }: { readonly isPartial?: boolean; readonly isTrusted?: boolean } = {},
): Promise<RepositoryState> {
  const fsck = isTrusted ? undefined : await gitAsync(['fsck', '--strict', '--no-dangling'], { cwd: directory });
  const listed = isPartial
    ? await gitAsync(['rev-list', '--objects', '--all', '--missing=print'], { cwd: directory })
    : undefined;
  const missing = linesOf(listed?.stdout ?? '').filter((line) => line.startsWith('?'));
  return {
    head: readFileSync(join(directory, 'HEAD'), 'utf8').trim(),
    refs: readRefs(directory),
    shallow: linesOf(textOf(join(directory, 'shallow'))),
    missing,
    complaints: [fsck, listed].map((ended) => (ended === undefined || ended.code === 0 ? '' : ended.stderr)).join(''),
  };
}

const linesOf = (text: string): string[] => text.split('\n').filter(Boolean).sort();

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** Loose refs over packed ones. */
function readRefs(directory: string): string[] {
  const refs = new Map<string, string>();
  for (const line of linesOf(textOf(join(directory, 'packed-refs')))) {
    const [, oid, name] = /^([0-9a-f]+) (.+)$/.exec(line) ?? [];
    if (oid !== undefined && name !== undefined) refs.set(name, oid);
  }
  for (const entry of readdirSync(join(directory, 'refs'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    refs.set(relative(directory, path), readFileSync(path, 'utf8').trim());
  }
  return [...refs].map(([name, oid]) => `${oid} ${name}`).sort();
}

/** With remote-tracking branches as the branches that they are: isomorphic-git makes no bare clones. */
export function asBare(state: RepositoryState): RepositoryState {
  const refs = state.refs
    .filter((line) => !line.endsWith(' refs/remotes/origin/HEAD'))
    .map((line) => line.replace(' refs/remotes/origin/', ' refs/heads/'));
  return { ...state, refs: [...new Set(refs)].sort() };
}
