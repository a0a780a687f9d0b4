import {
  buildCommit,
  buildIdentity,
  commitMessageText,
  hashObject,
  type Identity,
  parseCommit,
  parseCommitLinks,
  serializeCommit,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import {
  ALGORITHMS,
  corpusObjects,
  expectEveryCutIsTyped,
  expectSameBytes,
  readWithGit,
  typedErrorOf,
  writeWithGit,
} from '../support.js';

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp: 1700000000 });
const committer = buildIdentity({
  name: 'C O Mitter',
  email: 'committer@example.com',
  timestamp: 1700000001,
  timezone: '-0930',
});

describe.each(ALGORITHMS)('a commit of %s', (name, algorithm) => {
  const treeOid = algorithm.emptyTreeOid;
  const parentOids = ['1', '2'].map((digit) => digit.repeat(algorithm.hexLength));
  const head = `tree ${treeOid}\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 2 +0100\n`;

  test('is what git commit-tree makes, read and built', () => {
    const directory = initBare(temporaryDirectory(), name);
    writeWithGit(directory, 'tree', new Uint8Array(0));
    const first = git(['commit-tree', treeOid, '-m', 'First'], { cwd: directory });
    const second = git(['commit-tree', treeOid, '-p', first, '-m', 'Other'], { cwd: directory });
    const merge = git(['commit-tree', treeOid, '-p', first, '-p', second, '-m', 'Merge \u00e9'], {
      cwd: directory,
      env: { GIT_COMMITTER_DATE: '1700000001 -0930' },
    });
    const body = readWithGit(directory, 'commit', merge);
    const commit = parseCommit(body);
    expect(commit).toMatchObject({ treeOid, parentOids: [first, second], author, committer });
    expect(commit.encoding).toBeUndefined();
    expect(commitMessageText(commit)).toBe('Merge \u00e9\n');
    expect(serializeCommit(commit)).toEqual(body);
    expect(parseCommitLinks(body)).toEqual({ treeOid, parentOids: [first, second], timestamp: 1700000001 });
    const built = buildCommit({ treeOid, parentOids: [first, second], author, committer, message: 'Merge \u00e9\n' });
    expect(hashObject(algorithm, 'commit', built)).toBe(merge);
  });

  test('in another encoding is what git makes', () => {
    const directory = initBare(temporaryDirectory(), name);
    writeWithGit(directory, 'tree', new Uint8Array(0));
    const oid = git(['-c', 'i18n.commitEncoding=ISO-8859-1', 'commit-tree', treeOid], {
      cwd: directory,
      input: latin1('caf\u00e9\n'),
    });
    const commit = parseCommit(readWithGit(directory, 'commit', oid));
    expect(commit.encoding).toBe('ISO-8859-1');
    expect(commitMessageText(commit)).toBe('caf\u00e9\n');
    const { message, encoding } = commit;
    const who = { ...author, timestamp: 1700000000 };
    const by = buildIdentity({ ...committer, timestamp: 1700000000, timezone: '+0000' });
    const built = buildCommit({
      treeOid,
      parentOids: [],
      author: who,
      committer: by,
      message,
      encoding: encoding as string,
    });
    expect(hashObject(algorithm, 'commit', built)).toBe(oid);
  });

  test('that we build is clean to git fsck', () => {
    const directory = initBare(temporaryDirectory(), name);
    writeWithGit(directory, 'tree', new Uint8Array(0));
    const extraHeaders = [{ name: 'gpgsig', value: 'line one\n\n line three' }];
    const body = buildCommit({ treeOid, parentOids: [], author, committer, message: 'x', extraHeaders });
    const oid = writeWithGit(directory, 'commit', body);
    expect(oid).toBe(hashObject(algorithm, 'commit', body));
    git(['update-ref', 'refs/heads/main', oid], { cwd: directory });
    git(['fsck', '--strict'], { cwd: directory });
    const header = parseCommit(body).headers.find(({ name }) => name === 'gpgsig');
    expect(textOf(header?.value)).toBe('line one\n\n line three');
  });

  const odd: [what: string, text: string][] = [
    ['no message', head],
    ['no newline at the end of its headers', head.slice(0, -1)],
    ['CRs', `${head.replaceAll('\n', '\r\n').replace(/^(tree \w+)\r/, '$1')}\r\nx\r\n`],
    ['a NUL in the message', `${head}\na\0b`],
    ['unknown headers', `${head}x-one 1\nHG:extra a b\nempty\n\nm`],
    ['a parent too late', `${head}parent ${'1'.repeat(algorithm.hexLength)}\n\nm`],
    ['its author twice', `${head}author X <x@y> 9 +0000\n\nm`],
    ['committer before author', `tree ${treeOid}\ncommitter C <c@d> 2 +0100\nauthor A <a@b> 1 +0000\n\nm`],
    ['upper-case hex', `${head.replace(treeOid, treeOid.toUpperCase())}\nm`],
    ['odd identities', `tree ${treeOid}\nauthor nobody\ncommitter \n\nm`],
    ['a signature in the middle', head.replace('author', 'gpgsig a\n b\n \nauthor')],
  ];
  test.each(odd)('survives with %s', (_what, text) => {
    const commit = parseCommit(latin1(text));
    expect(commit.treeOid).toBe(treeOid);
    expect(commit.parentOids).toEqual([]);
    expect(serializeCommit(commit)).toEqual(latin1(text));
  });

  test('that was built reads back', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !/[\0\n<>]/.test(text));
    const identity: fc.Arbitrary<Identity> = fc
      .tuple(word, word, fc.nat())
      .map(([name, email, timestamp]) => buildIdentity({ name, email, timestamp }));
    const message = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(identity, identity, message, fc.subarray(parentOids), (author, committer, message, parentOids) => {
        const body = buildCommit({ treeOid, parentOids, author, committer, message });
        const commit = parseCommit(body);
        expect(commit).toMatchObject({ treeOid, parentOids, author, committer });
        expect(commitMessageText(commit)).toBe(message);
        expect(serializeCommit(commit)).toEqual(body);
      }),
    );
  });

  const hexEnd = 5 + algorithm.hexLength;
  const malformed: [problem: string, text: string, offset: number][] = [
    ['is empty', '', 0],
    ['begins with another header', `author A <a@b> 1 +0000\ntree ${treeOid}\n`, 0],
    ['has no hex for a tree', 'tree x\n\n', 5],
    ['has a short tree', 'tree 12\n\n', 7],
    ['has a tree and more', `tree ${treeOid} \n`, hexEnd],
    ['ends in the tree', `tree ${treeOid}`, hexEnd],
    ['ends in a parent', `tree ${treeOid}\nparent 12`, hexEnd + 10],
    ['has a parent that is no oid', `tree ${treeOid}\nparent x\n`, hexEnd + 8],
    [
      'has a parent of the other algorithm',
      `tree ${treeOid}\nparent ${'1'.repeat(104 - algorithm.hexLength)}\n`,
      hexEnd + 1,
    ],
    ['has no author', `tree ${treeOid}\ncommitter C <c@d> 2 +0100\n\nm`, hexEnd + 27],
    ['has no committer', `tree ${treeOid}\nauthor A <a@b> 1 +0000\n\nm`, hexEnd + 24],
    ['has them in its message only', `tree ${treeOid}\n\n${head}`, hexEnd + 1],
  ];
  test.each(malformed)('is refused where it %s', (_problem, text, offset) => {
    const error = expect.objectContaining({ code: 'MALFORMED', format: 'commit', offset });
    expect(() => parseCommit(latin1(text))).toThrow(error);
  });

  test('is read or refused at every cut, and what is read survives', () => {
    const parents = parentOids.map((oid) => `parent ${oid}\n`).join('');
    const text = `tree ${treeOid}\n${parents}author A <a@b> 1 +0000\ncommitter C <c@d> 2 +0100\ngpgsig a\n b\n\nm\n`;
    expectEveryCutIsTyped(latin1(text), (cut) => expectSameBytes(serializeCommit(parseCommit(cut)), cut));
    expectEveryCutIsTyped(latin1(text), parseCommitLinks);
  });

  test('with any byte changed is read or refused, and what is read survives', () => {
    const body = latin1(`${head}gpgsig a\n b\n\nm\n`);
    fc.assert(
      fc.property(fc.nat({ max: body.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        const changed = body.with(at, value);
        const error = typedErrorOf(() => parseCommit(changed));
        if (error === undefined) expectSameBytes(serializeCommit(parseCommit(changed)), changed);
      }),
    );
  });
});

describe('parseCommitLinks', () => {
  const tree = `tree ${'1'.repeat(40)}\n`;
  const cases: [what: string, text: string, timestamp: number][] = [
    ['no committer', tree, 0],
    ['a committer cut short', `${tree}author A <a@b> 1 +0000\ncommitter C <c@d> 2`, 2],
    ['a committer without date', `${tree}committer C <c@d>\n\n`, 0],
    ['a committer in the message', `${tree}\ncommitter C <c@d> 2 +0000\n`, 0],
    ['a committer in another header', `${tree}x a\n committer C <c@d> 2 +0000\n`, 0],
  ];
  test.each(cases)('takes %s as git does', (_what, text, timestamp) => {
    expect(parseCommitLinks(latin1(text))).toEqual({ treeOid: '1'.repeat(40), parentOids: [], timestamp });
  });
});

describe('buildCommit refuses', () => {
  const fields = { treeOid: '1'.repeat(40), parentOids: [], author, committer, message: 'm' };
  test.each([
    ['a NUL in the message', { message: 'a\0b' }],
    ['oids of two algorithms', { parentOids: ['1'.repeat(64)] }],
    ['an identity over two lines', { author: { ...author, name: 'A\nparent x' } }],
    ['a header that is no word', { extraHeaders: [{ name: 'a b', value: '' }] }],
  ])('%s', (_what, change) => expect(() => buildCommit({ ...fields, ...change })).toThrow(RangeError));

  test('what is no oid', () => {
    expect(() => buildCommit({ ...fields, treeOid: 'HEAD' })).toThrow(expect.objectContaining({ code: 'INVALID_OID' }));
  });
});

describe.skipIf(process.env.GIT_KV_CORPORA === undefined)('commits of the corpora (GIT_KV_CORPORA)', () => {
  test.each(corpusObjects('commit'))('%s survives, at every cut', (_name, body) => {
    expectSameBytes(serializeCommit(parseCommit(body)), body);
    expect(parseCommitLinks(body)).toMatchObject({ treeOid: parseCommit(body).treeOid });
    for (let size = 0; size < Math.min(body.length, 1500); size++) {
      typedErrorOf(() => expectSameBytes(serializeCommit(parseCommit(body.subarray(0, size))), body.subarray(0, size)));
    }
  });

  test('have the headers and identities that were put into them', () => {
    const commits = new Map(corpusObjects('commit').map(([name, body]) => [name, parseCommit(body)]));
    const namesOf = (name: string) => commits.get(name)?.headers.map((header) => header.name);
    expect(namesOf('mergetag.txt')).toEqual(['tree', 'parent', 'parent', 'author', 'committer', 'mergetag']);
    expect(namesOf('two-multiline-headers.txt')?.slice(-2)).toEqual(['mergetag', 'gpgsig']);
    expect(commits.get('pre-epoch.txt')?.author.timestamp).toBe(-5263834140);
    expect(commits.get('invalid-actor.txt')?.author).toMatchObject({ email: 'gh <Gregor Hartmann<gh@openoffice.org' });
    expect(commits.get('with-encoding.txt')?.encoding).toBe('ISO-8859-1');
  });
});
