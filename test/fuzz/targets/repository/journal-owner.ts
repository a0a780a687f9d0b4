import {
  parseMarks,
  parseOwner,
  serializeMark,
  serializeOwner,
} from '../../../../packages/repository/src/engines/file/journal/owner.js';
import { algorithmOfVariant, textOf } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const OWNER = {
  token: 'abc123',
  host: 'a host',
  pid: 4711,
  start: '1f-2.345',
  durability: 'full',
  after: 12,
} as const;

const MARKS = [1, 2, 30];

const SEED = new Uint8Array(
  Buffer.concat([serializeOwner(OWNER), ...MARKS.map((number) => serializeMark(OWNER.token, number))]),
);

/** Eight digits behind a line are the beginning of its SHA-1. */
function repairChecks(bytes: Uint8Array): Uint8Array {
  const lines = textOf(bytes).split('\n');
  const token = lines[0]?.split(' ')[3] ?? '';
  const repaired = lines.map((line) => {
    const [, content] = /^(.*) [0-9a-f]{8}$/s.exec(line) ?? [];
    if (content === undefined) return line;
    const number = /^applied (\d+)$/.exec(content)?.[1];
    return `${content} ${checkOf(number === undefined ? content : `${token} ${Number(number)}`)}`;
  });
  return new TextEncoder().encode(repaired.join('\n'));
}

function checkOf(text: string): string {
  const digest = algorithmOfVariant('sha1').digest(new TextEncoder().encode(text));
  return Buffer.from(digest.subarray(0, 4)).toString('hex');
}

export const journalOwner: FuzzTarget = {
  name: 'journal-owner',
  about:
    "the file of an owner of locks: no other than a whole one is anybody's, and no transaction is done that he did not mark",
  isText: true,
  dictionary: ['git-kv lock 1 ', 'applied ', ' start:', ' host:', ' full ', 'batch', 'none', '%2e', '%', '\n', '\0'],
  seeds: () => [{ bytes: SEED }],
  repair: repairChecks,
  execute(bytes) {
    const owner = parseOwner(bytes);
    if (owner !== undefined) {
      ensure(/^[a-z0-9]+$/.test(owner.token), 'the token would be a path');
      const again = parseOwner(serializeOwner(owner));
      ensure(JSON.stringify(again) === JSON.stringify(owner), 'it reads differently when written again');
    }
    const { numbers, isDamaged } = parseMarks(bytes, OWNER.token);
    // With a right check any number may be there; without, it is one of those that were written.
    ensure([...numbers].every(Number.isSafeInteger), 'a number is none');
    if (!isDamaged && owner !== undefined) {
      const written = [...numbers].map((number) => serializeMark(OWNER.token, number));
      const whole = new Uint8Array(Buffer.concat([serializeOwner(owner), ...written]));
      ensure(parseMarks(whole, OWNER.token).numbers.size === numbers.size, 'a mark is lost when written again');
    }
  },
};
