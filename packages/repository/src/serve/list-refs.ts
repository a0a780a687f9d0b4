import type { LsRefsRequest, RemoteRef } from '@git-kv/protocol';
import { peelTag, resolveRef } from '../ref-resolve.js';
import type { RefEntry } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { type RefVisibility, visibleRefs } from './visible-refs.js';

/**
 * The answer to `ls-refs`: HEAD first, then every ref that begins with one of the prefixes, sorted by name. Hidden refs are left
 * out, and so is HEAD where it points to one.
 */
export async function* listRefs(
  repository: Repository,
  request: LsRefsRequest,
  { signal, ...visibility }: RefVisibility & { readonly signal?: AbortSignal } = {},
): AsyncGenerator<RemoteRef> {
  const options = signal ? { signal } : {};
  const refs = visibleRefs(repository.refs, visibility);
  const matches = prefixFilter(request.prefixes);

  const describe = async (entry: RefEntry): Promise<RemoteRef | undefined> => {
    const resolved = 'oid' in entry.value ? undefined : await resolveRef(refs, entry.name);
    const oid = 'oid' in entry.value ? entry.value.oid : resolved?.oid;
    const isUnborn = oid === undefined;
    if (isUnborn && !(request.unborn && entry.name === 'HEAD')) return undefined;
    const target = request.symrefs || isUnborn ? resolved?.name : undefined;
    const peeledOid =
      request.peel && oid !== undefined
        ? (entry.peeledOid ?? (await peelTag(repository.objects, oid, options)))
        : undefined;
    return {
      name: entry.name,
      oid,
      ...(target === undefined ? {} : { target }),
      ...(peeledOid === undefined ? {} : { peeledOid }),
    };
  };

  if (matches('HEAD')) {
    const value = await refs.read('HEAD');
    const head = value && (await describe({ name: 'HEAD', value }));
    if (head) yield head;
  }
  for await (const entry of refs.list(commonPrefix(request.prefixes))) {
    signal?.throwIfAborted();
    if (!matches(entry.name)) continue;
    const { name, value, peeledOid, isPeeled } = entry;
    // Most refs: nothing has to be read, nor waited for.
    if ('oid' in value && (!request.peel || peeledOid !== undefined || isPeeled)) {
      yield { name, oid: value.oid, ...(request.peel && peeledOid !== undefined && { peeledOid }) };
      continue;
    }
    const ref = await describe(entry);
    if (ref) yield ref;
  }
}

/** Whether a name begins with one of `prefixes`, or there are none. A client may send tens of thousands. */
function prefixFilter(prefixes: readonly string[]): (name: string) => boolean {
  if (prefixes.length === 0) return () => true;
  // Sorted, and without those that another one is a prefix of, at most one can match: the last that is not after the name.
  const minimal: string[] = [];
  for (const prefix of [...prefixes].sort()) {
    const last = minimal.at(-1);
    if (last === undefined || !prefix.startsWith(last)) minimal.push(prefix);
  }
  return (name) => {
    let start = 0;
    for (let end = minimal.length; start < end; ) {
      const middle = (start + end) >> 1;
      if ((minimal[middle] as string) <= name) start = middle + 1;
      else end = middle;
    }
    return start > 0 && name.startsWith(minimal[start - 1] as string);
  };
}

/** The longest prefix under refs/ that all of `prefixes` share, so that a store need not list what nobody asked for. */
function commonPrefix(prefixes: readonly string[]): string {
  const named = prefixes.filter((prefix) => prefix !== 'HEAD');
  if (named.length === 0) return prefixes.length === 0 ? 'refs/' : 'refs/\0none';
  let common = named[0] as string;
  for (const prefix of named) {
    while (!prefix.startsWith(common)) common = common.slice(0, -1);
  }
  return common.startsWith('refs/') ? common : 'refs/';
}
