import type { LsRefsRequest, RemoteRef } from '@git-kv/protocol';
import { peelTag, resolveRef } from '../ref-resolve.js';
import type { RefEntry } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { RefLineChunks } from './ref-line-chunks.js';
import { type RefReader, type RefVisibility, visibleRefs } from './visible-refs.js';

type ListOptions = RefVisibility & { readonly signal?: AbortSignal };

/**
 * The answer to `ls-refs`: HEAD first, then every ref that begins with one of the prefixes, sorted by name. Hidden refs are left
 * out, and so is HEAD where it points to one.
 */
export async function* listRefs(
  repository: Repository,
  request: LsRefsRequest,
  options: ListOptions = {},
): AsyncGenerator<RemoteRef> {
  const refs = visibleRefs(repository.refs, options);
  const matches = prefixFilter(request.prefixes);
  if (matches('HEAD')) {
    const head = await describeHead(repository, refs, request, options);
    if (head) yield head;
  }
  for await (const entry of refs.list(commonPrefix(request.prefixes))) {
    options.signal?.throwIfAborted();
    if (!matches(entry.name)) continue;
    const ref = describeAtOnce(entry, request) ?? (await describe(repository, refs, entry, request, options));
    if (ref) yield ref;
  }
}

/** The same as lines of the protocol, many at a time. */
export async function* listRefLines(
  repository: Repository,
  request: LsRefsRequest,
  options: ListOptions = {},
): AsyncGenerator<Uint8Array> {
  const chunks = new RefLineChunks(repository.algorithm);
  const prefixes = options.hidden?.length ? undefined : runPrefixes(request.prefixes);
  if (prefixes === undefined || repository.refs.listRuns === undefined) {
    for await (const ref of listRefs(repository, request, options)) {
      chunks.addRef(ref);
      if (chunks.isFull) yield chunks.take();
    }
    yield chunks.take();
    return;
  }
  const { refs } = repository;
  if (prefixFilter(request.prefixes)('HEAD')) {
    const head = await describeHead(repository, refs, request, options);
    if (head) chunks.addRef(head);
  }
  for await (const run of repository.refs.listRuns(prefixes)) {
    options.signal?.throwIfAborted();
    if ('lines' in run) {
      for (let at = 0; at < run.lines.length; ) {
        at = chunks.addText(run.lines, at, request.peel);
        if (chunks.isFull) yield chunks.take();
      }
    } else {
      const ref = describeAtOnce(run, request) ?? (await describe(repository, refs, run, request, options));
      if (ref) chunks.addRef(ref);
      if (chunks.isFull) yield chunks.take();
    }
  }
  yield chunks.take();
}

async function describeHead(
  repository: Repository,
  refs: RefReader,
  request: LsRefsRequest,
  options: ListOptions,
): Promise<RemoteRef | undefined> {
  const value = await refs.read('HEAD');
  return value && (await describe(repository, refs, { name: 'HEAD', value }, request, options));
}

/** Most refs: nothing has to be read, nor waited for. */
function describeAtOnce(
  { name, value, peeledOid, isPeeled }: RefEntry,
  { peel }: LsRefsRequest,
): RemoteRef | undefined {
  if (!('oid' in value) || (peel && peeledOid === undefined && !isPeeled)) return undefined;
  return { name, oid: value.oid, ...(peel && peeledOid !== undefined && { peeledOid }) };
}

async function describe(
  repository: Repository,
  refs: RefReader,
  entry: RefEntry,
  request: LsRefsRequest,
  { signal }: ListOptions,
): Promise<RemoteRef | undefined> {
  const resolved = 'oid' in entry.value ? undefined : await resolveRef(refs, entry.name);
  const oid = 'oid' in entry.value ? entry.value.oid : resolved?.oid;
  const isUnborn = oid === undefined;
  if (isUnborn && !(request.unborn && entry.name === 'HEAD')) return undefined;
  const target = request.symrefs || isUnborn ? resolved?.name : undefined;
  const peeledOid =
    request.peel && oid !== undefined
      ? (entry.peeledOid ?? (await peelTag(repository.objects, oid, signal ? { signal } : {})))
      : undefined;
  return {
    name: entry.name,
    oid,
    ...(target === undefined ? {} : { target }),
    ...(peeledOid === undefined ? {} : { peeledOid }),
  };
}

/** Prefixes that are listed one by one: with more, all that they share is listed once. */
const MAX_RUN_PREFIXES = 16;

/** What to list by runs, sorted; `undefined` where it goes by {@link commonPrefix}. */
function runPrefixes(asked: readonly string[]): readonly string[] | undefined {
  if (asked.length === 0) return ['refs/'];
  const prefixes = minimalPrefixes(asked.filter((prefix) => prefix !== 'HEAD'));
  // By these, names sort alike as text and as bytes.
  const isPlain = prefixes.every((prefix) => /^refs\/[\x20-\x7e]*$/.test(prefix));
  return isPlain && prefixes.length <= MAX_RUN_PREFIXES ? prefixes : undefined;
}

/** Those that no other begins, sorted. */
function minimalPrefixes(prefixes: readonly string[]): string[] {
  const minimal: string[] = [];
  for (const prefix of [...prefixes].sort()) {
    const last = minimal.at(-1);
    if (last === undefined || !prefix.startsWith(last)) minimal.push(prefix);
  }
  return minimal;
}

/** Whether a name begins with one of `prefixes`, or there are none. A client may send tens of thousands. */
function prefixFilter(prefixes: readonly string[]): (name: string) => boolean {
  if (prefixes.length === 0) return () => true;
  // Sorted, and without those that another one is a prefix of, at most one can match: the last that is not after the name.
  const minimal = minimalPrefixes(prefixes);
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
