import {
  type CheckFinding,
  type HashAlgorithm,
  hashObject,
  ObjectChecker,
  type RawObject,
  sha1,
  sha256,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS } from '../support.js';
import { treeNaming } from './cases.js';
import { fsck, repositoryOf, type Verdict, verdictOf } from './git-judge.js';

/** One character a byte. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const BOM = '\xef\xbb\xbf';

type Row = readonly [title: string, text: string, expected: string, gitSays?: string];

function url(text: string): string {
  return `[submodule "a"]\n\turl = "${text}"\n`;
}

const FORBIDDEN_URLS = [
  ...['-oProxyCommand=x', '--upload-pack=x', '../\\n', './a%0ab', '../a%0Ab', './\\nx:', 'git://h/%0a', 'git://h%0a/'],
  ...['../:x', '..//x', './../:x', '../.././//x', '..\\\\:x', '..\\\\/x', '.././/x'],
  ...['http:///x', 'https://', 'https://?x', 'https://u@/x', 'https://u:p@/', 'ftp://#', 'ftps:///'],
  ...['https://h/%0a', 'https://h%0a/', 'https://u%0a@h/', 'https://u:p%0a@h/', 'https://h/x\\ny', 'https://h\\n/'],
  ...['https::x', 'http::', 'https::://h', 'https::https:///x', 'https::ssh://\\n/x', 'ftp::h', 'ftps::http://h/%0a'],
  ...['https://h/?%0a', 'https://h#%0a', 'https://h///%0a///', 'https://u:%3a%0a@h/'],
];

const FINE_URLS = [
  ...['https://example.com/x', 'http://h', 'ftp://h/', 'git://h/x', 'ssh://h/%0a', 'git@h:x\\n', '/abs/%0a', '', 'x'],
  ...['../x', './x', '../../x', '..', '.', './:x', './/x', '..\\\\x', '../.x', 'x../:y', '.../:x', '../x/../:y'],
  ...[
    'https://u:p@h:80/x',
    'https://u@h',
    'https://@h',
    'https::https://h/',
    'http::ext://h',
    'HTTPS:///x',
    'file:///x',
  ],
  ...['https://h/%0a:x', 'https://h%0a:80/', '../%0a:x', './%00', 'https://h/%00', '../%0', './%0g', 'https://h/%'],
  ...['https://h/a@b:c', 'https://h?u@:x', 'ext::sh -c x', 'httpss::x', 'a-b', ' -x'],
];

const ROWS: readonly Row[] = [
  ['nothing', '', ''],
  ['a good submodule', '[submodule "a"]\n\tpath = a\n\turl = https://example.com/a\n\tupdate = rebase\n', ''],
  ['comments', '# x\n; y\n[submodule "a"] # z\nurl = x ; -\n', ''],
  ['other sections', '[core]\n\turl = -x\n[submodule]\n\turl = -x\n[submodules "a"]\nurl = -x\n', ''],
  ['a name that climbs', '[submodule "../a"]\n\tpath = a\n', 'error gitmodulesName'],
  ['a name that climbs further in', '[submodule "a/../b"]\n\tpath = a\n', 'error gitmodulesName'],
  ['a name that climbs at its end', '[submodule "a/.."]\n\tpath = a\n', 'error gitmodulesName'],
  ['a name that climbs with backslashes', '[submodule "a\\\\..\\\\b"]\n\tpath = a\n', 'error gitmodulesName'],
  ['a name that climbs, twice', '[submodule ".."]\n\tpath = a\n\turl\n', 'error gitmodulesName, error gitmodulesName'],
  ['a name that climbs, with nothing set', '[submodule ".."]\n', ''],
  ['an empty name', '[submodule ""]\n\tpath = a\n', 'error gitmodulesName'],
  [
    'names that only look like it',
    '[submodule "..a"]\nx\n[submodule "a.."]\nx\n[submodule "..."]\nx\n[submodule "a\\..b"]\nx\n',
    '',
  ],
  ['a section of the old form', '[submodule.a]\n\turl = -x\n', 'error gitmodulesUrl'],
  ['a section of the old form that climbs', '[submodule...]\n\tpath = x\n', 'error gitmodulesName'],
  ['a section of the old form in capitals', '[SubModule.A]\n\tURL = -x\n', 'error gitmodulesUrl'],
  ['a name with dots', '[submodule "a.b.c"]\n\turl = -x\n', 'error gitmodulesUrl'],
  ['a name with a NUL, which cuts it', '[submodule "a\0b"]\n\turl = -x\n', ''],
  [
    'a name that a NUL ends in a key',
    '[submodule "..\\\\.path\0b"]\n\turl = -x\n',
    'error gitmodulesName, error gitmodulesPath',
  ],
  ['a value with a NUL, which cuts it', '[submodule "a"]\n\turl = x\0\n\tpath = \0-x\n', ''],
  ['a path that is an option', '[submodule "a"]\n\tpath = -x\n', 'error gitmodulesPath'],
  ['a path that is one when unquoted', '[submodule "a"]\n\tpath = "-x"\n', 'error gitmodulesPath'],
  ['a path on the next line', '[submodule "a"]\n\tpath = \\\n  -x\n', 'error gitmodulesPath'],
  ['a path with a dash further in', '[submodule "a"]\n\tpath = a-\n', ''],
  ['an update that is a command', '[submodule "a"]\n\tupdate = !sh\n', 'error gitmodulesUpdate'],
  ['an update that nobody knows', '[submodule "a"]\n\tupdate = x!\n', ''],
  ['keys without value', '[submodule "a"]\n\turl\n\tpath\n\tupdate\n', ''],
  ['line ends of DOS', '[submodule "a"]\r\n\turl = -x\r\n', 'error gitmodulesUrl'],
  ['a key on the line of its section', '[submodule "a"] url = -x', 'error gitmodulesUrl'],
  [
    'all at once',
    '[submodule ".."]\nurl=-x\npath=-x\nupdate=!x\n',
    'error gitmodulesName, error gitmodulesName, error gitmodulesName, error gitmodulesUrl, error gitmodulesPath, error gitmodulesUpdate',
  ],
  ['a line that is none', 'x y\n', 'warn gitmodulesParse'],
  ['a section without end', '[submodule "a"\n\turl = -x\n', 'warn gitmodulesParse'],
  ['a section without name', '[]\n', 'warn gitmodulesParse'],
  ['a name over two lines', '[submodule "a\nb"]\n', 'warn gitmodulesParse'],
  ['a quote without end', '[submodule "a"]\n\turl = "x\n', 'warn gitmodulesParse'],
  ['an escape that is none', '[submodule "a"]\n\turl = \\x\n', 'warn gitmodulesParse'],
  [
    'a line that is none after a bad path',
    '[submodule "a"]\npath = -x\n!\n',
    'error gitmodulesPath, warn gitmodulesParse',
  ],
  ['a bad path after a line that is none', '[submodule "a"]\n!\npath = -x\n', 'warn gitmodulesParse'],
  ['a byte order mark', `${BOM}[submodule "a"]\n\turl = x\n`, 'warn gitmodulesParse'],
  [
    'a byte order mark before a bad path',
    `${BOM}[submodule "a"]\n\tpath = -x\n`,
    'error gitmodulesPath, warn gitmodulesParse',
    'warn gitmodulesParse',
  ],
  ['a byte ff before a bad path', '# \xff\n[submodule "a"]\n\tpath = -x\n', 'error gitmodulesPath', ''],
  ...FORBIDDEN_URLS.map((text): Row => [`the URL ${text}`, url(text), 'error gitmodulesUrl']),
  ...FINE_URLS.map((text): Row => [`the harmless URL ${text}`, url(text), '']),
];

function listOf(text: string): Verdict {
  return text === '' ? [] : text.split(', ').sort();
}

/** What a checker says of a blob that a tree has as `.gitmodules`. */
function findingsOf(body: Uint8Array, algorithm: HashAlgorithm): CheckFinding[] {
  const oid = hashObject(algorithm, 'blob', body);
  const checker = new ObjectChecker({ algorithm });
  const tree = treeNaming(algorithm, '100644', '.gitmodules', oid);
  expect(checker.check({ oid: hashObject(algorithm, 'tree', tree), kind: 'tree', body: tree })).toEqual([]);
  return checker.check({ oid, kind: 'blob', body });
}

/** What git fsck says of each, put under `.gitmodules`. */
async function gitVerdicts(bodies: readonly Uint8Array[], algorithm: HashAlgorithm): Promise<Verdict[]> {
  const objects = bodies.flatMap((body): RawObject[] => [
    { kind: 'blob', body },
    { kind: 'tree', body: treeNaming(algorithm, '100644', '.gitmodules', hashObject(algorithm, 'blob', body)) },
  ]);
  const { directory, oids } = repositoryOf(algorithm, objects);
  const verdict = await fsck(directory);
  return bodies.map((_body, index) => verdict(oids[2 * index] as string));
}

describe('a .gitmodules with', () => {
  test.each(ROWS.map(([title, text, expected]) => [title, text, expected] as const))('%j', (_title, text, expected) => {
    const findings = findingsOf(bytesOf(text), sha1);
    expect(verdictOf(findings)).toEqual(listOf(expected));
    for (const { offset } of findings) expect(offset).toBeLessThanOrEqual(text.length);
  });
});

describe.each(ALGORITHMS)('git fsck with %s', (_name, algorithm) => {
  test('says the same', async () => {
    const said = await gitVerdicts(
      ROWS.map(([, text]) => bytesOf(text)),
      algorithm,
    );
    expect(said.map((verdict, index) => [ROWS[index]?.[0], verdict])).toEqual(
      ROWS.map(([title, , expected, gitSays]) => [title, listOf(gitSays ?? expected)]),
    );
  });
});

const SCRAPS = [
  ...[
    '[submodule "',
    'a',
    '..',
    '"]',
    '\n',
    '\n',
    'url',
    'path',
    'update',
    ' = ',
    '=',
    '-x',
    '!x',
    '"',
    '\\',
    '/',
    ' ',
  ],
  ...[
    '../',
    ':',
    '%0a',
    'https://',
    'git://',
    '@',
    '?',
    '#',
    ';',
    '\r\n',
    '\r',
    '\t',
    '\0',
    '[submodule.',
    ']',
    '.',
    'n',
  ],
  ...['[submodule "a"]\nurl = ', '[submodule "a"]\npath=', 'http::', '\xe9', '\v'],
];

test('of files made of scraps, git fsck says the same', async () => {
  const scraps = fc.array(fc.constantFrom(...SCRAPS), { maxLength: 14 });
  const runs = Number(process.env.GIT_KV_RUNS ?? 300);
  const texts = [
    ...new Set(
      fc.sample(scraps, { seed: Number(process.env.GIT_KV_SEED ?? 1), numRuns: runs }).map((parts) => parts.join('')),
    ),
  ];
  const said = await gitVerdicts(texts.map(bytesOf), sha256);
  const ours = texts.map((text) => verdictOf(findingsOf(bytesOf(text), sha256)));
  expect(texts.map((text, index) => [text, ours[index]])).toEqual(texts.map((text, index) => [text, said[index]]));
});

test('a file of any bytes is checked without a throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (body) => void findingsOf(body, sha1)));
});

test('a long name is not looked at again for each of its settings, nor a long URL for each step', () => {
  const long = `[submodule "${'a'.repeat(30_000)}"]\n${'url = x\n'.repeat(30_000)}`;
  expect(findingsOf(bytesOf(long), sha1)).toEqual([]);
  const climbing = `[submodule "a"]\n\turl = ${'../'.repeat(300_000)}:\n`;
  expect(verdictOf(findingsOf(bytesOf(climbing), sha1))).toEqual(['error gitmodulesUrl']);
});
