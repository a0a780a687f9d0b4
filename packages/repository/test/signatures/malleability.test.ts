import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildCommit,
  buildIdentity,
  buildTag,
  decodeUtf8,
  encodeUtf8,
  parseAllowedSigners,
  type SignedObjectProblem,
} from '@git-kv/objects';
import {
  type Repository,
  readSshPrivateKey,
  signCommit,
  signTag,
  sshSigner,
  verifyCommit,
  verifyTag,
} from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { hasSshKeygen, makeSshKey } from '../../../../test/support/ssh.js';

type Change = (text: string) => string;
/** What is changed in a signed object, what we say of it, and whether git calls it good. */
type Case = readonly [what: string, problem: SignedObjectProblem, isGoodToGit: boolean, change: Change];

/** Lines of base64 put together and cut anew. */
const rewrapped = (text: string, columns: number, indent: string): string =>
  text.replace(/(SIGNATURE-----\n)([\s\S]*?)(\n *-----END)/, (_all, begin: string, base64: string, end: string) => {
    const digits = base64.replace(/\s/g, '');
    const lines = digits.match(new RegExp(`.{1,${columns}}`, 'g')) as string[];
    return begin + lines.map((line) => indent + line).join('\n') + end;
  });

/** The signature header with its lines, and what comes before and after it. */
const parts = (text: string, name: string) => {
  const start = text.indexOf(`\n${name} `) + 1;
  const end = text.indexOf('-----END SSH SIGNATURE-----\n') + '-----END SSH SIGNATURE-----\n'.length;
  return { before: text.slice(0, start), header: text.slice(start, end), after: text.slice(end) };
};

const commitCases = (name: string): readonly Case[] => {
  const insert = (added: string): Change => {
    return (text) => {
      const { before, header, after } = parts(text, name);
      return before + header + added + after;
    };
  };
  const other = name === 'gpgsig' ? 'gpgsig-sha256' : 'gpgsig';
  return [
    ['a second signature for the other algorithm', 'second-signature', true, insert(`${other} anything\n`)],
    ['a second header that goes on with more text', 'second-signature', true, insert(`${name} more after the armor\n`)],
    ['a header that begins like a signature', 'signature-like-header', true, insert('gpgsig-x anything\n')],
    ['junk after the armor', 'text-beside-armor', true, insert(' junk\n')],
    ['an empty line after the armor', 'text-beside-armor', true, insert(' \n')],
    ['base64 in lines of 64 columns', 'armor-not-canonical', true, (text) => rewrapped(text, 64, ' ')],
    ['spaces between base64', 'armor-not-canonical', true, (text) => rewrapped(text, 70, '  ')],
    [
      'the signature before the author',
      'signature-not-last',
      true,
      (text) => {
        const { before, header, after } = parts(text, name);
        return before.replace('author ', `${header}author `) + after;
      },
    ],
  ];
};

/** These are signed, so that nobody but the signer makes them; git reads one of two values. */
const oddPayloads: readonly Case[] = [
  ['a parent after the committer', 'header-out-of-order', true, (text) => addHeader(text, `parent ${'1'.repeat(40)}`)],
  ['a tree after the committer', 'header-out-of-order', true, (text) => addHeader(text, `tree ${'2'.repeat(40)}`)],
  ['a second author', 'repeated-header', true, (text) => addHeader(text, 'author X <x@y> 1 +0000')],
  ['a second committer', 'repeated-header', true, (text) => addHeader(text, 'committer X <x@y> 1 +0000')],
  ['a repeated header of an unknown name', 'repeated-header', true, (text) => addHeader(text, 'x-a 1\nx-a 2')],
];

function addHeader(text: string, line: string): string {
  return text.replace('\n\n', `\n${line}\n\n`);
}

describe.skipIf(!hasSshKeygen).each(['sha1', 'sha256'] as const)('a signed object of %s (ssh-keygen)', (format) => {
  const name = format === 'sha1' ? 'gpgsig' : 'gpgsig-sha256';
  const zeros = format === 'sha1' ? '' : '1'.repeat(24);
  let root: string;
  let directory: string;
  let repository: Repository;
  let sign: ReturnType<typeof sshSigner>;
  let signers: string;
  let payload: string;
  beforeAll(async () => {
    root = makeDirectory();
    directory = initBare(join(root, 'r.git'), format);
    repository = await openRepository(directory);
    const files = makeSshKey(root, 'key');
    sign = sshSigner(await readSshPrivateKey(files.privateText));
    signers = `me@x ${files.publicLine}\n`;
    writeFileSync(join(root, 'signers'), signers);
    git(['config', 'gpg.ssh.allowedSignersFile', join(root, 'signers')], { cwd: directory });
    const who = buildIdentity({ name: 'A', email: 'a@b', timestamp: 1700000000 });
    const treeOid = git(['mktree'], { cwd: directory, input: '' });
    payload = decodeUtf8(buildCommit({ treeOid, parentOids: [], author: who, committer: who, message: 'm\n' }));
  });
  afterAll(async () => {
    await repository.close();
    removeDirectory(root);
  });

  const judge = async (kind: 'commit' | 'tag', text: string, more: object = {}) => {
    // git hashes what it is given, whatever it says.
    const options = ['-t', kind, '-w', '--stdin', '--literally'];
    const oid = git(['hash-object', ...options], { cwd: directory, input: text });
    const verify = kind === 'commit' ? verifyCommit : verifyTag;
    const allowedSigners = parseAllowedSigners(signers);
    const verdict = await verify(repository.objects, oid, { allowedSigners, ...more });
    const { code } = await gitAsync([`verify-${kind}`, oid], { cwd: directory });
    return { oid, verdict, isGoodToGit: code === 0 };
  };

  const expectRefused = async (kind: 'commit' | 'tag', text: string, [, problem, isGoodToGit]: Case): Promise<void> => {
    const judged = await judge(kind, text);
    expect(judged.verdict.status).toBe('ambiguous');
    expect(judged.verdict.findings?.map((finding) => finding.problem)).toContain(problem);
    expect(judged.isGoodToGit).toBe(isGoodToGit);
    if (!isGoodToGit) return;
    // As git judges, where one asks for it.
    expect((await judge(kind, text, { isStrict: false })).verdict.status).toBe('good');
    const problems = judged.verdict.findings?.map((finding) => finding.problem);
    expect((await judge(kind, text, { tolerate: problems })).verdict.status).toBe('good');
  };

  test('is good as it was made', async () => {
    const signed = decodeUtf8(await signCommit(encodeUtf8(payload), repository.algorithm, sign));
    expect(await judge('commit', signed)).toMatchObject({ verdict: { status: 'good' }, isGoodToGit: true });
  });

  test.each(commitCases(name))('a commit with %s is refused, which git may call good', async (...row) => {
    const signed = decodeUtf8(await signCommit(encodeUtf8(payload), repository.algorithm, sign));
    const changed = row[3](signed);
    expect(changed).not.toBe(signed);
    await expectRefused('commit', changed, row);
  });

  test.each(oddPayloads)('a commit with %s is refused, although it is signed', async (...row) => {
    const odd = row[3](payload).replace(/^((?:tree|parent) 1+|(?:tree|parent) 2+)$/m, `$1${zeros}`);
    await expectRefused('commit', decodeUtf8(await signCommit(encodeUtf8(odd), repository.algorithm, sign)), row);
  });

  const tagCases: readonly Case[] = [
    ['junk after the armor', 'text-beside-armor', true, (text) => `${text}junk\n`],
    ['no line feed at its end', 'armor-not-canonical', true, (text) => text.slice(0, -1)],
    ['base64 in lines of 64 columns', 'armor-not-canonical', true, (text) => rewrapped(text, 64, '')],
    [
      'a header that no signature guards',
      'signature-like-header',
      true,
      (text) => text.replace('\n\n', `\n${name === 'gpgsig' ? 'gpgsig-sha256' : 'gpgsig'} x\n\n`),
    ],
  ];
  test.each(tagCases)('a tag with %s is refused, which git may call good', async (...row) => {
    const tagger = buildIdentity({ name: 'A', email: 'a@b', timestamp: 1700000000 });
    const targetOid = git(['hash-object', '-t', 'tree', '-w', '--stdin'], { cwd: directory, input: '' });
    const tag = buildTag({ targetOid, targetKind: 'tree', name: 'v1', tagger, message: 'm\n' });
    const signed = decodeUtf8(await signTag(tag, sign));
    expect(await judge('tag', signed)).toMatchObject({ verdict: { status: 'good' }, isGoodToGit: true });
    await expectRefused('tag', row[3](signed), row);
  });

  test('a signature of another kind is not supported, and junk in place of one is malformed', async () => {
    const header = (armor: string) => payload.replace('\n\n', `\n${name} ${armor.replaceAll('\n', '\n ')}\n\n`);
    const pgp = '-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----';
    expect((await judge('commit', header(pgp))).verdict.status).toBe('unsupported');
    const empty = '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----';
    expect((await judge('commit', header(empty), { isStrict: false })).verdict.status).toBe('malformed');
  });
});
