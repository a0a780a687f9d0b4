import { type HashAlgorithm, isGitError } from '@git-kv/objects';
import type { Disk } from '../disk.js';
import { joinPath } from '../path.js';
import { journalDirectory, journalFile } from './names.js';
import { parseMarks, parseOwner } from './owner.js';
import { parseJournalRecord } from './record.js';

/** A file of the journal that is not as it was written. */
export interface JournalDamage {
  readonly path: string;
  readonly problem: string;
}

/** Look at every file of the journal. Changes nothing, and tells nothing of what is just being written. */
export async function* auditJournal(
  disk: Disk,
  commonDirectory: string,
  algorithm: HashAlgorithm,
): AsyncGenerator<JournalDamage> {
  const directory = journalDirectory(commonDirectory);
  for (const { name } of await disk.findEntries(directory)) {
    const path = joinPath(directory, name);
    const file = journalFile(name);
    const bytes = file.type === 'temporary' ? undefined : await disk.findFile(path);
    // Dropped meanwhile, as records are when others have come.
    if (bytes === undefined) continue;
    const problem = file.type === 'record' ? problemOfRecord(bytes, algorithm, path) : problemOfOwner(bytes, file);
    if (problem !== undefined) yield { path, problem };
  }
}

function problemOfRecord(bytes: Uint8Array, algorithm: HashAlgorithm, path: string): string | undefined {
  try {
    parseJournalRecord(bytes, algorithm, path);
    return undefined;
  } catch (error) {
    if (!isGitError(error, 'MALFORMED')) throw error;
    return error.message;
  }
}

function problemOfOwner(bytes: Uint8Array, file: ReturnType<typeof journalFile>): string | undefined {
  if (file.type === 'foreign' || bytes.every((byte) => byte === 0)) return undefined;
  const owner = parseOwner(bytes);
  if (owner === undefined) return 'it does not say whose it is';
  if (file.type === 'owner' && owner.token !== file.token) return 'it is of another owner than its name says';
  return parseMarks(bytes, owner.token).isDamaged ? 'a line in it is no mark of a transaction' : undefined;
}
