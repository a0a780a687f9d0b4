import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  git,
  gitAsync,
  gitBytes,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { makeOddRepository, type OddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit cat-file (%s)', (objectFormat) => {
  let root: string;
  let repository: OddRepository;
  beforeAll(() => {
    root = makeDirectory();
    repository = makeOddRepository(join(root, 'odd.git'), objectFormat);
  });
  afterAll(() => removeDirectory(root));

  const tsgit = (args: readonly string[], input?: string | Uint8Array) =>
    run('tsgit', ['cat-file', ...args], { cwd: repository.directory, ...(input === undefined ? {} : { input }) });
  const gitCatFile = (args: readonly string[], input?: string | Uint8Array): Buffer =>
    Buffer.from(
      gitBytes(['cat-file', ...args], { cwd: repository.directory, ...(input === undefined ? {} : { input }) }),
    );

  test.each(['-p', '-t', '-s'])('%s prints what git prints, for every name', async (mode) => {
    for (const name of repository.names) {
      const ours = await tsgit([mode, name]);
      expect(ours, name).toMatchObject({ code: 0, stderr: '' });
      expect(ours.output.equals(gitCatFile([mode, name])), name).toBe(true);
    }
  });

  test.each(['blob', 'tree', 'commit', 'tag'])(
    '<%s> prints the raw object, through tags where there are any',
    async (kind) => {
      for (const name of repository.names) {
        const theirs = await gitAsync(['cat-file', kind, name], { cwd: repository.directory });
        const ours = await tsgit([kind, name]);
        expect(ours.code, `${name} as ${kind}`).toBe(theirs.code);
        if (theirs.code === 0) expect(ours.output.equals(gitCatFile([kind, name])), name).toBe(true);
        else expect(ours.stderr).toBe(theirs.stderr);
      }
    },
  );

  test('-e tells by its exit code', async () => {
    expect(await tsgit(['-e', 'main'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const absent = '1'.repeat(objectFormat === 'sha1' ? 40 : 64);
    expect(await tsgit(['-e', absent])).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect((await tsgit(['-e', 'nonsense'])).code).toBe(128);
  });

  test.each(['nonsense', '1111111', 'main:nope', 'main~99', 'v9', 'main:plain.txt^{tree}'])(
    'refuses %s as git does',
    async (name) => {
      for (const mode of ['-p', '-t', '-s']) {
        expect((await gitAsync(['cat-file', mode, name], { cwd: repository.directory })).code).toBe(128);
        const ours = await tsgit([mode, name]);
        expect(ours).toMatchObject({ code: 128, stdout: '' });
        expect(ours.stderr).toMatch(/^fatal: Not a valid object name /);
      }
    },
  );

  const formats = [
    '',
    '=%(objectname)',
    '=%(objecttype)\t%(objectsize)',
    '=<%(objectname)|%(rest)>',
    '=100%% %(objectsize)',
    '=constant',
    '=%(deltabase) %(objectsize:disk)',
    '=%(objectname) %(objectsize:disk)|%(rest)',
    '=%(objecttype) % %% %x %(deltabase)',
  ];
  test.each(formats)('--batch-check%s', async (format) => {
    const input = [...repository.names, 'nonsense', 'main:nope', '', 'main some rest', 'main\ttab rest', ''].join('\n');
    const ours = await tsgit([`--batch-check${format}`], input);
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(ours.stdout).toBe(gitCatFile([`--batch-check${format}`], input).toString());
  });

  test.each([['--batch'], ['--batch', '--buffer'], ['--batch=%(objecttype) %(rest)'], ['--batch-check', '--buffer']])(
    '%s %s over standard input is git byte for byte',
    async (...args) => {
      const input = [...repository.names, 'nonsense', 'main:link', 'v1'].join('\n');
      const ours = await tsgit(args, input);
      expect(ours).toMatchObject({ code: 0, stderr: '' });
      expect(ours.output.equals(gitCatFile(args, input))).toBe(true);
    },
  );

  test('refuses a whole object id of nothing as git does', async () => {
    const absent = '1'.repeat(objectFormat === 'sha1' ? 40 : 64);
    for (const args of [['-t'], ['-s'], ['-p'], ['blob'], ['commit'], ['shape']]) {
      const theirs = await gitAsync(['cat-file', ...args, absent], { cwd: repository.directory });
      expect(await tsgit([...args, absent]), args.join()).toMatchObject({ code: theirs.code, stderr: theirs.stderr });
    }
  });

  test('an unknown element of a format is refused as git does it', async () => {
    const args = ['--batch-check=%(objectname) %(shape)'];
    const theirs = await gitAsync(['cat-file', ...args], { cwd: repository.directory });
    expect(await tsgit(args)).toMatchObject({ code: theirs.code, stdout: '', stderr: theirs.stderr });
  });

  test.each([
    ['--batch-command'],
    ['--batch-command', '--buffer'],
    ['--batch-command=%(objecttype) <%(objectsize:disk)>'],
  ])('%s %s obeys the commands as git does', async (...args) => {
    const flush = args.includes('--buffer') ? ['flush'] : [];
    const names = [...repository.names, 'nonsense', 'main some rest', 'main:with space'];
    const input = names.flatMap((name) => [`info ${name}`, `contents ${name}`, ...flush]).join('\n');
    const ours = await tsgit(args, input);
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(ours.output.equals(gitCatFile(args, input))).toBe(true);
    for (const bad of [
      '',
      ' info main',
      'info',
      'contents',
      'flush',
      'flush now',
      'infomain',
      'shape main',
      'INFO main',
    ]) {
      const options = { cwd: repository.directory, input: `info main\n${bad}\n` };
      const theirs = await gitAsync(['cat-file', ...args], options);
      const refused = await tsgit(args, options.input);
      expect({ code: refused.code, stderr: refused.stderr }, bad).toEqual({ code: theirs.code, stderr: theirs.stderr });
      if (!args.includes('--buffer')) expect(refused.stdout).toBe(theirs.stdout);
    }
  });

  test('-z takes names that end with NUL, and without it a carriage return is part of the end', async () => {
    const names = ['main', 'main:"qu', 'main:line\nfeed', 'v1'];
    for (const args of [
      ['--batch-check', '-z'],
      ['--batch', '-z'],
    ]) {
      const input = `${names.join('\0')}\0`;
      expect((await tsgit(args, input)).output.equals(gitCatFile(args, input))).toBe(true);
    }
    const input = 'main\r\nv1\r\n';
    expect((await tsgit(['--batch-check'], input)).output.equals(gitCatFile(['--batch-check'], input))).toBe(true);
  });

  test.each([
    ['--batch-check=%(objectname) %(objectsize:disk) %(deltabase) %(objecttype)'],
    ['--batch-check=%(objectname)', '--no-buffer'],
    ['--batch-check=constant'],
    ['--batch'],
    ['--batch-check'],
    ['--batch', '--buffer'],
    ['--batch-check=%(objectname)', '--buffer'],
    ['--batch=%(objectsize)'],
  ])('%s %s --batch-all-objects is git byte for byte', async (...args) => {
    const all = [...args, '--batch-all-objects'];
    const ours = await tsgit(all);
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(ours.output.equals(gitCatFile(all))).toBe(true);
  });

  test('--batch-all-objects --unordered names the same objects', async () => {
    const args = ['--batch-check', '--batch-all-objects', '--unordered'];
    const ours = await tsgit(args);
    expect(ours.stdout.split('\n').sort()).toEqual(gitCatFile(args).toString().split('\n').sort());
  });

  test('a batch goes on after names of odd bytes and revisions that cannot be resolved here', async () => {
    const input = Buffer.from('\xff\xfe\nmain^{nonsense}\nmain~1\n', 'latin1');
    const ours = await tsgit(['--batch'], input);
    expect(ours.output.equals(gitCatFile(['--batch'], input))).toBe(true);
    expect(ours).toMatchObject({ code: 0, stderr: expect.stringMatching(/^error: Cannot resolve .*\n$/) });
  });
});

describe('tsgit cat-file', () => {
  test('calls a short name that fits two objects ambiguous', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const seen = new Map<string, string>();
    let short: string | undefined;
    for (let at = 0; short === undefined; at += 50) {
      // Fifty blobs a call; some two of a few hundred share four digits.
      const paths = Array.from({ length: 50 }, (_, index) => {
        const path = join(cwd, `f${at + index}`);
        writeFileSync(path, `${at + index}`);
        return path;
      });
      for (const oid of git(['hash-object', '-w', '--stdin-paths'], { cwd, input: paths.join('\n') }).split('\n')) {
        const start = oid.slice(0, 4);
        if (seen.has(start)) short = start;
        seen.set(start, oid);
      }
    }
    const batch = await run('tsgit', ['cat-file', '--batch-check'], { cwd, input: `${short}\n` });
    expect(batch).toMatchObject({ code: 0, stdout: `${short} ambiguous\n` });
    const single = await run('tsgit', ['cat-file', '-t', short], { cwd });
    expect(single).toMatchObject({ code: 128, stdout: '' });
    expect(single.stderr).toContain('[AMBIGUOUS_REVISION]');
    expect((await gitAsync(['cat-file', '-t', short], { cwd })).code).toBe(128);
  });

  test.each([
    [[]],
    [['-p']],
    [['-p', '-t', 'main']],
    [['-p', 'main', 'main']],
    [['--batch', '--batch-check']],
    [['--batch', 'main']],
    [['--batch', '-t']],
    [['--buffer', '-t', 'main']],
    [['--batch-all-objects', '-t', 'main']],
    [['-z', '-t', 'main']],
    [['--nonsense']],
  ])('takes %j for a usage error', async (args) => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const ours = await run('tsgit', ['cat-file', ...args], { cwd });
    expect(ours).toMatchObject({ code: 129, stdout: '' });
    expect(ours.stderr).toMatch(/^error: .*\nusage: tsgit cat-file /);
    expect((await gitAsync(['cat-file', ...args], { cwd })).code).toBe(129);
  });

  test('says where a loose object is corrupt', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'));
    const oid = git(['hash-object', '-w', '--stdin'], { cwd, input: 'some content to be broken' });
    const path = join(cwd, 'objects', oid.slice(0, 2), oid.slice(2));
    chmodSync(path, 0o644);
    writeFileSync(path, 'this is no zlib stream');
    const ours = await run('tsgit', ['cat-file', '-p', oid], { cwd });
    expect(ours).toMatchObject({ code: 128, stdout: '' });
    expect(ours.stderr).toMatch(/^fatal: .*\[[A-Z_]+\]\n$/);
  });
});
