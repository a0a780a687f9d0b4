import { createHash } from 'node:crypto';
import { isSafeRefName } from '@git-kv/objects';
import {
  parseJournalRecord,
  serializeJournalRecord,
} from '../../../../packages/repository/src/engines/file/journal/record.js';
import { algorithmOfVariant } from '../../lib/formats.js';
import { hashNameOf } from '../../lib/repair.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const PATH = 'git-kv/journal/0000000000000001';

/** The last line is the digest of all lines before it. */
function repairDigest(bytes: Uint8Array, variant: string | undefined): Uint8Array {
  const start = Buffer.from(bytes).lastIndexOf('\ndigest ') + 1;
  const content = bytes.subarray(0, start > 0 ? start : bytes.length);
  const digest = createHash(hashNameOf(variant)).update(content).digest('hex');
  return new Uint8Array(Buffer.concat([content, Buffer.from(`digest ${digest}\n`)]));
}

export const journalRecord: FuzzTarget = {
  name: 'journal-record',
  about: 'a committed ref transaction of the journal: what is read is safe to do, and written again it reads the same',
  isText: true,
  dictionary: ['ref ', ' - ', '@refs/heads/', '../', 'attachment 3\n', 'worktree ', '%2e%2e', 'digest ', '\n', '\0'],
  seeds: () =>
    (['sha1', 'sha256'] as const).map((format) => {
      const algorithm = algorithmOfVariant(format);
      const oid = (digit: string): string => digit.repeat(algorithm.hexLength);
      const record = {
        token: 'abc123',
        number: 7,
        timeMs: 1_700_000_000_123,
        term: 3,
        floor: 1,
        workTree: 'worktrees/a b',
        updates: [
          { name: 'HEAD', expected: { target: 'refs/heads/main' }, next: { oid: oid('1') } },
          { name: 'refs/heads/new', expected: null, next: { oid: oid('2') } },
          { name: 'refs/heads/old', expected: { oid: oid('3') }, next: null },
        ],
        attachment: Uint8Array.of(0, 10, 255),
      };
      return { bytes: serializeJournalRecord(record, algorithm), variant: format };
    }),
  repair: repairDigest,
  execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const record = parseJournalRecord(bytes, algorithm, PATH);
    ensure(/^[a-z0-9]+$/.test(record.token), 'the token of its owner would be a path');
    for (const { name, expected, next } of record.updates) {
      ensure(isSafeRefName(name), `${JSON.stringify(name)} is no safe name`);
      for (const value of [expected, next]) {
        if (value === null) continue;
        if ('target' in value) ensure(isSafeRefName(value.target), `${JSON.stringify(value.target)} is no safe name`);
        else ensure(value.oid.length === algorithm.hexLength, 'an object id is none');
      }
    }
    const again = parseJournalRecord(serializeJournalRecord(record, algorithm), algorithm, PATH);
    ensure(JSON.stringify(again) === JSON.stringify(record), 'it reads differently when written again');
  },
};
