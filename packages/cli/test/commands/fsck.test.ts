import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  initBare,
  type ObjectFormat,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { run } from '../support/run.js';

/** What a row of the table does to a repository of two commits, all of it loose unless it packs. */
interface Damage {
  readonly name: string;
  readonly options?: readonly string[];
  readonly make?: (repository: Sample) => unknown;
  /** Arguments that depend on the repository. */
  readonly args?: (repository: Sample) => readonly string[];
}

class Sample {
  readonly directory: string;
  readonly format: ObjectFormat;

  constructor(directory: string, format: ObjectFormat) {
    this.directory = directory;
    this.format = format;
  }

  git(args: readonly string[], input = ''): string {
    return git(args, { cwd: this.directory, input });
  }

  oid(revision: string): string {
    return this.git(['rev-parse', '--verify', revision]);
  }

  path(oid: string): string {
    return join(this.directory, 'objects', oid.slice(0, 2), oid.slice(2));
  }

  remove(revision: string): void {
    rmSync(this.path(this.oid(revision)));
  }

  overwrite(revision: string, bytes: Uint8Array | string): void {
    const path = this.path(this.oid(revision));
    chmodSync(path, 0o644);
    writeFileSync(path, bytes);
  }

  write(file: string, text: string): void {
    mkdirSync(join(this.directory, file, '..'), { recursive: true });
    writeFileSync(join(this.directory, file), text);
  }

  /** An object with any content. */
  literally(kind: string, body: Uint8Array | string): string {
    return git(['hash-object', '-w', '--literally', '--stdin', '-t', kind], { cwd: this.directory, input: body });
  }

  commit(tree: string, headers = AUTHORS): string {
    return this.literally('commit', `tree ${tree}\n${headers}\nbody\n`);
  }

  /** Let a branch lead to an object. */
  branch(name: string, oid: string): void {
    this.write(`refs/heads/${name}`, `${oid}\n`);
  }

  tree(...entries: readonly (readonly [mode: string, name: string, oid: string])[]): string {
    const parts = entries.flatMap(([mode, name, oid]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
    return this.literally('tree', Buffer.concat(parts));
  }

  blob(text = 'text\n'): string {
    return this.literally('blob', text);
  }

  pack(): this {
    this.git(['repack', '-adq']);
    return this;
  }

  lookUps(): this {
    this.git(['multi-pack-index', 'write']);
    this.git(['commit-graph', 'write', '--reachable']);
    return this;
  }

  packFile(ending: string): string {
    const folder = join(this.directory, 'objects/pack');
    const name = readdirSync(folder).find((one) => one.endsWith(ending)) as string;
    chmodSync(join(folder, name), 0o644);
    return join(folder, name);
  }

  flip(path: string, at: number): void {
    const bytes = readFileSync(path);
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] as number) ^ 0xff;
    writeFileSync(path, bytes);
  }

  /** Break the deflated bytes of a packed object. */
  flipEntry(revision: string): void {
    const oid = this.oid(revision);
    const listing = this.git(['verify-pack', '-v', this.packFile('.idx')]);
    const [, packOffset] = new RegExp(`^${oid} \\w+ +\\d+ \\d+ (\\d+)`, 'm').exec(listing) as RegExpExecArray;
    this.flip(this.packFile('.pack'), Number(packOffset) + 5);
  }

  get zeroOid(): string {
    return '0'.repeat(this.format === 'sha1' ? 40 : 64);
  }
}

const AUTHORS = 'author A <a@example.com> 1700000000 +0000\ncommitter C <c@example.com> 1700000000 +0000\n';
const BAD_NAME = 'author <a@example.com> 1700000000 +0000\ncommitter C <c@example.com> 1700000000 +0000\n';

/** Content that fsck finds fault with, on a branch. */
const CONTENT: readonly Damage[] = [
  { name: 'a zero-padded mode', make: (s) => s.branch('x', s.commit(s.tree(['0100644', 'a', s.blob()]))) },
  {
    name: 'an unsorted tree',
    make: (s) => s.branch('x', s.commit(s.tree(['100644', 'b', s.blob()], ['100644', 'a', s.blob()]))),
  },
  {
    name: 'a name twice',
    make: (s) => s.branch('x', s.commit(s.tree(['100644', 'a', s.blob()], ['100644', 'a', s.blob('2')]))),
  },
  { name: 'a tree with .git', make: (s) => s.branch('x', s.commit(s.tree(['100644', '.git', s.blob()]))) },
  { name: 'a tree with ..', make: (s) => s.branch('x', s.commit(s.tree(['100644', '..', s.blob()]))) },
  { name: 'an odd mode', make: (s) => s.branch('x', s.commit(s.tree(['100664', 'a', s.blob()]))) },
  { name: 'an object id of zeros', make: (s) => s.branch('x', s.commit(s.tree(['160000', 'a', s.zeroOid]))) },
  { name: 'an identity without a name', make: (s) => s.branch('x', s.commit(s.oid('main^{tree}'), BAD_NAME)) },
  {
    name: 'a date that is none',
    make: (s) => s.branch('x', s.commit(s.oid('main^{tree}'), AUTHORS.replaceAll('1700000000', '01700000000'))),
  },
  {
    name: 'a time zone that is none',
    make: (s) => s.branch('x', s.commit(s.oid('main^{tree}'), AUTHORS.replaceAll('+0000', '+00'))),
  },
  {
    name: 'no author',
    make: (s) => s.branch('x', s.commit(s.oid('main^{tree}'), 'committer C <c@example.com> 1700000000 +0000\n')),
  },
  {
    name: 'a .gitmodules with a harmful URL',
    make: (s) => {
      const blob = s.blob('[submodule "a"]\n\tpath = a\n\turl = -u./evil\n');
      s.branch('x', s.commit(s.tree(['100644', '.gitmodules', blob])));
    },
  },
  {
    name: 'a .gitmodules that is a tree',
    make: (s) => s.branch('x', s.commit(s.tree(['40000', '.gitmodules', s.oid('main^{tree}')]))),
  },
];

const TABLE: readonly Damage[] = [
  { name: 'nothing wrong' },
  { name: 'nothing wrong, packed', make: (s) => s.pack() },
  { name: 'roots and tags', options: ['--root', '--tags'], make: (s) => s.git(['tag', '-am', 'x', 'v1', 'main']) },
  { name: 'a missing blob', make: (s) => s.remove('main:a') },
  { name: 'a missing tree', make: (s) => s.remove('main^{tree}') },
  { name: 'a missing commit', make: (s) => s.remove('main~1') },
  { name: 'a missing tip', make: (s) => s.remove('main') },
  { name: 'an empty loose object', make: (s) => s.overwrite('main:a', '') },
  { name: 'a loose object that is no zlib stream', make: (s) => s.overwrite('main:a', 'garbage') },
  {
    name: 'a loose tree that is cut short',
    make: (s) => {
      const path = s.path(s.oid('main^{tree}'));
      chmodSync(path, 0o644);
      truncateSync(path, statSync(path).size - 6);
    },
  },
  { name: 'a loose object of no kind', make: (s) => s.overwrite('main:a', deflateSync('blub 1\0x')) },
  {
    name: 'a loose object under another name',
    make: (s) => {
      const path = s.path(s.oid('main:a'));
      chmodSync(path, 0o644);
      copyFileSync(s.path(s.oid('main:dir/b')), path);
    },
  },
  { name: 'a file that is no object', make: (s) => s.write('objects/ab/not-an-object', 'x') },
  { name: 'a dangling blob', make: (s) => s.blob('nobody names me\n') },
  { name: 'a dangling blob, not told', options: ['--no-dangling'], make: (s) => s.blob('nobody names me\n') },
  { name: 'a dangling commit with its own tree', make: (s) => s.commit(s.tree(['100644', 'x', s.blob('new')])) },
  {
    name: 'what is unreachable',
    options: ['--unreachable'],
    make: (s) => s.commit(s.tree(['100644', 'x', s.blob('new')])),
  },
  {
    name: 'a dangling commit, links only',
    options: ['--connectivity-only'],
    make: (s) => s.commit(s.tree(['100644', 'x', s.blob('new')])),
  },
  { name: 'a missing blob, links only', options: ['--connectivity-only'], make: (s) => s.remove('main:a') },
  { name: 'a commit that is no commit', make: (s) => s.branch('x', s.literally('commit', 'nonsense\n')) },
  {
    name: 'a commit whose child is a commit that is none',
    make: (s) => {
      const bad = s.literally('commit', 'nonsense\n');
      s.branch('x', s.commit(s.oid('main^{tree}'), `parent ${bad}\n${AUTHORS}`));
    },
  },
  { name: 'a dangling tag that is no tag', make: (s) => s.literally('tag', 'nonsense\n') },
  { name: 'a tree that is no tree', make: (s) => s.branch('x', s.commit(s.literally('tree', 'nonsense\n'))) },
  { name: 'a ref to nothing', make: (s) => s.branch('x', 'a'.repeat(s.zeroOid.length)) },
  { name: 'a ref of zeros', make: (s) => s.branch('x', s.zeroOid) },
  { name: 'a ref that is garbage', make: (s) => s.branch('x', 'garbage') },
  { name: 'a ref with a bad name', make: (s) => s.branch('x..y', s.oid('main')) },
  { name: 'a branch that is a tree', make: (s) => s.branch('x', s.oid('main^{tree}')) },
  { name: 'a tag ref that is a tree', make: (s) => s.write('refs/tags/x', `${s.oid('main^{tree}')}\n`) },
  { name: 'a symbolic ref to nothing', make: (s) => s.write('refs/remotes/o/HEAD', 'ref: refs/remotes/o/main\n') },
  { name: 'a lock beside a ref', make: (s) => s.write('refs/heads/main.lock', '') },
  { name: 'an unborn HEAD', make: (s) => s.write('HEAD', 'ref: refs/heads/unborn\n') },
  { name: 'a HEAD outside of the branches', make: (s) => s.write('HEAD', 'ref: refs/tags/v1\n') },
  { name: 'a detached HEAD to nothing', make: (s) => s.write('HEAD', `${'b'.repeat(s.zeroOid.length)}\n`) },
  { name: 'no refs at all', options: ['--unreachable'], make: (s) => rmSync(join(s.directory, 'refs/heads/main')) },
  {
    name: 'a log with an object that is gone',
    make: (s) => s.write('logs/refs/heads/main', logLine(s.zeroOid, 'c'.repeat(s.zeroOid.length))),
  },
  {
    name: 'a log that keeps an object',
    make: (s) => s.write('logs/refs/heads/main', logLine(s.zeroOid, s.commit(s.oid('main^{tree}')))),
  },
  {
    name: 'a log that is not asked',
    options: ['--no-reflogs'],
    make: (s) => s.write('logs/refs/heads/main', logLine(s.zeroOid, s.commit(s.oid('main^{tree}')))),
  },
  {
    name: 'a shallow history',
    make: (s) => {
      s.remove('main~1');
      s.write('shallow', `${s.oid('main')}\n`);
    },
  },
  { name: 'a pack with a wrong checksum', make: (s) => s.pack().flip(s.packFile('.pack'), -1) },
  { name: 'a pack with a broken entry', make: (s) => s.pack().flipEntry('main~1:a') },
  { name: 'an idx with a wrong checksum', make: (s) => s.pack().flip(s.packFile('.idx'), -1) },
  { name: 'a pack with bytes after it', make: (s) => appendFileSync(s.pack().packFile('.pack'), 'more') },
  { name: 'a multi-pack-index and a commit-graph', make: (s) => s.pack().lookUps() },
  {
    name: 'a multi-pack-index that is damaged',
    make: (s) => s.pack().lookUps().flip(s.packFile('multi-pack-index'), -1),
  },
  {
    name: 'a commit-graph that is damaged',
    make: (s) => {
      const path = join(s.pack().lookUps().directory, 'objects/info/commit-graph');
      chmodSync(path, 0o644);
      s.flip(path, -1);
    },
  },
  {
    name: 'severities of the configuration',
    make: (s) => {
      s.git(['config', 'fsck.zeroPaddedFilemode', 'error']);
      s.git(['config', 'fsck.missingSpaceBeforeDate', 'ignore']);
      s.branch('x', s.commit(s.tree(['0100644', 'a', s.blob()])));
    },
  },
  {
    name: 'a skip list',
    make: (s) => {
      const tree = s.tree(['100644', 'b', s.blob()], ['100644', 'a', s.blob()]);
      s.write('skip', `# known\n${tree}  # by all\n\n`);
      s.git(['config', 'fsck.skipList', join(s.directory, 'skip')]);
      s.branch('x', s.commit(tree));
    },
  },
  { name: 'what one object leads to', args: (s) => [s.oid('main~1')] },
  { name: 'an object that is not there', args: (s) => ['d'.repeat(s.zeroOid.length)] },
  { name: 'no object', args: () => ['not-a-name'] },
  ...CONTENT,
  ...CONTENT.map((row) => ({ ...row, name: `${row.name}, strictly`, options: ['--strict'] })),
  ...CONTENT.map(({ name, make }) => ({
    name: `${name}, packed`,
    make: (s: Sample) => {
      make?.(s);
      s.pack();
    },
  })),
];

function logLine(oldOid: string, newOid: string): string {
  return `${oldOid} ${newOid} A <a@example.com> 1700000000 +0000\tcommit\n`;
}

/** What scripts read: each line of standard output, and of standard error what names a rule or a place. */
function essence({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): unknown {
  const said = stderr.split('\n').flatMap((line) => {
    const rule = /^(?:error|warning) in \w+ [0-9a-f]+: \w+/.exec(line);
    const place = /^(?:error: \S+: (?:invalid|not a commit|object missing)|bad sha1 file|notice: ).*/.exec(line);
    return rule?.[0] ?? place?.[0] ?? [];
  });
  return { code, stdout: stdout.split('\n').sort(), stderr: [...new Set(said)].sort() };
}

describe.each(['sha1', 'sha256'] as const)('tsgit fsck in %s', (format) => {
  test.each(TABLE)('says of $name what git says', async ({ make, options = [], args }) => {
    const directory = initBare(temporaryDirectory(), format);
    commitFiles(directory, [{ files: { a: 'one\n', 'dir/b': 'two\n' } }, { files: { a: 'three\n' } }]);
    const sample = new Sample(directory, format);
    make?.(sample);
    const command = ['fsck', '--no-progress', ...options, ...(args?.(sample) ?? [])];
    const theirs = await gitAsync(command, { cwd: directory });
    const ours = await run('tsgit', command, { cwd: directory });
    expect(essence(ours)).toEqual(essence(theirs));
  });
});
