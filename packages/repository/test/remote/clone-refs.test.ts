import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloneInto, createRepositoryTransport, type FirstRef } from '@git-kv/repository';
import { describe, expect, test } from 'vitest';
import { git, initBare, type ObjectFormat, temporaryDirectory } from '../../../../test/support/git.js';
import type { FileRepository, FileRepositoryOptions } from '../../src/node/index.js';
import { openForTest } from '../engines/file/open.js';
import { filesBelow } from '../support/engines.js';
import { makeHistory } from '../support/history.js';

const FAST: FileRepositoryOptions = { durability: 'none', lockTimeoutMs: 50 };

/** What stands in packed-refs and in HEAD, and which files below refs/ there are. */
function state(directory: string): { packed: string | undefined; head: string; loose: string[] } {
  const path = join(directory, 'packed-refs');
  return {
    packed: existsSync(path) ? readFileSync(path, 'utf8') : undefined,
    head: readFileSync(join(directory, 'HEAD'), 'utf8'),
    loose: filesBelow(join(directory, 'refs'))
      .map((file) => file.slice(directory.length))
      .sort(),
  };
}

async function openEmpty(format: ObjectFormat): Promise<{ directory: string; repository: FileRepository }> {
  const directory = join(temporaryDirectory(), 'ours.git');
  initBare(directory, format);
  return { directory, repository: await openForTest(directory, FAST) };
}

describe.each(['sha1', 'sha256'] as const)('the refs of a clone into files (%s)', (format) => {
  test.each([
    ['bare', '--bare'],
    ['mirror', '--mirror'],
    ['tracking', '--no-checkout'],
  ] as const)('%s: stand in the files that git clone %s leaves', async (layout, flag) => {
    const { directory: source } = makeHistory(join(temporaryDirectory(), 'source.git'), format);
    const theirs = join(temporaryDirectory(), 'theirs');
    git(['clone', '--quiet', flag, `file://${source}`, theirs]);
    const { directory, repository } = await openEmpty(format);
    await cloneInto(repository, createRepositoryTransport(await openForTest(source, FAST)), { layout });
    expect(state(directory)).toEqual(state(layout === 'tracking' ? join(theirs, '.git') : theirs));
    git(['fsck', '--strict'], { cwd: directory });
  });

  test('are moved one by one where there are refs already', async () => {
    const { directory: source, main } = makeHistory(join(temporaryDirectory(), 'source.git'), format);
    const { directory, repository } = await openEmpty(format);
    await cloneInto(repository, createRepositoryTransport(await openForTest(source, FAST)), { depth: 1 });
    await cloneInto(repository, createRepositoryTransport(await openForTest(source, FAST)));
    expect(git(['rev-parse', 'refs/heads/main', 'refs/heads/side'], { cwd: directory })).toContain(main.at(-1));
    expect(state(directory).loose).toContain('/refs/heads/side');
  });
});

describe('createFirst', () => {
  const OID = 'ce013625030ba8dba906f756967f9e9ca394464a';
  const refs = (...names: string[]): FirstRef[] => names.map((name) => ({ name, oid: OID }));

  test('changes nothing where there is a ref, loose or packed', async () => {
    const { directory, repository } = await openEmpty('sha1');
    await repository.refs.update([{ name: 'refs/heads/one', next: { oid: OID } }]);
    expect(await repository.refs.createFirst(refs('refs/heads/two'))).toBe(false);
    writeFileSync(join(directory, 'packed-refs'), `${OID} refs/heads/one\n`);
    await repository.refs.update([{ name: 'refs/heads/one', next: null }]);
    expect(await repository.refs.createFirst(refs('refs/heads/two'))).toBe(true);
    expect(await repository.refs.createFirst(refs('refs/heads/three'))).toBe(false);
    expect(await repository.refs.read('refs/heads/two')).toEqual({ oid: OID });
    expect(await repository.refs.read('refs/heads/three')).toBeUndefined();
  });

  test.each([
    ['a name below another', refs('refs/heads/a', 'refs/heads/a-b', 'refs/heads/a/b'), 'REF_CONFLICT'],
    ['a name twice', refs('refs/heads/a', 'refs/heads/a'), 'REF_CONFLICT'],
    ['a name that is none', refs('refs/heads/..'), 'INVALID_REF_NAME'],
    ['an id of zeros', [{ name: 'refs/heads/a', oid: '0'.repeat(40) }], 'INVALID_OID'],
  ])('refuses %s, and changes nothing', async (_, wrong, code) => {
    const { directory, repository } = await openEmpty('sha1');
    const before = state(directory);
    await expect(repository.refs.createFirst([...refs('refs/heads/ok'), ...wrong])).rejects.toMatchObject({ code });
    expect(state(directory)).toEqual(before);
  });

  test('waits for who holds packed-refs, and gives up', async () => {
    const { directory, repository } = await openEmpty('sha1');
    writeFileSync(join(directory, 'packed-refs.lock'), '');
    const created = repository.refs.createFirst(refs('refs/heads/a'));
    await expect(created).rejects.toMatchObject({ code: 'REF_LOCKED' });
    expect(await repository.refs.read('refs/heads/a')).toBeUndefined();
  });

  test('that is aborted changes nothing and leaves no lock', async () => {
    const { directory, repository } = await openEmpty('sha1');
    const signal = AbortSignal.abort();
    await expect(repository.refs.createFirst(refs('refs/heads/a'), { signal })).rejects.toThrow();
    expect(existsSync(join(directory, 'packed-refs'))).toBe(false);
    expect(existsSync(join(directory, 'packed-refs.lock'))).toBe(false);
  });
});
