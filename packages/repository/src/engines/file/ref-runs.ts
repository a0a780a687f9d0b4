import type { RefEntry, RefName, RefValue } from '../../ref-store.js';
import type { PackedRefs } from './packed-refs.js';

/** Entries of packed-refs, from one place to another. */
export interface PackedRun {
  readonly packed: PackedRefs;
  readonly from: number;
  readonly to: number;
}

/** What is packed, but for `names`, of which those that are loose come in their place. */
export function* mergedRuns(
  prefixes: readonly string[],
  refs: {
    readonly names: readonly RefName[];
    readonly loose: ReadonlyMap<RefName, RefValue>;
    readonly packed: PackedRefs;
  },
): Generator<RefEntry | PackedRun, void, undefined> {
  const { names, loose, packed } = refs;
  for (const prefix of prefixes) {
    let from = packed.place(prefix);
    for (const name of names) {
      if (!name.startsWith(prefix)) continue;
      const to = packed.place(name);
      if (from < to) yield { packed, from, to };
      const value = loose.get(name);
      if (value) yield { name, value };
      // The loose value is the newer one.
      from = packed.isAt(to, name) ? to + 1 : to;
    }
    const to = packed.place(prefix, true);
    if (from < to) yield { packed, from, to };
  }
}

/** One by one. */
export function* entriesOf({ packed, from, to }: PackedRun): Generator<RefEntry, void, undefined> {
  const peeled = packed.isFullyPeeled ? { isPeeled: true } : undefined;
  for (const { name, oid, peeledOid } of packed.between(from, to)) {
    yield { name, value: { oid }, ...(peeledOid && { peeledOid }), ...peeled };
  }
}
