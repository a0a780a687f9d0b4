import {
  concatBytes,
  decodeLatin1,
  encodeUtf8,
  type HashAlgorithm,
  type ObjectKind,
  oidToBytes,
} from '@git-kv/objects';

/** An object that is wrong in one way, or only looks as if it were. */
export interface Case {
  readonly title: string;
  readonly kind: ObjectKind;
  readonly body: (algorithm: HashAlgorithm) => Uint8Array;
  /** What is found without `strict`, each as `error missingAuthor` or `warn hasDot`. */
  readonly expected: readonly string[];
  /** What `git fsck` says, where that is something else: `unparsed` where its parser refuses the object first. */
  readonly gitSays?: readonly string[];
}

const PERSON = 'A U Thor <author@example.com> 1700000000 +0000';

function oid(algorithm: HashAlgorithm, digit: string): string {
  return digit.repeat(algorithm.hexLength);
}

/** Text in which `%tree`, `%parent` and `%person` stand for what a good object has. One character a byte. */
function filled(text: string, algorithm: HashAlgorithm): Uint8Array {
  const full = text
    .replaceAll('%tree', `tree ${algorithm.emptyTreeOid}`)
    .replaceAll('%parent', `parent ${oid(algorithm, 'c')}`)
    .replaceAll('%object', `object ${algorithm.emptyTreeOid}`)
    .replaceAll('%person', PERSON);
  return Uint8Array.from(full, (character) => character.charCodeAt(0));
}

type Row = readonly [title: string, text: string, expected: string, gitSays?: string];

function listOf(text: string): string[] {
  return text === '' ? [] : text.split(', ');
}

function textCases(kind: ObjectKind, rows: readonly Row[]): Case[] {
  return rows.map(([title, text, expected, gitSays]) => ({
    title,
    kind,
    body: (algorithm) => filled(text, algorithm),
    expected: listOf(expected),
    ...(gitSays === undefined ? {} : { gitSays: listOf(gitSays) }),
  }));
}

const COMMIT_HEAD = '%tree\nauthor %person\ncommitter %person\n';
const UNPARSED = 'unparsed';

const IDENTITIES: readonly Row[] = [
  ['a plain identity', PERSON, ''],
  ['an identity with an empty email', 'A <> 1 +0000', ''],
  ['a name with a space only', ' <a@b> 1 +0000', ''],
  ['no name', '<a@b> 1 +0000', 'error missingNameBeforeEmail'],
  ['a name with >', 'A > <a@b> 1 +0000', 'error badName'],
  ['no email', 'A U Thor 1 +0000', 'error missingEmail'],
  ['nothing at all', '', 'error missingEmail'],
  ['no space before the email', 'A<a@b> 1 +0000', 'error missingSpaceBeforeEmail'],
  ['a second < in the email', 'A <a<b> 1 +0000', 'error badEmail'],
  ['an email without end', 'A <a@b 1 +0000', 'error badEmail'],
  ['no space before the date', 'A <a@b>1 +0000', 'error missingSpaceBeforeDate'],
  ['a second > after the email', 'A <a@b>> 1 +0000', 'error missingSpaceBeforeDate'],
  ['nothing after the email', 'A <a@b>', 'error missingSpaceBeforeDate'],
  ['a date with a zero before it', 'A <a@b> 01 +0000', 'error zeroPaddedDate'],
  ['a date of zero', 'A <a@b> 0 +0000', ''],
  ['a date of two zeros', 'A <a@b> 00 +0000', 'error zeroPaddedDate'],
  ['the largest date', 'A <a@b> 9223372036854775807 +0000', ''],
  ['a date one over the largest', 'A <a@b> 9223372036854775808 +0000', 'error badDateOverflow'],
  ['a date of 64 bits', 'A <a@b> 18446744073709551615 +0000', 'error badDateOverflow'],
  ['a date of 100 digits', `A <a@b> ${'9'.repeat(100)} +0000`, 'error badDateOverflow'],
  ['a date with many zeros before it, behind a space', `A <a@b>  ${'0'.repeat(100)}1 +0000`, ''],
  ['a date before 1970', 'A <a@b> -1 +0000', 'error badDateOverflow'],
  ['a date of minus zero', 'A <a@b> -0 +0000', ''],
  ['a date that wraps round to 1', 'A <a@b> -18446744073709551615 +0000', ''],
  ['a date too far below zero', 'A <a@b> -18446744073709551616 +0000', 'error badDateOverflow'],
  ['a date with a plus sign', 'A <a@b> +1 +0000', ''],
  ['more white space before the date', 'A <a@b>  \t1 +0000', ''],
  ['a zero behind more white space', 'A <a@b>  01 +0000', ''],
  ['a word for a date', 'A <a@b> now +0000', 'error badDate'],
  ['a date with a fraction', 'A <a@b> 1.5 +0000', 'error badDate'],
  ['a sign without a date', 'A <a@b> - +0000', 'error badDate'],
  ['a date and nothing after', 'A <a@b> 1', 'error badDate'],
  ['an empty date', 'A <a@b>  +0000', 'error badDate'],
  ['no timezone', 'A <a@b> 1 ', 'error badTimezone'],
  ['a timezone without sign', 'A <a@b> 1 0000', 'error badTimezone'],
  ['a timezone of three digits', 'A <a@b> 1 +000', 'error badTimezone'],
  ['a timezone of five digits', 'A <a@b> 1 +00000', 'error badTimezone'],
  ['a timezone of letters', 'A <a@b> 1 +UTC0', 'error badTimezone'],
  ['two spaces before the timezone', 'A <a@b> 1  +0000', 'error badTimezone'],
  ['a space after the timezone', 'A <a@b> 1 +0000 ', 'error badTimezone'],
  ['an impossible timezone of four digits', 'A <a@b> 1 -9999', ''],
  ['bytes that are not UTF-8', '\xff\xfe <\x80> 1 +0000', ''],
];

export const COMMITS: readonly Case[] = textCases('commit', [
  ['a plain commit', `${COMMIT_HEAD}\nmessage\n`, ''],
  ['a commit with parents', '%tree\n%parent\n%parent\nauthor %person\ncommitter %person\n\nmerge\n', ''],
  ['a commit without message', COMMIT_HEAD, ''],
  ['a commit with headers that nobody knows', `${COMMIT_HEAD}x y\n z\nauthor nobody\n\nm`, ''],
  ['a commit with an empty message', `${COMMIT_HEAD}\n`, ''],
  ['a NUL in a header', '%tree\nauthor A\0 <a@b> 1 +0000\ncommitter %person\n\nm\n', 'error nulInHeader'],
  ['a NUL in a commit without message', `${COMMIT_HEAD}x\0\n`, 'error nulInHeader'],
  ['a last header without line feed', '%tree\nauthor %person\ncommitter %person', 'error unterminatedHeader'],
  ['an empty commit', '', 'error unterminatedHeader', UNPARSED],
  ['no tree', 'author %person\ncommitter %person\n\nm\n', 'error missingTree', UNPARSED],
  ['a tree that is no object id', 'tree 123\nauthor %person\ncommitter %person\n\nm', 'error badTreeSha1', UNPARSED],
  ['a tree with something after it', '%tree \nauthor %person\ncommitter %person\n\nm', 'error badTreeSha1', UNPARSED],
  ['a parent that is no object id', '%tree\nparent 1\n\nm\n', 'error badParentSha1'],
  ['a parent with something after it', '%tree\n%parent1\nauthor %person\n\nm\n', 'error badParentSha1', UNPARSED],
  ['no author', '%tree\ncommitter %person\n\nm\n', 'error missingAuthor'],
  ['no headers after the tree', '%tree\n', 'error missingAuthor', UNPARSED],
  ['an author after the empty line', '%tree\n\nauthor %person\ncommitter %person\n', 'error missingAuthor'],
  ['two authors', '%tree\nauthor %person\nauthor %person\ncommitter %person\n\nm\n', 'error multipleAuthors'],
  ['a second author who is bad', '%tree\nauthor %person\nauthor A\ncommitter %person\n\nm\n', 'error missingEmail'],
  ['no committer', '%tree\nauthor %person\n\nm\n', 'error missingCommitter'],
  ['a committer before the author', '%tree\ncommitter %person\nauthor %person\n\nm\n', 'error missingAuthor'],
  ['a parent after the author', '%tree\nauthor %person\n%parent\ncommitter %person\n\nm\n', 'error missingCommitter'],
  ['a NUL in the message', `${COMMIT_HEAD}\nmess\0age\n`, 'warn nulInCommit'],
  ['a date on the next line', '%tree\nauthor %person\ncommitter A <a@b> \n1 +0000\n\nm\n', 'error badDate', ''],
  ...IDENTITIES.map(
    ([title, text, expected]): Row => [
      `an author: ${title}`,
      `%tree\nauthor ${text}\ncommitter %person\n\nm\n`,
      expected,
    ],
  ),
  ...IDENTITIES.filter(([, , expected]) => expected !== '').map(
    ([title, text, expected]): Row => [
      `a committer: ${title}`,
      `%tree\nauthor %person\ncommitter ${text}\n\nm\n`,
      expected,
    ],
  ),
]);

/** Git parses a tag before it checks it, and is as strict; `git mktag` checks first. */
export const TAGS: readonly Case[] = textCases('tag', [
  ['a plain tag', '%object\ntype tree\ntag v1\ntagger %person\n\nmessage\n', ''],
  ['a tag without message', '%object\ntype tree\ntag v1\ntagger %person\n', ''],
  ['a NUL in a header', '%object\ntype tree\ntag v\x001\ntagger %person\n\nm\n', 'error nulInHeader'],
  ['a NUL in the message', '%object\ntype tree\ntag v1\ntagger %person\n\nm\0m\n', ''],
  ['a last header without line feed', '%object\ntype tree\ntag v1\ntagger %person', 'error unterminatedHeader'],
  ['no object', 'type tree\ntag v1\ntagger %person\n\nm\n', 'error missingObject', UNPARSED],
  ['an object that is no object id', 'object 1\ntype tree\ntag v1\n\nm\n', 'error badObjectSha1', UNPARSED],
  ['an object with something after it', '%object \ntype tree\ntag v1\n\nm\n', 'error badObjectSha1', UNPARSED],
  ['no type', '%object\ntag v1\ntagger %person\n\nmessage\n', 'error missingTypeEntry', UNPARSED],
  ['a type without line feed', '%object\ntype tree', 'error unterminatedHeader', UNPARSED],
  ['a type that is none', '%object\ntype trees\ntag v1\ntagger %person\n\nm\n', 'error badType', UNPARSED],
  ['a type in capitals', '%object\ntype Tree\ntag v1\ntagger %person\n\nm\n', 'error badType', UNPARSED],
  ['an empty type', '%object\ntype \ntag v1\ntagger %person\n\nm\n', 'error badType', UNPARSED],
  ['no name', '%object\ntype tree\ntagger %person\n\nmessage\n', 'error missingTagEntry', UNPARSED],
  ['a name without line feed', '%object\ntype tree\ntag v1', 'error unterminatedHeader', UNPARSED],
  ['a name with a space', '%object\ntype tree\ntag v 1\ntagger %person\n\nm\n', 'warn badTagName'],
  ['an empty name', '%object\ntype tree\ntag \ntagger %person\n\nm\n', 'warn badTagName'],
  ['a name that begins with a dot', '%object\ntype tree\ntag .v\ntagger %person\n\nm\n', 'warn badTagName'],
  ['a name that ends in .lock', '%object\ntype tree\ntag v.lock\ntagger %person\n\nm\n', 'warn badTagName'],
  ['a name with a slash', '%object\ntype tree\ntag a/b\ntagger %person\n\nm\n', ''],
  ['a name of an at sign', '%object\ntype tree\ntag @\ntagger %person\n\nm\n', ''],
  ['a name that is not UTF-8', '%object\ntype tree\ntag \xff\ntagger %person\n\nm\n', ''],
  ['no tagger', '%object\ntype tree\ntag v1\n\nmessage\n', 'warn missingTaggerEntry'],
  ['a bad name and no tagger', '%object\ntype tree\ntag v~\n\nm\n', 'warn badTagName, warn missingTaggerEntry'],
  ['a header after the tagger', '%object\ntype tree\ntag v1\ntagger %person\nx y\n\nm\n', ''],
  ['a header and no tagger', '%object\ntype tree\ntag v1\nx y\n\nm\n', 'warn missingTaggerEntry'],
  ...IDENTITIES.map(
    ([title, text, expected]): Row => [
      `a tagger: ${title}`,
      `%object\ntype tree\ntag v1\ntagger ${text}\n\nm\n`,
      expected,
    ],
  ),
]);

/** Entries as `mode name`, one character a byte; a third word is the digit that the object id is made of. */
export function treeOf(algorithm: HashAlgorithm, entries: readonly string[]): Uint8Array {
  return concatBytes(
    entries.flatMap((entry) => {
      const [, mode = '', name = '', digit] = /^([^ ]*) ([^|]*)(?:\|(.))?$/s.exec(entry) ?? [];
      const usual = mode.endsWith('40000') ? 'd' : mode === '160000' ? 'c' : 'b';
      const text = Uint8Array.from(`${mode} ${name}\0`, (character) => character.charCodeAt(0));
      return [text, oidToBytes(oid(algorithm, digit ?? usual))];
    }),
  );
}

/** A tree with one entry. */
export function treeNaming(algorithm: HashAlgorithm, mode: string, name: string, entryOid: string): Uint8Array {
  const entry = treeOf(algorithm, [`${mode} ${name}`]);
  return concatBytes([entry.subarray(0, entry.length - algorithm.oidLength), oidToBytes(entryOid)]);
}

type TreeRow = readonly [title: string, entries: readonly string[], expected: string];

function latin1(text: string): string {
  return decodeLatin1(encodeUtf8(text));
}

function named(mode: string, names: readonly string[], expected: string): TreeRow[] {
  return names.map((name) => [`${mode} ${JSON.stringify(name)}`, [`${mode} ${latin1(name)}`], expected]);
}

const DOTGIT = [
  ...[
    '.git',
    '.GIT',
    '.giT',
    'git~1',
    'GIT~1',
    '.git.',
    '.git ',
    '.git. .',
    'git~1 .',
    '.git:x',
    '.git::$INDEX_ALLOCATION',
  ],
  ...['.git\\x', 'a\\.git', 'a\\b\\git~1\\c', '.g\u200cit', '\u200e.git', '.git\u202e', '.GI\u206aT', '.gi\ufefft'],
];

const NOT_DOTGIT = [
  ...['.gi', '.gitt', 'git', 'git~2', 'git~10', 'x.git', '.git-x', '.gi t', '.git x', ' .git', '...', '.x', 'a\\b'],
  ...[
    '.g\u200bit',
    '\u2029.git',
    '\uff0egit',
    '.\u0261it',
    'g\u200cit~1',
    '.gıt',
    '~1',
    'a\\g\u200cit~1',
    'a\\.g\u200cit',
  ],
];

const MODULES = [
  ...[
    '.gitmodules',
    '.GITMODULES',
    '.gitmodules ',
    '.gitmodules.',
    '.gitmodules:x',
    '.gitmodules . :$DATA',
    'a\\.gitmodules',
  ],
  ...['gitmod~1', 'GITMOD~4', 'gi7eba~1', 'gi7eb~10', '.gitm\u200codules', 'a\\gitmod~2'],
];

const NOT_MODULES = [
  ...[
    '.gitmodule',
    '.gitmodulesx',
    'gitmod~5',
    'gitmod~0',
    'gi7eba~0',
    'gi7eba~',
    'gi7ebb~1',
    'gi7eb~1',
    'gi7eba~10',
    '~0000000',
  ],
  ...['gitmodules', '~100000', '~10000000', 'gi7eba7~1', 'a\\.gitm\u200codules', '.gitmodules\\x'],
];

const ATTRIBUTES = [
  '.gitattributes',
  '.gitattributes:',
  'gitatt~1',
  'gi7d29~1',
  '.GitAttributes .',
  '.git\u200dattributes',
];
const IGNORE = ['.gitignore', '.gitignore .', 'gitign~3', 'gi250a~9', '.gitign\u206fore'];
const MAILMAP = ['.mailmap', '.MAILMAP:x', 'mailma~1', 'maba30~1', 'MABA~123', '.mail\ufeffmap'];

export const TREES: readonly Case[] = (
  [
    ['an empty tree', [], ''],
    ['a plain tree', ['100644 a', '100755 b', '120000 c', '40000 d', '160000 e'], ''],
    ['a group-writable file', ['100664 a'], ''],
    ['an odd file mode', ['100600 a'], 'warn badFilemode'],
    ['a mode of zero', ['0 a'], 'warn zeroPaddedFilemode, warn badFilemode'],
    ['a mode of which git keeps a good half', ['1100644 a'], ''],
    ['a mode of many digits', ['37777777777100644 a'], ''],
    ['a tree with a padded mode', ['040000 a'], 'warn zeroPaddedFilemode'],
    ['a mode that is not octal', ['100648 a'], 'error badTree'],
    ['an empty mode', [' a'], 'error badTree'],
    ['an empty name', ['100644 '], 'error badTree'],
    ['an empty name further on', ['100600 a', '100644 '], 'error badTree'],
    ['a bad entry after a bad name', ['100600 .git', '10064x a'], 'warn hasDotgit, error badTree'],
    ['a null object id', ['100644 a|0'], 'warn nullSha1'],
    ['two null object ids', ['100644 a|0', '100644 b|0'], 'warn nullSha1'],
    ['a name with a slash', ['100644 a/b'], 'warn fullPathname'],
    ['a dot', ['100644 .'], 'warn hasDot'],
    ['two dots', ['40000 ..'], 'warn hasDotdot'],
    ['.git in a path', ['100644 .git/config'], 'warn fullPathname, warn hasDotgit'],
    ['.git at the end of a path', ['100644 a/.git'], 'warn fullPathname'],
    ['.git with what is not UTF-8 after it', ['100644 .git\xff'], 'warn hasDotgit'],
    ['.git with half a code point after it', ['100644 .git\xe2\x80'], 'warn hasDotgit'],
    ['.git with U+FFFF after it', ['100644 .git\xef\xbf\xbf'], 'warn hasDotgit'],
    ['.git with an e acute after it', ['100644 .git\xc3\xa9'], ''],
    ['.git with what is ignored in the wrong case', ['100644 .g\xc2\x80\x8cit'], ''],
    [
      '.git with what is ignored between halves of a code point',
      ['100644 .git\xe2\xe2\x80\x8c\x80\x8c'],
      'warn hasDotgit',
    ],
    ['.git with very much ignored in it', [`100644 .g${'\xe2\x80\x8c'.repeat(100_000)}it`], 'warn hasDotgit'],
    ['what is not UTF-8 within .git', ['100644 .g\xffit'], ''],
    ['two files of one name', ['100644 a', '100644 a'], 'error duplicateEntries'],
    ['a file and a tree of one name', ['100644 a', '40000 a'], 'error duplicateEntries'],
    ['a tree and a file of one name', ['40000 a', '100644 a'], 'error duplicateEntries'],
    ['one name with others between', ['100644 foo', '100644 foo.bar', '40000 foo'], 'error duplicateEntries'],
    [
      'one name, others nested between',
      ['100644 foo', '100644 foo.bar', '100644 foo.bar.baz', '40000 foo.bar', '40000 foo'],
      'error duplicateEntries',
    ],
    ['others between without the name', ['100644 foo', '100644 foo.bar', '40000 foo.baz', '40000 fop'], ''],
    [
      'a name that lost its place',
      ['100644 foo', '100644 foo-', '100644 foo-a', '40000 foo-', '40000 fo'],
      'error treeNotSorted',
    ],
    ['an order without slashes', ['40000 a', '100644 a.c'], 'error treeNotSorted'],
    ['an order of trees as it must be', ['100644 a.c', '40000 a', '100644 a0'], ''],
    ['a wrong order', ['100644 b', '100644 a'], 'error treeNotSorted'],
    ['an order by signed bytes', ['100644 \xff', '100644 a'], 'error treeNotSorted'],
    ['a slash that a tree would imply', ['100644 a/', '40000 a'], 'warn fullPathname, error treeNotSorted'],
    ...named('100644', DOTGIT, 'warn hasDotgit'),
    ...named('100644', NOT_DOTGIT, ''),
    ...named('120000', MODULES, 'error gitmodulesSymlink'),
    ...named('120000', NOT_MODULES, ''),
    ...named('120000', ATTRIBUTES, 'warn gitattributesSymlink'),
    ...named('120000', IGNORE, 'warn gitignoreSymlink'),
    ...named('120000', MAILMAP, 'warn mailmapSymlink'),
    ...named('100644', [...IGNORE, ...MAILMAP, ...NOT_MODULES], ''),
    [
      'a tilde and digits, which all short names have',
      ['120000 ~1234567'],
      'error gitmodulesSymlink, warn gitattributesSymlink, warn gitignoreSymlink, warn mailmapSymlink',
    ],
    [
      'letters and digits, which two short names have',
      ['120000 GI7~1234'],
      'error gitmodulesSymlink, warn gitattributesSymlink',
    ],
    [
      'links in two spellings',
      ['120000 .GITMODULES', '120000 .gitmodules'],
      'error gitmodulesSymlink, error gitmodulesSymlink',
    ],
  ] satisfies readonly TreeRow[]
).map(([title, entries, expected]: TreeRow) => ({
  title,
  kind: 'tree',
  body: (algorithm: HashAlgorithm) => treeOf(algorithm, entries),
  expected: listOf(expected),
}));
