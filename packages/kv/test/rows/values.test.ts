import { openFileRepository } from '@git-kv/repository/file';
import { initRepository } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { FaultyFs } from '../../../repository/test/engines/file/faulty-fs.js';
import { GitKv, Key } from '../../src/index.js';
import { text } from '../support/remote.js';
import { contents, storeOf, ways } from '../support/ways.js';

describe.each(ways)('M24 getPartial %s', (_name, use) => {
  const parts: [what: string, offset: number | undefined, length: number | undefined, part: string][] = [
    ['the middle', 2, 3, '234'],
    ['the whole by default', undefined, undefined, '0123456789'],
    ['to the end by default', 7, undefined, '789'],
    ['less than asked for, at the end', 8, 100, '89'],
    ['nothing, at the end', 10, 5, ''],
    ['nothing, behind the end', 11, 5, ''],
    ['nothing, of length 0', 3, 0, ''],
    ['offsets over 32 bits', 2 ** 40, 2 ** 40, ''],
  ];
  test.each(parts)('gives %s', async (_what, offset, length, part) => {
    const store = await storeOf({ a: '0123456789' });
    const range = { ...(offset !== undefined && { offset }), ...(length !== undefined && { length }) };
    expect(await use(store, async (target) => text(await target.getPartial('a', range)))).toBe(part);
  });

  test('M23 K27 takes no dictionary for a value; absence is undefined', async () => {
    const store = await storeOf({ 'd/a': '1' });
    await use(store, async (target) => {
      await expect(target.getPartial('d', {})).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      expect(await target.getPartial('none', {})).toBeUndefined();
    });
  });

  test('K33 takes a negative or broken number for a mistake of the caller', async () => {
    const store = await storeOf({ a: '1' });
    await use(store, async (target) => {
      for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
        await expect(target.getPartial('a', { offset: wrong })).rejects.toThrow(RangeError);
        await expect(target.getPartial('a', { length: wrong })).rejects.toThrow(RangeError);
        await expect(target.setPartial('a', { offset: wrong }, 'x')).rejects.toThrow(RangeError);
        await expect(target.allocate('b', wrong)).rejects.toThrow(RangeError);
      }
    });
    expect(await contents(store)).toEqual({ '/a': '1' });
  });
});

test('M24 getPartial streams a large value from the file engine, and sees values of the batch', async () => {
  const repository = await initRepository(`${temporaryDirectory()}/store.git`);
  try {
    const store = await GitKv.open(repository);
    const value = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
    await store.set('large', value);
    for (const [offset, length] of [
      [0, 10],
      [1_234_567, 70_000],
      [2_999_990, 100],
    ] as const) {
      const part = await store.getPartial('large', { offset, length });
      expect(part).toEqual(value.slice(offset, offset + length));
    }
    await store.changeAndPush(async (batch) => {
      await batch.setPartial('large', { offset: 5 }, 'new');
      expect(text(await batch.getPartial('large', { offset: 5, length: 3 }))).toBe('new');
    });
    expect(await store.size('large')).toBe(3_000_000);
  } finally {
    await repository.close();
  }
});

describe.each(ways)('M31 K34 setPartial %s', (_name, use) => {
  const writes: [what: string, key: string, offset: number, bytes: string, after: string][] = [
    ['writes into the middle and keeps the tail', 'a', 2, 'XY', '01XY456789'],
    ['writes over the end', 'a', 8, 'WXYZ', '01234567WXYZ'],
    ['appends at the end', 'a', 10, 'X', '0123456789X'],
    ['fills a hole with zeros', 'a', 12, 'X', '0123456789\0\0X'],
    ['fills a hole with zeros, also before nothing', 'a', 12, '', '0123456789\0\0'],
    ['makes a missing key, and the dictionaries above it', 'new/deep', 0, 'X', 'X'],
    ['makes a missing key with a hole', 'new', 2, 'X', '\0\0X'],
    ['makes an empty value of nothing', 'new', 0, '', ''],
  ];
  test.each(writes)('%s', async (_what, key, offset, bytes, after) => {
    const store = await storeOf({ a: '0123456789' });
    await use(store, (target) => target.setPartial(key, { offset }, bytes));
    expect(await store.getText(key)).toBe(after);
  });

  test('changes nothing where the bytes are there already', async () => {
    const store = await storeOf({ a: '0123456789' });
    const before = store.commit;
    await use(store, (target) => target.setPartial('a', { offset: 3 }, '345'));
    expect(store.commit).toEqual(before);
  });

  test('takes no dictionary for a value, no value for a dictionary, and nothing over the limit', async () => {
    const store = await storeOf({ a: '1', 'd/b': '2' }, { limits: { valueBytes: 100 } });
    const before = store.commit;
    await use(store, async (target) => {
      await expect(target.setPartial('d', {}, 'x')).rejects.toMatchObject({ code: 'VALUE_EXPECTED', key: Key.of('d') });
      await expect(target.setPartial('/', {}, 'x')).rejects.toMatchObject({ code: 'VALUE_EXPECTED', key: Key.root });
      await expect(target.setPartial('a/b', {}, 'x')).rejects.toMatchObject({
        code: 'DICTIONARY_EXPECTED',
        key: Key.of('a'),
      });
      await expect(target.setPartial('a', { offset: 100 }, 'x')).rejects.toMatchObject({
        code: 'NO_SPACE',
        cause: { code: 'LIMIT_EXCEEDED', limit: 'valueBytes', actual: 101 },
      });
    });
    expect(store.commit).toEqual(before);
  });

  test('copies the bytes given when it is called', async () => {
    const store = await storeOf({ a: '0123456789' });
    await use(store, async (target) => {
      const bytes = Uint8Array.of(0x58);
      const isDone = target.setPartial('a', { offset: 1 }, bytes);
      bytes[0] = 0x59;
      await isDone;
    });
    expect(await store.getText('a')).toBe('0X23456789');
  });
});

describe.each(ways)('Text with half a character %s', (_name, use) => {
  test('is refused, as another text would come back', async () => {
    const store = await storeOf({ a: '1' });
    await use(store, async (target) => {
      for (const value of ['\ud800x', 'é\udc00', `${'x'.repeat(5000)}\ud83d`]) {
        await expect(target.set('a', value)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
        await expect(target.setPartial('a', {}, value)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      }
      await target.set('a', '\ud83d\ude42');
    });
    expect(await store.getText('a')).toBe('\u{1f642}');
  });
});

describe.each(ways)('M29 K35 allocate %s', (_name, use) => {
  test('makes a value of zeros, empty ones too', async () => {
    const store = await storeOf();
    await use(store, async (target) => {
      await target.allocate('a/b', 3);
    });
    await use(store, (target) => target.allocate('empty', 0));
    expect(await store.get('a/b')).toEqual(new Uint8Array(3));
    expect(await store.size('empty')).toBe(0);
  });

  test('M18 refuses what is there: a value, a dictionary, a link, the root', async () => {
    const store = await storeOf({ a: '1', 'd/b': '2' });
    await store.set('link', 'a', { permissions: 'link' });
    await use(store, async (target) => {
      for (const key of ['a', 'd', 'link', '/']) {
        await expect(target.allocate(key, 1)).rejects.toMatchObject({ code: 'ALREADY_PRESENT', key: Key.of(key) });
      }
      await expect(target.allocate('a', 1)).rejects.toThrow('Key /a is already present');
      await expect(target.allocate('a/b', 1)).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED', key: Key.of('a') });
    });
  });

  test('M16 M29 has no space over the limit, nor where the runtime has none', async () => {
    const small = await storeOf({}, { limits: { valueBytes: 4 } });
    const endless = await storeOf({}, { limits: { valueBytes: Number.MAX_SAFE_INTEGER } });
    await use(small, async (target) => {
      await target.allocate('a', 4);
      await expect(target.allocate('b', 5)).rejects.toMatchObject({
        code: 'NO_SPACE',
        message: 'No space left on device',
        cause: { code: 'LIMIT_EXCEEDED' },
      });
    });
    await use(endless, async (target) => {
      await expect(target.allocate('b', 2 ** 52)).rejects.toMatchObject({ code: 'NO_SPACE' });
    });
  });
});

test('M16 a disk that is full is NO_SPACE: store and branch stay as they were, and go on when there is space', async () => {
  const path = `${temporaryDirectory()}/store.git`;
  await (await initRepository(path)).close();
  let isFull = false;
  const { fs } = new FaultyFs((call) => (isFull && call === 'handle.write' ? { code: 'ENOSPC' } : undefined));
  const repository = await openFileRepository(fs, path);
  try {
    const store = await GitKv.open(repository);
    await store.set('a', '1');
    const before = store.commit?.oid;
    isFull = true;
    const writes = [store.set('a', '2'), store.allocate('b', 10), store.setPartial('a', { offset: 1 }, '2')];
    for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect([store.commit?.oid, await contents(store)]).toEqual([before, { '/a': '1' }]);
    isFull = false;
    await store.allocate('b', 1);
    expect(await contents(await GitKv.open(repository))).toEqual({ '/a': '1', '/b': '\0' });
  } finally {
    await repository.close();
  }
});
