import type { Oid } from '@git-kv/objects';

/**
 * The commits at a boundary as git lists them: the last found first, but none before a child of it.
 * @param found in the order a walk met them
 * @param parents of these commits, as far as they are known
 */
export function orderBoundary(found: readonly Oid[], parents: ReadonlyMap<Oid, readonly Oid[]>): Oid[] {
  const children = new Map<Oid, number>(found.map((oid) => [oid, 0]));
  for (const oid of found) {
    for (const parentOid of parents.get(oid) ?? []) {
      const count = children.get(parentOid);
      if (count !== undefined) children.set(parentOid, count + 1);
    }
  }
  const ready = found.filter((oid) => children.get(oid) === 0); // a stack: the last found is on top
  const ordered: Oid[] = [];
  for (let oid = ready.pop(); oid !== undefined; oid = ready.pop()) {
    ordered.push(oid);
    for (const parentOid of parents.get(oid) ?? []) {
      const left = (children.get(parentOid) ?? 0) - 1;
      children.set(parentOid, left);
      if (left === 0) ready.push(parentOid);
    }
  }
  return ordered;
}
