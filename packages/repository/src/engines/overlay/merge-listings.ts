import type { Oid } from '@git-kv/objects';

/** The ids of several sorted listings, sorted, each once. For few listings: each step looks at all of them. */
export async function* mergeListings(listings: readonly AsyncIterable<Oid>[]): AsyncGenerator<Oid, void, undefined> {
  const rests = listings.map((listing) => listing[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(rests.map((rest) => rest.next()));
    for (;;) {
      let least: Oid | undefined;
      for (const head of heads) if (!head.done && (least === undefined || head.value < least)) least = head.value;
      if (least === undefined) return;
      yield least;
      for (const [at, head] of heads.entries()) {
        if (!head.done && head.value === least) heads[at] = await (rests[at] as AsyncIterator<Oid>).next();
      }
    }
  } finally {
    for (const rest of rests) await rest.return?.();
  }
}
