import { join } from 'node:path';
import { createHttpTransport, type Transport } from '@git-kv/protocol';
import { cloneInto, type Repository } from '@git-kv/repository';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, initBare, makeDirectory, type ObjectFormat, removeDirectory } from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { fsck, MATRIX, openEngine, stateOf } from '../support/engines.js';
import { type History, makeHistory } from '../support/history.js';
import { collect } from '../support/objects.js';

let root: string;
let backend: GitHttpBackend;
const histories = new Map<ObjectFormat, History>();

beforeAll(async () => {
  root = makeDirectory('git-kv-clone');
  for (const format of ['sha1', 'sha256'] as const) {
    histories.set(format, makeHistory(join(root, `${format}.git`), format));
    initBare(join(root, `empty-${format}.git`), format);
  }
  backend = await startGitHttpBackend({ root });
});

afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

const transportTo = (name: string): Transport => createHttpTransport(`${backend.url}/${name}.git`);

async function refsOf(repository: Repository): Promise<Record<string, unknown>> {
  const refs: Record<string, unknown> = {};
  for await (const { name, value } of repository.refs.list('refs/')) refs[name] = 'oid' in value ? value.oid : value;
  return refs;
}

let clones = 0;

describe.each(MATRIX)('cloneInto with $engine in $format', ({ engine, format }) => {
  const history = (): History => histories.get(format) as History;
  let directory: string;
  const open = async (): Promise<Repository> => {
    directory = join(root, `clone-${++clones}.git`);
    return await openEngine(engine, format, directory);
  };
  const commitCount = async (repository: Repository): Promise<number> => {
    let count = 0;
    for (const oid of await collect(repository.objects.oids())) {
      if ((await repository.objects.stat(oid))?.kind === 'commit') count++;
    }
    return count;
  };

  test('takes every branch and tag, and HEAD', async () => {
    const repository = await open();
    const summary = await cloneInto(repository, transportTo(format));
    expect(await refsOf(repository)).toEqual(history().refs());
    expect(await repository.refs.read('HEAD')).toEqual({ target: 'refs/heads/main' });
    expect(summary.head).toBe('refs/heads/main');
    const theirs = git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'], {
      cwd: history().directory,
    });
    expect(await collect(repository.objects.oids())).toEqual(theirs.split('\n').sort());
    await fsck(repository, engine, directory);
  });

  test.each([1, 3])('takes %i commits of one branch with that depth', async (depth) => {
    const repository = await open();
    await cloneInto(repository, transportTo(format), { depth });
    const { main } = history();
    expect(await commitCount(repository)).toBe(depth);
    expect([...(await repository.shallow.read())]).toEqual([main.at(-depth)]);
    const refs = await refsOf(repository);
    expect(refs['refs/heads/main']).toBe(main.at(-1));
    expect(refs['refs/heads/side']).toBeUndefined();
    // Tags of what came, come too.
    expect(Object.keys(refs).filter((name) => name.startsWith('refs/tags/'))).toEqual(
      depth === 1 ? ['refs/tags/a-blob', 'refs/tags/v2'] : ['refs/tags/a-blob', 'refs/tags/light', 'refs/tags/v2'],
    );
    await fsck(repository, engine, directory);
  });

  test('points HEAD to the branch it is asked for', async () => {
    const repository = await open();
    const { head } = await cloneInto(repository, transportTo(format), { branch: 'side' });
    expect(head).toBe('refs/heads/side');
    expect(await repository.refs.read('HEAD')).toEqual({ target: 'refs/heads/side' });
    expect(await refsOf(repository)).toEqual(history().refs());
  });

  test('takes one branch and the tags of its history, tags of tags too', async () => {
    const repository = await open();
    await cloneInto(repository, transportTo(format), { branch: 'side', singleBranch: true });
    expect(Object.keys(await refsOf(repository))).toEqual([
      'refs/heads/side',
      'refs/tags/a-blob',
      'refs/tags/nested',
      'refs/tags/v1',
    ]);
    expect(await commitCount(repository)).toBe(4);
    await fsck(repository, engine, directory);
  });

  test('of an empty remote knows what HEAD will be, and no more', async () => {
    const repository = await open();
    const summary = await cloneInto(repository, transportTo(`empty-${format}`));
    expect(summary).toMatchObject({ head: 'refs/heads/main', objectCount: 0 });
    expect(await refsOf(repository)).toEqual({});
    expect(await repository.refs.read('HEAD')).toEqual({ target: 'refs/heads/main' });
  });

  test('refuses a branch that is not there, and a remote in the other object format', async () => {
    const repository = await open();
    const before = await stateOf(repository, engine === 'files' ? directory : undefined);
    await expect(cloneInto(repository, transportTo(format), { branch: 'nowhere' })).rejects.toMatchObject({
      code: 'REMOTE_REF_NOT_FOUND',
      subject: 'refs/heads/nowhere',
    });
    const other = format === 'sha1' ? 'sha256' : 'sha1';
    await expect(cloneInto(repository, transportTo(other))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(cloneInto(repository, transportTo('absent'))).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
    expect(await stateOf(repository, engine === 'files' ? directory : undefined)).toEqual(before);
  });
});

test('a detached HEAD is cloned as it is, whether a branch has it or not', async () => {
  const { directory: source, main } = makeHistory(join(root, 'detached.git'), 'sha1');
  git(['update-ref', '--no-deref', 'HEAD', main[1] as string], { cwd: source });
  const directory = join(root, 'detached-clone.git');
  const repository = await openEngine('files', 'sha1', directory);
  const { head } = await cloneInto(repository, transportTo('detached'));
  expect(head).toBeUndefined();
  expect(await repository.refs.read('HEAD')).toEqual({ oid: main[1] });

  const shallow = await openEngine('memory', 'sha1', '');
  await cloneInto(shallow, transportTo('detached'), { depth: 1 });
  expect(Object.keys(await refsOf(shallow))).toEqual(['refs/tags/a-blob', 'refs/tags/nested', 'refs/tags/v1']);
  expect(await shallow.refs.read('HEAD')).toEqual({ oid: main[1] });
  expect([...(await shallow.shallow.read())]).toEqual([main[1]]);
  await fsck(repository, 'files', directory);
});

test('a remote that is shallow itself gives a shallow clone', async () => {
  const history = histories.get('sha1') as History;
  git(['clone', '-q', '--bare', '--depth=2', `file://${history.directory}`, join(root, 'cut.git')]);
  const directory = join(root, 'cut-clone.git');
  const repository = await openEngine('files', 'sha1', directory);
  await cloneInto(repository, transportTo('cut'));
  expect([...(await repository.shallow.read())]).toEqual([history.main.at(-2)]);
  await fsck(repository, 'files', directory);
});
