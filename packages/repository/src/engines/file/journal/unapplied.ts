import { MalformedError } from '@git-kv/objects';
import type { RefName, RefValue } from '../../../ref-store.js';
import type { RefFiles } from '../ref-files.js';
import type { RefJournal } from './journal.js';
import { parseMarks } from './owner.js';

/**
 * What refs are by transactions that are committed and not yet, or not known to be, in the refs' own files.
 * @param held refs whose locks owners of ours hold, and those owners' tokens: only these can have such transactions
 * @param tip how far the journal counts
 * @throws {MalformedError} where an owner's file is damaged: what it has brought to its end is not known then
 * @returns a value for the refs that are under way; the files of all others say what they are
 */
export async function findUnapplied(
  journal: RefJournal,
  files: RefFiles,
  held: ReadonlyMap<RefName, string>,
  tip: number,
): Promise<Map<RefName, RefValue | null>> {
  const values = new Map<RefName, RefValue | null>();
  const marks = new Map<string, ReadonlySet<number>>();
  const names = new Map<string, RefName>();
  for (const [name, token] of held) {
    if (!marks.has(token)) {
      const path = journal.ownerPath(token);
      const bytes = await journal.disk.findFile(path);
      const { numbers, isDamaged } = parseMarks(bytes ?? new Uint8Array(), token);
      if (isDamaged) throw new MalformedError('journal owner', 0, `a line in it is no mark (${path})`);
      if (bytes) marks.set(token, numbers);
    }
    // An owner whose file is gone has brought everything to its end.
    if (marks.has(token)) names.set(files.path(name), name);
  }
  for (let position = tip; position >= journal.floor && names.size > 0; position--) {
    const record = await journal.recall(position);
    const marked = record && marks.get(record.token);
    if (record === undefined || marked === undefined) continue;
    const seenFrom = files.ofWorkTree(record.workTree);
    for (const { name, next } of record.updates) {
      const path = seenFrom.path(name);
      const wanted = names.get(path);
      if (wanted === undefined || held.get(wanted) !== record.token) continue;
      names.delete(path);
      if (!marked.has(record.number)) values.set(wanted, next);
    }
  }
  return values;
}
