import type { RefValue } from '../../ref-store.js';

/** Whether two ref values, or two absences, are the same. */
export function sameValue(a: RefValue | null, b: RefValue | null): boolean {
  if (a === null || b === null) return a === b;
  if ('oid' in a) return 'oid' in b && a.oid === b.oid;
  return 'target' in b && a.target === b.target;
}
