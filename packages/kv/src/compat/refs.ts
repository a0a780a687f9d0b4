import { isSafeRefName } from '@git-kv/objects';
import type { RefStore } from '@git-kv/repository';
import { CompatError, calling, notFound } from './errors.js';
import { withRepository } from './repository.js';
import type { RepositoryArguments } from './types.js';

/** Where a short name is looked for. @see gitrevisions(7) */
const PLACES: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `refs/${name}`,
  (name) => `refs/tags/${name}`,
  (name) => `refs/heads/${name}`,
  (name) => `refs/remotes/${name}`,
  (name) => `refs/remotes/${name}/HEAD`,
];

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const SYMBOLIC = 'ref: ';

/**
 * What a ref holds, followed to the object id; with `depth`, after so many steps, of which reading a ref is one and following what it
 * says another: 2 gives the branch that HEAD names.
 */
export function resolveRef(
  args: RepositoryArguments & { readonly ref: string; readonly depth?: number },
): Promise<string> {
  return calling('git.resolveRef', () =>
    withRepository(args, ({ repository }) => resolveName(repository.refs, args.ref, args.depth), { ref: args.ref }),
  );
}

/** @throws {CompatError} NotFoundError */
export async function resolveName(
  refs: Pick<RefStore, 'read'>,
  ref: string,
  depth: number = Number.POSITIVE_INFINITY,
): Promise<string> {
  const visited = new Set<string>();
  let at = ref;
  for (let left = depth; left > 0; left--) {
    if (at.startsWith(SYMBOLIC)) {
      at = at.slice(SYMBOLIC.length);
      continue;
    }
    if (OID.test(at)) return at;
    const found = await findRef(refs, at);
    if (found === undefined) throw notFound(at);
    if (visited.has(found.name)) throw new CompatError('InternalError', `Cannot resolve ${ref}: it leads to itself`);
    visited.add(found.name);
    at = found.text;
  }
  return at;
}

/** The full name of a ref that is there. @throws {CompatError} NotFoundError */
export async function expandName(refs: Pick<RefStore, 'read'>, ref: string): Promise<string> {
  if (OID.test(ref)) return ref;
  const found = await findRef(refs, ref);
  if (found === undefined) throw notFound(ref);
  return found.name;
}

/** The full name of the first that is among `names`. */
export function expandAgainst(names: ReadonlySet<string>, ref: string): string | undefined {
  return PLACES.map((place) => place(ref)).find((name) => names.has(name));
}

async function findRef(
  refs: Pick<RefStore, 'read'>,
  ref: string,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  for (const place of PLACES) {
    const name = place(ref);
    if (!isSafeRefName(name)) continue;
    const value = await refs.read(name);
    if (value !== undefined) return { name, text: 'oid' in value ? value.oid : `${SYMBOLIC}${value.target}` };
  }
  return undefined;
}

/** The branch that HEAD names, in full; `undefined` where it names none. */
export async function headBranch(refs: Pick<RefStore, 'read'>): Promise<string | undefined> {
  const value = await refs.read('HEAD');
  return value !== undefined && 'target' in value ? value.target : undefined;
}
