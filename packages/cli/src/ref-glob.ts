import { globPattern, isGlob, type Repository, resolveRef } from '@git-kv/repository';

/** A ref that comes to an object. */
export interface NamedOid {
  readonly name: string;
  readonly oid: string;
}

/**
 * The refs that `--branches=GLOB` and its like name: below `prefix`, and all of them where there is no pattern. A pattern
 * without `*`, `?` and `[` means all that is below it.
 * @see git's refs.c, for_each_glob_ref_in()
 */
export async function listRefs(repository: Repository, prefix: string, pattern?: string): Promise<NamedOid[]> {
  const refs: NamedOid[] = [];
  const glob = pattern === undefined ? undefined : refGlob(prefix, pattern);
  for await (const { name, value } of repository.refs.list(prefix)) {
    if (glob !== undefined && !glob.test(Buffer.from(name).toString('latin1'))) continue;
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid !== undefined) refs.push({ name, oid });
  }
  return refs;
}

function refGlob(prefix: string, pattern: string): RegExp {
  const full = prefix === 'refs/' && pattern.startsWith('refs/') ? pattern : prefix + pattern;
  return globPattern(isGlob(pattern) ? full : `${full}${full.endsWith('/') ? '' : '/'}*`);
}
