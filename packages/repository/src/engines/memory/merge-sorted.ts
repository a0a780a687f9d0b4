/** The values of several sorted sources, sorted, each once. For few sources: each step looks at all of them. */
export function* mergeSorted(sources: readonly Iterable<string>[]): Generator<string> {
  const heads: { value: string; readonly rest: Iterator<string> }[] = [];
  for (const source of sources) {
    const rest = source[Symbol.iterator]();
    const first = rest.next();
    if (!first.done) heads.push({ value: first.value, rest });
  }
  let last: string | undefined;
  while (heads.length > 0) {
    let least = 0;
    for (let at = 1; at < heads.length; at++) {
      if ((heads[at] as { value: string }).value < (heads[least] as { value: string }).value) least = at;
    }
    const head = heads[least] as (typeof heads)[number];
    if (head.value !== last) yield head.value;
    last = head.value;
    const next = head.rest.next();
    if (next.done) heads.splice(least, 1);
    else head.value = next.value;
  }
}
