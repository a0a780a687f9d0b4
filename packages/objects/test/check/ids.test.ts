import {
  CHECK_IDS,
  type CheckSeverity,
  checkObject,
  DEFAULT_SEVERITIES,
  encodeUtf8,
  findCheckId,
  sha1,
} from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { git } from '../../../../test/support/git.js';
import { COMMITS, TAGS, TREES } from './cases.js';

/** Ids that are reported of a file that trees name: their tests are beside those files. */
const OF_SPECIAL_FILES = CHECK_IDS.filter((id) => /^git(?:modules|attributes)(?!Symlink)/.test(id));

/** Ids for bytes that another id is reported of first, in git as well. */
const SHADOWED: Readonly<Record<string, string>> = {
  emptyName: 'badTree',
  missingType: 'unterminatedHeader',
  missingTag: 'unterminatedHeader',
};

test('the ids are those that git knows', () => {
  const variables = git(['help', '--config-for-completion']).split('\n');
  const known = variables.flatMap((name) => (name.startsWith('fsck.') ? [name.slice('fsck.'.length)] : []));
  expect([...CHECK_IDS].sort()).toEqual(known.filter((name) => name !== 'skipList').sort());
});

test('each id has a case that produces it', () => {
  const produced = [...COMMITS, ...TAGS, ...TREES].flatMap(({ expected }) =>
    expected.map((line) => line.split(' ')[1]),
  );
  const elsewhere = [...OF_SPECIAL_FILES, 'unknownType', 'extraHeaderEntry', ...Object.keys(SHADOWED)];
  expect(CHECK_IDS.filter((id) => !produced.includes(id) && !elsewhere.includes(id))).toEqual([]);
});

test('what is no kind of object is told', () => {
  const findings = checkObject('bogus' as 'tag', encodeUtf8('x'), { algorithm: sha1, oid: 'a'.repeat(40) });
  expect(findings).toMatchObject([{ id: 'unknownType', severity: 'error', oid: 'a'.repeat(40) }]);
});

describe('severities', () => {
  const body = encodeUtf8('100644 .\0').slice();
  const tree = new Uint8Array([...body, ...new Uint8Array(20).fill(1)]);
  const severityOf = (options: { severities?: { hasDot?: CheckSeverity }; strict?: boolean }): string | undefined =>
    checkObject('tree', tree, { algorithm: sha1, ...options })[0]?.severity;

  test.each<[options: Parameters<typeof severityOf>[0], expected: string | undefined]>([
    [{}, 'warn'],
    [{ strict: true }, 'error'],
    [{ severities: {} }, 'warn'],
    [{ severities: { hasDot: 'ignore' } }, undefined],
    [{ severities: { hasDot: 'error' } }, 'error'],
    [{ severities: { hasDot: 'warn' }, strict: true }, 'warn'],
    [{ severities: { hasDot: 'ignore' }, strict: true }, undefined],
  ])('%j make a warning %s', (options, expected) => {
    expect(severityOf(options)).toBe(expected);
  });

  test.each([
    ['an id that there is not', { hasNothing: 'warn' }],
    ['an id of the prototype', { toString: 'warn' }],
    ['a severity that there is not', { hasDot: 'fatal' }],
    ['a lower severity for what is fatal', { nulInHeader: 'warn' }],
    ['silence about what is fatal', { unterminatedHeader: 'ignore' }],
  ])('%s is refused', (_title, severities) => {
    expect(() => checkObject('tree', tree, { algorithm: sha1, severities: severities as object })).toThrow(RangeError);
  });

  test('what is fatal may be set to what it is', () => {
    expect(checkObject('tree', tree, { algorithm: sha1, severities: { nulInHeader: 'error' } })).toHaveLength(1);
  });

  test('an id is found in any case', () => {
    expect(findCheckId('missingspacebeforedate')).toBe('missingSpaceBeforeDate');
    expect(findCheckId('HASDOTGIT')).toBe('hasDotgit');
    expect(findCheckId('skiplist')).toBeUndefined();
    for (const id of CHECK_IDS) expect(findCheckId(id)).toBe(id);
  });

  test('every id has a default', () => {
    for (const id of CHECK_IDS) expect(['fatal', 'error', 'warn', 'info', 'ignore']).toContain(DEFAULT_SEVERITIES[id]);
  });
});
