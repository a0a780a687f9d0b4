import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddRepository, type OddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit mktag (%s)', (objectFormat) => {
  let root: string;
  let repository: OddRepository;
  const oids: Record<string, string> = {};
  beforeAll(() => {
    root = makeDirectory();
    repository = makeOddRepository(join(root, 'odd.git'), objectFormat);
    for (const name of ['main', 'main^{tree}', 'main:plain.txt', 'v1']) {
      oids[name] = git(['rev-parse', name], { cwd: repository.directory });
    }
    oids.none = 'a'.repeat(objectFormat === 'sha1' ? 40 : 64);
  });
  afterAll(() => removeDirectory(root));

  const tag = (
    parts: { object?: string | undefined; type?: string; name?: string; tagger?: string; rest?: string } = {},
  ): string => {
    const { object = oids.main, type = 'commit', name = 'v9', rest = '\nA tag\n' } = parts;
    const { tagger = 'tagger A U Thor <a@example.com> 1700000000 +0000\n' } = parts;
    return `object ${object}\ntype ${type}\ntag ${name}\n${tagger}${rest}`;
  };
  const inputs: [what: string, input: () => string][] = [
    ['a tag of a commit', () => tag()],
    ['a tag of a tree', () => tag({ object: oids['main^{tree}'], type: 'tree' })],
    ['a tag of a blob', () => tag({ object: oids['main:plain.txt'], type: 'blob' })],
    ['a tag of a tag', () => tag({ object: oids.v1, type: 'tag' })],
    ['a tag without a message', () => tag({ rest: '' })],
    ['a tag without a message, after an empty line', () => tag({ rest: '\n' })],
    [
      'a tag with a signature',
      () => tag({ rest: '\nA\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n' }),
    ],
    ['a tag without a tagger', () => tag({ tagger: '' })],
    ['a tag with one more header', () => tag({ rest: 'encoding latin1\n\nA tag\n' })],
    ['a tag without a tagger and with one more header', () => tag({ tagger: '', rest: 'more x\n\nA tag\n' })],
    ['a tag with a bad name', () => tag({ name: 'a..b' })],
    ['a tag with an empty name', () => tag({ name: '' })],
    ['a tag of another kind than it says', () => tag({ type: 'tree' })],
    ['a tag of what is no kind', () => tag({ type: 'shape' })],
    ['a tag of what is not there', () => tag({ object: oids.none })],
    ['a tag of what is no object id', () => tag({ object: 'nonsense' })],
    ['a tag of a short object id', () => tag({ object: oids.main?.slice(0, 10) })],
    ['a tagger without an email', () => tag({ tagger: 'tagger A U Thor\n' })],
    ['a tagger without a name', () => tag({ tagger: 'tagger <a@example.com> 1700000000 +0000\n' })],
    ['a tagger without a space before the email', () => tag({ tagger: 'tagger A<a@example.com> 1700000000 +0000\n' })],
    ['a tagger with a bad name', () => tag({ tagger: 'tagger A > <a@example.com> 1700000000 +0000\n' })],
    ['a tagger with a bad email', () => tag({ tagger: 'tagger A <a<b> 1700000000 +0000\n' })],
    ['a tagger without a date', () => tag({ tagger: 'tagger A <a>\n' })],
    ['a tagger with a bad date', () => tag({ tagger: 'tagger A <a> soon +0000\n' })],
    ['a tagger with a padded date', () => tag({ tagger: 'tagger A <a> 01 +0000\n' })],
    ['a tagger with a date that is too large', () => tag({ tagger: `tagger A <a> ${'9'.repeat(30)} +0000\n` })],
    ['a tagger with a bad zone', () => tag({ tagger: 'tagger A <a> 1700000000 +00\n' })],
    ['no object', () => 'type commit\ntag x\n\n'],
    ['no type', () => `object ${oids.main}\ntag x\n\n`],
    ['no name', () => `object ${oids.main}\ntype commit\ntagger x\n\n`],
    ['nothing', () => ''],
    ['a line that does not end', () => `object ${oids.main}`],
    ['a NUL among the headers', () => tag({ name: 'a\0b' })],
  ];
  describe.each([[[]], [['--strict']], [['--no-strict']], [['--no-strict', '--strict']]])('%j', (args) => {
    test.each(inputs)('takes or refuses %s as git does', async (_what, input) => {
      const options = { cwd: repository.directory, input: input() };
      const theirs = await gitAsync(['mktag', ...args], options);
      const { code, stdout, stderr } = await run('tsgit', ['mktag', ...args], options);
      expect({ code, stdout, stderr }).toEqual({ code: theirs.code, stdout: theirs.stdout, stderr: theirs.stderr });
    });
  });

  test('goes by the severities in the config', async () => {
    const cwd = repository.directory;
    for (const [id, severity] of [
      ['extraheaderentry', 'ignore'],
      ['missingTaggerEntry', 'ignore'],
      ['badDate', 'warn'],
    ]) {
      git(['config', `fsck.${id}`, severity as string], { cwd });
      for (const parts of [{ rest: 'more x\n\nA tag\n' }, { tagger: '' }, { tagger: 'tagger A <a> soon +0000\n' }]) {
        for (const args of [['mktag'], ['mktag', '--no-strict']]) {
          const options = { cwd, input: tag(parts) };
          const theirs = await gitAsync(args, options);
          const { code, stdout, stderr } = await run('tsgit', args, options);
          expect({ code, stdout, stderr }, `${id} ${args}`).toEqual(theirs);
        }
      }
      git(['config', '--unset', `fsck.${id}`], { cwd });
    }
  });
});
