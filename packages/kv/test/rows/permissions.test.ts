import { describe, expect, test } from 'vitest';
import { git, gitBytes } from '../../../../test/support/git.js';
import type { Permissions } from '../../src/index.js';
import { startRemote, text } from '../support/remote.js';
import { storeOf, ways } from '../support/ways.js';

const ALL: readonly Permissions[] = ['normal', 'exec', 'everybody', 'link'];

describe.each(ways)('K28 K29 permissions %s', (_name, use) => {
  test.each(ALL)('%s are read as they were set', async (permissions) => {
    const store = await storeOf();
    await use(store, (target) => target.set('d/a', 'value', { permissions }));
    const found = await use(store, (target) => target.getWithPermissions('d/a'));
    expect({ ...found, value: text(found?.value) }).toEqual({ permissions, value: 'value' });
  });

  test('stay when a value is set, set in part or moved, and can be changed alone', async () => {
    const store = await storeOf();
    await store.set('tool', 'one', { permissions: 'exec' });
    const read = async (key: string): Promise<string> => {
      const { permissions, value } = (await store.getWithPermissions(key)) ?? {};
      return `${permissions} ${text(value)}`;
    };
    await use(store, (target) => target.set('tool', 'two'));
    expect(await read('tool')).toBe('exec two');
    await use(store, (target) => target.setPartial('tool', { offset: 3 }, '!'));
    expect(await read('tool')).toBe('exec two!');
    await use(store, (target) => target.rename('tool', 'moved'));
    expect(await read('moved')).toBe('exec two!');
    const before = store.commit?.oid;
    await use(store, (target) => target.set('moved', 'two!', { permissions: 'normal' }));
    expect(await read('moved')).toBe('normal two!');
    expect(store.commit?.oid).not.toBe(before);
  });

  test('what is absent has none, a dictionary is VALUE_EXPECTED, and unknown ones are a mistake of the caller', async () => {
    const store = await storeOf({ 'd/a': '1' });
    await use(store, async (target) => {
      expect(await target.getWithPermissions('none')).toBeUndefined();
      for (const key of ['d', '/']) {
        await expect(target.getWithPermissions(key)).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      }
      for (const wrong of ['toString', 'dir', '0644']) {
        await expect(target.set('a', '1', { permissions: wrong as Permissions })).rejects.toThrow(TypeError);
      }
    });
  });

  test('K27 a link is no value: neither there nor listed, and VALUE_EXPECTED to all but getWithPermissions', async () => {
    const store = await storeOf({ real: '1' });
    await use(store, (target) => target.set('link', 'real', { permissions: 'link' }));
    await use(store, async (target) => {
      expect(await target.exists('link')).toBeUndefined();
      expect((await target.list())?.map(({ key }) => String(key))).toEqual(['/real']);
      const reads = [
        target.get('link'),
        target.getPartial('link', {}),
        target.size('link'),
        target.digest('link'),
        target.setPartial('link', {}, 'x'),
      ];
      for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      expect(text((await target.getWithPermissions('link'))?.value)).toBe('real');
    });
  });

  test('K27 a link is moved as it is, replaced by a value that is set, and removed', async () => {
    const store = await storeOf({ real: '1' });
    await store.set('link', 'real', { permissions: 'link' });
    await use(store, (target) => target.rename('link', 'd/moved'));
    expect(await store.getWithPermissions('d/moved')).toMatchObject({ permissions: 'link' });
    await use(store, (target) => target.set('d/moved', 'value'));
    expect(await store.getWithPermissions('d/moved')).toMatchObject({ permissions: 'normal' });
    await store.set('link', 'real', { permissions: 'link' });
    await use(store, (target) => target.remove('link'));
    expect(await store.getWithPermissions('link')).toBeUndefined();
  });
});

test('K28 K29 git reads the modes that were set, and the store the odd ones that git has', async () => {
  const remote = await startRemote();
  const commit = remote.commit({ real: '1' });
  const store = await remote.connect();
  await store.changeAndPush(async (batch) => {
    for (const permissions of ALL) await batch.set(permissions, 'real', { permissions });
  });
  // ls-tree shows 100664 as 100644; the tree has it as it was set.
  const stored = new TextDecoder('latin1').decode(gitBytes(['cat-file', 'tree', 'main'], { cwd: remote.directory }));
  expect(stored.match(/[0-7]{6} [a-z]+(?=\0)/g)).toEqual([
    '100664 everybody',
    '100755 exec',
    '120000 link',
    '100644 normal',
    '100644 real',
  ]);
  expect(remote.git('fsck', '--no-dangling')).toBe('');
  const blob = remote.git('rev-parse', 'main:real');
  const input = `100600 blob ${blob}\todd\n100711 blob ${blob}\trun\n160000 commit ${commit}\tsubmodule\n`;
  const tree = git(['mktree'], { cwd: remote.directory, input });
  remote.git('update-ref', 'refs/heads/main', git(['commit-tree', '-m', 'x', tree], { cwd: remote.directory }));
  await store.pull();
  expect(await store.getWithPermissions('odd')).toMatchObject({ permissions: 'normal' });
  expect(await store.getWithPermissions('run')).toMatchObject({ permissions: 'exec' });
  await expect(store.getWithPermissions('submodule')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
  await expect(store.rename('submodule', 'x')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
});
