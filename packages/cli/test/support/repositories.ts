import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  commitFiles,
  git,
  gitBytes,
  initBare,
  makeDirectory,
  type ObjectFormat,
} from '../../../../test/support/git.js';

/** A bare repository with everything odd that git lets into one. */
export interface OddRepository {
  readonly directory: string;
  readonly objectFormat: ObjectFormat;
  /** Names that `cat-file` resolves, one of each kind among them. */
  readonly names: readonly string[];
}

/**
 * Names with quotes, tabs, line feeds, UTF-8 and bytes that are none; a symlink, an executable, a submodule; nested and
 * empty-looking trees; annotated, nested and light tags; two commits packed with deltas, the third loose.
 */
export function makeOddRepository(directory: string, objectFormat: ObjectFormat = 'sha1'): OddRepository {
  initBare(directory, objectFormat);
  const text = Array.from({ length: 400 }, (_, line) => `line ${line} of a file that deltas well\n`).join('');
  commit(directory, [
    file('plain.txt', 'Hello World!\n'),
    file('big.txt', text),
    file('"qu\\"ote\\\\back"', 'quoted'),
    file('"tab\\there"', 'tab'),
    file('"line\\nfeed"', 'feed'),
    file('"\\303\\244\\342\\202\\254.txt"', 'utf-8'),
    file('"latin-\\344"', 'latin-1'),
    file('with space', 'space'),
    file('empty', ''),
    file('dir/a', 'A'),
    file('dir/sub/deep/b', 'B'),
    file('dir.txt', 'sorts before dir/'),
    file('dir0', 'sorts after dir/'),
    { mode: '100755', path: 'run.sh', body: '#!/bin/sh\n' },
    { mode: '120000', path: 'link', body: 'plain.txt' },
  ]);
  commit(directory, [file('big.txt', `${text}one more line\n`), file('dir/sub/deep/b', 'B2')]);
  const submodule = 'd'.repeat(objectFormat === 'sha1' ? 40 : 64);
  git(['tag', '-a', '-m', 'A tag', 'v1', 'refs/heads/main'], { cwd: directory });
  git(['tag', '-a', '-m', 'A tag of a tag', 'v1-again', 'v1'], { cwd: directory });
  git(['tag', 'light', 'refs/heads/main~1'], { cwd: directory });
  git(['gc', '--quiet', '--aggressive'], { cwd: directory });
  // Loose: a third commit with a submodule in it.
  const tree = git(['mktree'], {
    cwd: directory,
    input: `${git(['ls-tree', 'main'], { cwd: directory })}\n160000 commit ${submodule}\tmodule\n`,
  });
  const head = git(['commit-tree', '-p', 'main', '-m', 'Add a submodule', tree], { cwd: directory });
  git(['update-ref', 'refs/heads/main', head], { cwd: directory });
  git(['update-ref', 'refs/heads/topic/one', 'main~1'], { cwd: directory });
  return {
    directory,
    objectFormat,
    names: [
      'HEAD',
      'main',
      'refs/heads/main',
      'heads/topic/one',
      'main~2',
      'main^',
      'main^{tree}',
      'main:plain.txt',
      'main:dir',
      'main:dir/sub/deep/b',
      'main:link',
      'main:empty',
      'v1',
      'v1^{}',
      'v1^{commit}',
      'v1-again',
      'v1-again^{tag}',
      'light',
      head,
      head.slice(0, 8),
      git(['rev-parse', 'main:big.txt'], { cwd: directory }),
    ],
  };
}

/**
 * A repository with a work tree for tests of refs, to be copied: two commits, and loose, packed, nested and symbolic branches, one
 * of them dangling; a remote's branches; an annotated tag and one of it. The caller removes it.
 */
export function makeRefTemplate(objectFormat: ObjectFormat): string {
  const directory = makeDirectory();
  const ask = (...args: string[]): string => git(args, { cwd: directory });
  ask('init', '-q', '--template=', '-b', 'main', `--object-format=${objectFormat}`, '.');
  commitFiles(directory, [{ files: { a: '1' } }, { files: { a: '2' } }]);
  ask('tag', '-a', '-m', 'A tag', 'v1', 'main');
  ask('branch', 'topic/one', 'main~1');
  ask('branch', 'packed', 'main~1');
  ask('pack-refs', '--all');
  ask('tag', '-a', '-m', 'A tag of a tag', 'v1-again', 'v1');
  ask('branch', 'loose', 'main');
  ask('symbolic-ref', 'refs/heads/alias', 'refs/heads/loose');
  ask('symbolic-ref', 'refs/heads/alias-of-alias', 'refs/heads/alias');
  ask('symbolic-ref', 'refs/heads/dangling', 'refs/heads/unborn');
  ask('update-ref', 'refs/remotes/origin/main', 'main~1');
  ask('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  return directory;
}

interface FileSpec {
  readonly mode: string;
  /** As fast-import takes it: quoted with C escapes where it has odd bytes. */
  readonly path: string;
  readonly body: string;
}

function file(path: string, body: string): FileSpec {
  return { mode: '100644', path, body };
}

function commit(directory: string, files: readonly FileSpec[]): void {
  let isBorn = true;
  try {
    git(['rev-parse', '--verify', '--quiet', 'refs/heads/main'], { cwd: directory });
  } catch {
    isBorn = false;
  }
  const lines = [
    'commit refs/heads/main',
    'committer C O Mitter <committer@example.com> 1700000000 +0100',
    'data 6',
    'commit',
  ];
  if (isBorn) lines.push('from refs/heads/main^0');
  let input = `${lines.join('\n')}\n`;
  for (const { mode, path, body } of files)
    input += `M ${mode} inline ${path}\ndata ${Buffer.byteLength(body)}\n${body}\n`;
  gitBytes(['fast-import', '--quiet', '--force'], { cwd: directory, input });
}

/** A pack as a file outside of any repository, with its idx by git. Returns its path without the ending. */
export function copyPack(repository: string, into: string): string {
  const oids = git(['rev-list', '--objects', '--all'], { cwd: repository })
    .split('\n')
    .map((line) => line.split(' ')[0])
    .filter((oid) => oid !== undefined)
    .join('\n');
  const pack = gitBytes(['pack-objects', '--stdout', '--delta-base-offset', '--window=10'], {
    cwd: repository,
    input: `${oids}\n`,
  });
  const stem = join(into, 'odd');
  writeFileSync(`${stem}.pack`, pack);
  const format = git(['rev-parse', '--show-object-format'], { cwd: repository });
  git(['index-pack', `--object-format=${format}`, '-o', `${stem}.idx`, `${stem}.pack`], { cwd: into });
  return stem;
}
