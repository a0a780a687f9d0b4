import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  gitBytes,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { copyPack, makeOddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit index-pack (%s)', (objectFormat) => {
  let root: string;
  let pack: Buffer;
  let idx: Buffer;
  let checksum: string;
  beforeAll(() => {
    root = makeDirectory();
    const stem = copyPack(makeOddRepository(join(root, 'odd.git'), objectFormat).directory, root);
    pack = readFileSync(`${stem}.pack`);
    idx = readFileSync(`${stem}.idx`);
    checksum = pack.subarray(objectFormat === 'sha1' ? -20 : -32).toString('hex');
  });
  afterAll(() => removeDirectory(root));

  /** A folder with the pack in it, outside of any repository. */
  function folder(bytes: Uint8Array = pack): string {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'p.pack'), bytes);
    return directory;
  }

  test('writes the idx that git writes, beside the pack, read-only', async () => {
    const cwd = folder();
    const ours = await run('tsgit', ['index-pack', `--object-format=${objectFormat}`, 'p.pack'], { cwd });
    expect(ours).toEqual(expect.objectContaining({ code: 0, stdout: `${checksum}\n`, stderr: '' }));
    expect(readFileSync(join(cwd, 'p.idx')).equals(idx)).toBe(true);
    expect(statSync(join(cwd, 'p.idx')).mode & 0o777).toBe(0o444);
    expect(readdirSync(cwd).sort()).toEqual(['p.idx', 'p.pack']);
  });

  test('-o names the idx, and then the pack may have any name', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'any'), pack);
    const args = ['index-pack', `--object-format=${objectFormat}`, '-o', 'out.idx', 'any'];
    expect(await run('tsgit', args, { cwd })).toMatchObject({ code: 0, stdout: `${checksum}\n` });
    expect(readFileSync(join(cwd, 'out.idx')).equals(idx)).toBe(true);
    // Again, over the one that is there.
    expect(await run('tsgit', args, { cwd })).toMatchObject({ code: 0, stdout: `${checksum}\n` });
    expect(await run('tsgit', ['index-pack', 'any'], { cwd })).toMatchObject({
      code: 128,
      stderr: "fatal: packfile name 'any' does not end with '.pack'\n",
    });
  });

  test('without --object-format, the name of the pack or the repository around tells', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, `pack-${checksum}.pack`), pack);
    expect(await run('tsgit', ['index-pack', `pack-${checksum}.pack`], { cwd })).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, `pack-${checksum}.idx`)).equals(idx)).toBe(true);
    const repository = initBare(join(cwd, 'r.git'), objectFormat);
    writeFileSync(join(repository, 'p.pack'), pack);
    expect(await run('tsgit', ['index-pack', 'p.pack'], { cwd: repository })).toMatchObject({ code: 0 });
    expect(readFileSync(join(repository, 'p.idx')).equals(idx)).toBe(true);
  });

  test('-v counts on standard error', async () => {
    const args = ['index-pack', '-v', `--object-format=${objectFormat}`, 'p.pack'];
    const ours = await run('tsgit', args, { cwd: folder() });
    expect(ours).toMatchObject({ code: 0, stdout: `${checksum}\n` });
    expect(ours.stderr).toMatch(/Receiving objects: 100% \((\d+)\/\1\), done\.\n/);
  });

  test('--stdin puts pack and idx into the repository, where git finds the objects', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const ours = await run('tsgit', ['index-pack', '--stdin'], { cwd, input: pack });
    expect(ours).toMatchObject({ code: 0, stdout: `pack\t${checksum}\n`, stderr: '' });
    const names = readdirSync(join(cwd, 'objects/pack')).sort();
    expect(names).toEqual([`pack-${checksum}.idx`, `pack-${checksum}.pack`]);
    for (const name of names) expect(statSync(join(cwd, 'objects/pack', name)).mode & 0o777).toBe(0o444);
    expect(readFileSync(join(cwd, `objects/pack/pack-${checksum}.idx`)).equals(idx)).toBe(true);
    // Once more: what is there stays whole.
    expect(await run('tsgit', ['index-pack', '--stdin'], { cwd, input: pack })).toMatchObject({ code: 0 });
    expect(await gitAsync(['verify-pack', `objects/pack/pack-${checksum}.idx`], { cwd })).toMatchObject({ code: 0 });
  });

  test('--fix-thin completes a thin pack with the objects that git adds; without it the pack is refused', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const long = Array.from({ length: 200 }, (_, at) => `line ${at} of a long file\n`).join('');
    const first = commitFiles(cwd, [{ files: { long } }]);
    const second = commitFiles(cwd, [{ files: { long: `${long}more\n` } }]);
    const thin = gitBytes(['pack-objects', '--revs', '--thin', '--stdout'], { cwd, input: `${second}\n^${first}\n` });
    /** The repository as it was before the second commit. */
    const before = (): string => {
      const directory = join(temporaryDirectory(), 'before.git');
      git(['clone', '--quiet', '--bare', cwd, directory]);
      git(['update-ref', 'refs/heads/main', first], { cwd: directory });
      git(['repack', '-a', '-d', '--quiet'], { cwd: directory });
      git(['prune'], { cwd: directory });
      expect(() => git(['cat-file', '-e', second], { cwd: directory })).toThrow();
      return directory;
    };
    const refusing = before();
    const packs = readdirSync(join(refusing, 'objects/pack'));
    const refused = await run('tsgit', ['index-pack', '--stdin'], { cwd: refusing, input: thin });
    expect(refused).toMatchObject({ code: 128, stdout: '' });
    expect(refused.stderr).toContain('[OBJECT_NOT_FOUND]');
    expect(readdirSync(join(refusing, 'objects/pack'))).toEqual(packs);

    const ours = await run('tsgit', ['index-pack', '--stdin', '--fix-thin'], { cwd: refusing, input: thin });
    expect(ours).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pack\t[0-9a-f]+\n$/), stderr: '' });
    const idxPath = `objects/pack/pack-${ours.stdout.trim().split('\t')[1]}.idx`;
    const theirs = before();
    const shown = git(['index-pack', '--stdin', '--fix-thin'], { cwd: theirs, input: thin });
    const listed = (cwd: string, path: string): string[] =>
      git(['show-index', `--object-format=${objectFormat}`], { cwd, input: readFileSync(join(cwd, path)) })
        .split('\n')
        .map((line) => line.split(' ')[1] ?? '');
    expect(listed(refusing, idxPath)).toEqual(listed(theirs, `objects/pack/pack-${shown.split('\t')[1]}.idx`));
    expect(await gitAsync(['verify-pack', idxPath], { cwd: refusing })).toMatchObject({ code: 0 });
    git(['update-ref', 'refs/heads/main', second], { cwd: refusing });
    expect(await gitAsync(['fsck', '--strict'], { cwd: refusing })).toMatchObject({ code: 0 });
  });

  test('--rev-index writes the .rev that git writes; the last of --rev-index and --no-rev-index counts', async () => {
    const cwd = folder();
    const args = ['index-pack', `--object-format=${objectFormat}`, '--rev-index', 'p.pack'];
    expect(await run('tsgit', args, { cwd })).toMatchObject({ code: 0, stdout: `${checksum}\n` });
    const theirs = folder();
    git(args, { cwd: theirs });
    for (const name of ['p.idx', 'p.rev']) {
      expect(readFileSync(join(cwd, name)).equals(readFileSync(join(theirs, name))), name).toBe(true);
      expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o444);
    }
    const without = folder();
    await run('tsgit', [...args, '--no-rev-index'], { cwd: without });
    expect(readdirSync(without).sort()).toEqual(['p.idx', 'p.pack']);
    const repository = initBare(join(cwd, 'r.git'), objectFormat);
    await run('tsgit', ['index-pack', '--stdin', '--rev-index'], { cwd: repository, input: pack });
    expect(readdirSync(join(repository, 'objects/pack')).sort()).toEqual(
      ['idx', 'pack', 'rev'].map((ending) => `pack-${checksum}.${ending}`),
    );
  });

  test.each([
    ['--keep', ''],
    ['--keep=because', 'because\n'],
  ])('%s says why the pack stays, and that in place of pack', async (option, content) => {
    for (const program of ['ours', 'git']) {
      const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
      const index = async (): Promise<string> =>
        program === 'git'
          ? git(['index-pack', '--stdin', option], { cwd, input: pack })
          : (await run('tsgit', ['index-pack', '--stdin', option], { cwd, input: pack })).stdout.trimEnd();
      expect(await index(), program).toBe(`keep\t${checksum}`);
      expect(readFileSync(join(cwd, `objects/pack/pack-${checksum}.keep`), 'utf8')).toBe(content);
      // Who kept it before keeps it.
      expect(await index(), program).toBe(`pack\t${checksum}`);
    }
  });

  test('--stdin with a file writes pack and idx there', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const ours = await run('tsgit', ['index-pack', '--stdin', 'here.pack'], { cwd, input: pack });
    expect(ours).toMatchObject({ code: 0, stdout: `pack\t${checksum}\n` });
    expect(readFileSync(join(cwd, 'here.pack')).equals(pack)).toBe(true);
    expect(readFileSync(join(cwd, 'here.idx')).equals(idx)).toBe(true);
    expect(readdirSync(join(cwd, 'objects/pack'))).toEqual([]);
  });

  test('works in little memory', async () => {
    const cwd = folder();
    const args = ['index-pack', `--object-format=${objectFormat}`, '--memory-budget=1MiB', '--threads=2', 'p.pack'];
    expect(await run('tsgit', args, { cwd })).toMatchObject({ code: 0, stdout: `${checksum}\n` });
    expect(readFileSync(join(cwd, 'p.idx')).equals(idx)).toBe(true);
  });

  test('--max-input-size refuses a larger pack in the words of git', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const args = ['index-pack', '--stdin', '--max-input-size=100'];
    const ours = await run('tsgit', args, { cwd, input: pack });
    expect(ours).toMatchObject({
      code: 128,
      stdout: '',
      stderr: expect.stringContaining('pack exceeds maximum allowed size'),
    });
    expect(readdirSync(join(cwd, 'objects/pack'))).toEqual([]);
    expect((await gitAsync(args, { cwd, input: pack })).code).toBe(128);
  });

  describe('--strict', () => {
    /** A pack of these objects, made by git in a repository of its own. */
    function packOf(...objects: readonly [kind: string, body: string | Uint8Array][]): {
      pack: Uint8Array;
      oids: string[];
    } {
      const cwd = initBare(join(temporaryDirectory(), 'm.git'), objectFormat);
      const oids = objects.map(([kind, input]) =>
        git(['hash-object', '-w', '--literally', '--stdin', '-t', kind], { cwd, input }),
      );
      return { pack: gitBytes(['pack-objects', '--stdout', '-q'], { cwd, input: oids.join('\n') }), oids };
    }
    const zero = '0'.repeat(objectFormat === 'sha1' ? 40 : 64);
    const missing = '1'.repeat(zero.length);
    const raw = Buffer.from(missing, 'hex');
    const commit = (tree: string, rest = ''): string =>
      `tree ${tree}\nauthor A <a@b.c> 1 +0000\ncommitter A <a@b.c> 1 +0000\n${rest}\nmessage\n`;
    const emptyTree = git(['hash-object', '-t', 'tree', '--stdin'], {
      cwd: initBare(join(makeDirectory(), 'e.git'), objectFormat),
    });

    test.each<[string, () => { pack: Uint8Array }, code: number, ...args: string[]]>([
      ['takes a good pack', () => packOf(['tree', ''], ['commit', commit(emptyTree)]), 0],
      [
        'refuses a commit without author',
        () => packOf(['tree', ''], ['commit', `tree ${emptyTree}\n\nmessage\n`]),
        128,
      ],
      ['refuses a tree with .git', () => packOf(['tree', Buffer.concat([Buffer.from('40000 .git\0'), raw])]), 128],
      ['refuses a missing tree', () => packOf(['commit', commit(missing)]), 128],
      ['refuses a missing blob', () => packOf(['tree', Buffer.concat([Buffer.from('100644 a\0'), raw])]), 128],
      ['minds no missing submodule', () => packOf(['tree', Buffer.concat([Buffer.from('160000 a\0'), raw])]), 0],
      [
        'refuses a tree linked to as a commit',
        () => packOf(['tree', ''], ['commit', commit(emptyTree).replace('\n', `\nparent ${emptyTree}\n`)]),
        128,
      ],
      [
        'refuses what is a warning elsewhere',
        () => packOf(['tree', Buffer.concat([Buffer.from('040000 a\0'), Buffer.from(emptyTree, 'hex')])], ['tree', '']),
        128,
      ],
      [
        'lowers what it is told to',
        () => packOf(['tree', Buffer.concat([Buffer.from('040000 a\0'), Buffer.from(emptyTree, 'hex')])], ['tree', '']),
        0,
        '--strict=zeroPaddedFilemode=ignore',
      ],
      [
        'without links, as --fsck-objects, a missing tree passes',
        () => packOf(['commit', commit(missing)]),
        0,
        '--fsck-objects',
      ],
      ['and a bad commit does not', () => packOf(['commit', `tree ${missing}\n\nmessage\n`]), 128, '--fsck-objects'],
    ])('%s', async (_, make, code, ...args) => {
      const { pack: made } = make();
      for (const stdin of [true, false]) {
        const options = [
          'index-pack',
          ...(args.length > 0 ? args : ['--strict']),
          ...(stdin ? ['--stdin'] : ['m.pack']),
        ];
        const [ours, theirs] = [0, 1].map(() => {
          const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
          writeFileSync(join(cwd, 'm.pack'), made);
          return cwd;
        }) as [string, string];
        expect((await gitAsync(options, { cwd: theirs, input: made })).code, 'git').toBe(code);
        const result = await run('tsgit', options, { cwd: ours, input: made });
        expect(result).toMatchObject({ code, stdout: code === 0 ? expect.stringMatching(/[0-9a-f]{40}\n$/) : '' });
        if (code !== 0) expect(readdirSync(join(ours, 'objects/pack'))).toEqual([]);
        expect(readdirSync(ours).includes('m.idx')).toBe(code === 0 && !stdin);
      }
    });

    test('links may lead into the repository', async () => {
      const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
      git(['hash-object', '-w', '-t', 'tree', '--stdin'], { cwd });
      const { pack: made } = packOf(['commit', commit(emptyTree)]);
      expect(await run('tsgit', ['index-pack', '--strict', '--stdin'], { cwd, input: made })).toMatchObject({
        code: 0,
      });
    });

    test.each([
      ['a harmless', '[submodule "a"]\n\tpath = a\n\turl = https://example.com/a\n', 0],
      ['an attacking', '[submodule "a"]\n\tpath = a\n\turl = -u./payload\n', 128],
    ])('looks into %s .gitmodules, wherever in the pack it is', async (_, text, code) => {
      const { oids } = packOf(['blob', text]);
      const tree = Buffer.concat([Buffer.from('100644 .gitmodules\0'), Buffer.from(oids[0] as string, 'hex')]);
      const { pack: made } = packOf(['blob', text], ['tree', tree]);
      const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
      const args = ['index-pack', '--strict', '--stdin'];
      expect((await gitAsync(args, { cwd, input: made })).code).toBe(code);
      const result = await run('tsgit', args, {
        cwd: initBare(join(temporaryDirectory(), 'r.git'), objectFormat),
        input: made,
      });
      expect(result.code).toBe(code);
      if (code !== 0) expect(result.stderr).toMatch(/error: object [0-9a-f]+: gitmodulesUrl: .*\nfatal: fsck error/);
    });

    test.each([
      ['--strict=nonsense=error', 'Unhandled message id: nonsense'],
      ['--strict=missingEmail=loud', "Unknown fsck message type: 'loud'"],
      ['--strict=missingEmail', "Missing '=': 'missingEmail'"],
    ])('refuses %s', async (option, message) => {
      const ours = await run('tsgit', ['index-pack', option, 'p.pack'], { cwd: folder() });
      expect(ours).toMatchObject({ code: 128, stderr: `fatal: ${message}\n` });
      expect(await gitAsync(['index-pack', option, 'p.pack'], { cwd: folder() })).toMatchObject({ code: 128 });
    });
  });

  test.each([
    ['a byte changed', (bytes: Buffer) => bytes.writeUInt8((bytes.readUInt8(200) + 1) & 255, 200)],
    [
      'the checksum changed',
      (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1),
    ],
    ['the signature changed', (bytes: Buffer) => bytes.write('JUNK', 0)],
    ['the version changed', (bytes: Buffer) => bytes.writeUInt32BE(9, 4)],
    ['more objects claimed', (bytes: Buffer) => bytes.writeUInt32BE(bytes.readUInt32BE(8) + 1, 8)],
    ['fewer objects claimed', (bytes: Buffer) => bytes.writeUInt32BE(bytes.readUInt32BE(8) - 1, 8)],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -30)],
    ['cut in the header', (bytes: Buffer) => bytes.subarray(0, 7)],
    ['empty', (bytes: Buffer) => bytes.subarray(0, 0)],
    ['junk at the end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('junk')])],
  ])('refuses a pack with %s, and leaves no file behind', async (_, damage) => {
    const copy = Buffer.from(pack);
    const result = damage(copy);
    const bytes = typeof result === 'number' ? copy : result;
    const cwd = folder(bytes);
    const fromFile = await run('tsgit', ['index-pack', `--object-format=${objectFormat}`, 'p.pack'], { cwd });
    expect(fromFile).toMatchObject({ code: 128, stdout: '' });
    expect(fromFile.stderr).toMatch(/^fatal: Cannot .*\[[A-Z_]+\]\n$/);
    expect(readdirSync(cwd)).toEqual(['p.pack']);

    const repository = initBare(join(cwd, 'r.git'), objectFormat);
    const fromInput = await run('tsgit', ['index-pack', '--stdin'], { cwd: repository, input: bytes });
    expect(fromInput).toMatchObject({ code: 128, stdout: '' });
    expect(readdirSync(join(repository, 'objects/pack'))).toEqual([]);
  });

  test('verify-pack lists what git lists', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'p.pack'), pack);
    writeFileSync(join(cwd, 'p.idx'), idx);
    const format = `--object-format=${objectFormat}`;
    for (const args of [
      ['-v', 'p.idx'],
      ['-s', 'p.idx'],
      ['p.idx'],
      ['-v', 'p'],
      ['-v', 'p.pack'],
      ['-v', '-s', 'p.idx'],
    ]) {
      const ours = await run('tsgit', ['verify-pack', format, ...args], { cwd });
      expect(ours, args.join(' ')).toMatchObject({ code: 0, stderr: '' });
      expect(ours.stdout).toBe(Buffer.from(gitBytes(['verify-pack', format, ...args], { cwd })).toString());
    }
  });

  test.each([
    ['the pack', 'p.pack'],
    ['the idx', 'p.idx'],
  ])('verify-pack ends with 1 where %s is damaged', async (_, file) => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'p.pack'), pack);
    writeFileSync(join(cwd, 'p.idx'), idx);
    const bytes = readFileSync(join(cwd, file));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 50) ^ 0x40, bytes.length - 50);
    writeFileSync(join(cwd, file), bytes);
    const args = ['verify-pack', `--object-format=${objectFormat}`, '-v', 'p.idx'];
    const ours = await run('tsgit', args, { cwd });
    expect(ours).toMatchObject({ code: 1, stdout: 'p.pack: bad\n' });
    expect(ours.stderr).toMatch(/^error: Cannot .*\[[A-Z_]+\]\n$/);
    expect((await gitAsync(args, { cwd })).code).toBe(1);
  });
});

describe('tsgit index-pack', () => {
  test('says that a file is not there, without a stack', async () => {
    const cwd = temporaryDirectory();
    const ours = await run('tsgit', ['index-pack', 'missing.pack'], { cwd });
    expect(ours).toMatchObject({ code: 128, stdout: '' });
    expect(ours.stderr).toMatch(/^fatal: .*missing\.pack.*\n$/);
    expect(readdirSync(cwd)).toEqual([]);
    const verified = await run('tsgit', ['verify-pack', 'missing.idx'], { cwd });
    expect(verified.code).toBe(1);
    expect(verified.stderr).toMatch(/^(?:fatal|error): .*missing\.idx.*\n$/);
  });

  test('leaves nothing where the idx cannot be written', async () => {
    const cwd = temporaryDirectory();
    const repository = makeOddRepository(join(cwd, 'odd.git')).directory;
    const stem = copyPack(repository, cwd);
    const args = ['index-pack', '-o', 'no/such/folder/out.idx', `${stem}.pack`];
    const ours = await run('tsgit', args, { cwd });
    expect(ours).toMatchObject({ code: 128, stdout: '' });
    expect(ours.stderr).toMatch(/^fatal: .*\n$/);
    expect(existsSync(join(cwd, 'no'))).toBe(false);
  });

  test('leaves nothing where the idx cannot take its name', async () => {
    const cwd = temporaryDirectory();
    const pack = gitBytes(['pack-objects', '--stdout', '-q'], { cwd: initBare(temporaryDirectory()), input: '' });
    writeFileSync(join(cwd, 'p.pack'), pack);
    mkdirSync(join(cwd, 'p.idx'));
    const { code, stderr } = await run('tsgit', ['index-pack', '--keep', 'p.pack'], { cwd });
    expect(code).toBe(128);
    expect(stderr).toMatch(/^fatal: could not write '.*p\.idx': Is a directory\n$/);
    expect(readdirSync(cwd).sort()).toEqual(['p.idx', 'p.pack']);
  });

  test('--stdin needs a repository', async () => {
    const ours = await run('tsgit', ['index-pack', '--stdin'], { cwd: temporaryDirectory(), input: 'PACK' });
    expect(ours).toMatchObject({ code: 128, stdout: '' });
  });

  test.each([
    [[], 129],
    [['a.pack', 'b.pack'], 129],
    [['--hash-policy=nonsense', 'a.pack'], 129],
    [['--object-format=nonsense', 'a.pack'], 128],
    [['--fix-thin', 'a.pack'], 128],
    [['--threads=many', 'a.pack'], 129],
    [['--memory-budget=much', 'a.pack'], 129],
    [['--stdin', '--object-format=sha1'], 128],
  ])('refuses the arguments %j', async (args, code) => {
    const ours = await run('tsgit', ['index-pack', ...args], { cwd: temporaryDirectory() });
    expect(ours).toMatchObject({ code, stdout: '' });
    expect(ours.stderr).toMatch(code === 129 ? /^error: .*\nusage: / : /^fatal: .*\n$/);
  });
});
