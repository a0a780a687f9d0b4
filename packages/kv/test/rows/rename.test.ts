import { describe, expect, test } from 'vitest';
import { Key } from '../../src/index.js';
import { contents, storeOf, ways } from '../support/ways.js';

const SAMPLE = {
  '/a': '1',
  '/b': '2',
  '/d/x': '3',
  '/d/sub/y': '4',
  '/e/x': '5',
  '/f/d/z': '6',
  '/g/a/w': '7',
  '/h/d': '8',
};
type Paths = Readonly<Record<string, string>>;

function without(...paths: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(SAMPLE).filter(([path]) => !paths.includes(path)));
}

describe.each(ways)('M33 K39 rename %s', (_name, use) => {
  const moves: [what: string, source: string, destination: string, after: Paths][] = [
    ['moves a value to a new key', 'a', 'c', { ...without('/a'), '/c': '1' }],
    ['makes the dictionaries above the new key', 'a', 'new/deep/c', { ...without('/a'), '/new/deep/c': '1' }],
    ['replaces a value', 'a', 'b', { ...without('/a'), '/b': '1' }],
    ['replaces a value in another dictionary', 'd/x', 'e/x', { ...without('/d/x'), '/e/x': '3' }],
    ['moves a value into a dictionary', 'a', 'd', { ...without('/a'), '/d/a': '1' }],
    ['replaces a value of its name in that dictionary', 'd/x', 'e', { ...without('/d/x'), '/e/x': '3' }],
    ['moves a value to the root', 'd/sub/y', '/', { ...without('/d/sub/y'), '/y': '4' }],
    ['moves a dictionary whole', 'd', 'c', { ...without('/d/x', '/d/sub/y'), '/c/x': '3', '/c/sub/y': '4' }],
    [
      'moves a dictionary into a dictionary',
      'd',
      'e',
      { ...without('/d/x', '/d/sub/y'), '/e/d/x': '3', '/e/d/sub/y': '4' },
    ],
    ['moves a dictionary up', 'd/sub', '/', { ...without('/d/sub/y'), '/sub/y': '4' }],
    ['moves a value up into the dictionary it empties', 'd/sub/y', 'd', { ...without('/d/sub/y'), '/d/y': '4' }],
    ['changes nothing for a value and itself', 'a', 'a', SAMPLE],
    ['changes nothing for a value and its own dictionary', 'd/x', 'd', SAMPLE],
    ['changes nothing for a dictionary and its own dictionary', 'd/sub', 'd', SAMPLE],
    [
      'is not taken in by a name that only begins alike',
      'd',
      'd2',
      { ...without('/d/x', '/d/sub/y'), '/d2/x': '3', '/d2/sub/y': '4' },
    ],
  ];
  test.each(moves)('%s', async (_what, source, destination, after) => {
    const store = await storeOf(SAMPLE);
    const before = store.commit?.oid;
    await use(store, (target) => target.rename(source, destination));
    expect(await contents(store)).toEqual(after);
    expect(store.commit?.oid === before).toBe(after === SAMPLE);
  });

  const refusals: [what: string, source: string, destination: string, code: string, key: string][] = [
    ['a source that is missing', 'none', 'c', 'KEY_NOT_FOUND', 'none'],
    ['a source below a value', 'a/x', 'c', 'KEY_NOT_FOUND', 'a/x'],
    ['a dictionary onto a value', 'd', 'a', 'VALUE_EXPECTED', 'd'],
    ['a dictionary into one that has a value of its name', 'd', 'h', 'VALUE_EXPECTED', 'd'],
    ['a dictionary into one that has a dictionary of its name', 'd', 'f', 'ALREADY_PRESENT', 'f/d'],
    ['a value into a dictionary that has a dictionary of its name', 'a', 'g', 'ALREADY_PRESENT', 'g/a'],
    ['a dictionary into itself', 'd', 'd', 'RENAME_SOURCE_PREFIX', 'd'],
    ['a dictionary below itself', 'd', 'd/new', 'RENAME_SOURCE_PREFIX', 'd'],
    ['a dictionary into one below it', 'd', 'd/sub', 'RENAME_SOURCE_PREFIX', 'd'],
    ['the root', '/', 'c', 'RENAME_SOURCE_PREFIX', '/'],
    ['a value below itself', 'a', 'a/b', 'DICTIONARY_EXPECTED', 'a'],
    ['a value below another', 'a', 'b/c', 'DICTIONARY_EXPECTED', 'b'],
  ];
  test.each(refusals)('refuses %s, and changes nothing', async (_what, source, destination, code, key) => {
    const store = await storeOf(SAMPLE);
    const before = store.commit?.oid;
    await use(store, async (target) => {
      await expect(target.rename(source, destination)).rejects.toMatchObject({ code, key: Key.of(key) });
    });
    expect(store.commit?.oid).toBe(before);
  });
});

test('M17 M20 the error of a dictionary into itself names both', async () => {
  const store = await storeOf(SAMPLE);
  await expect(store.rename('d', 'd/new')).rejects.toThrow('Rename: source /d is prefix of destination /d/new');
});

describe('K26 rename', () => {
  test('is one commit', async () => {
    const store = await storeOf(SAMPLE);
    const before = store.commit?.oid;
    await store.rename('d', 'new/place');
    await expect(store.lastModified('b', { exact: true })).resolves.toBeDefined();
    expect(store.commit?.oid).not.toBe(before);
  });

  test('joins the batch it is in: one commit for all, and later writes see it', async () => {
    const store = await storeOf(SAMPLE);
    await store.changeAndPush(async (batch) => {
      await batch.set('d/new', '9');
      await batch.rename('d', 'moved');
      expect(await batch.exists('d')).toBeUndefined();
      expect(await batch.getText('moved/new')).toBe('9');
      await batch.set('moved/x', 'changed');
      await batch.set('d/again', '10');
      await batch.rename('moved/sub/y', 'd');
      await batch.remove('moved/new');
      expect(await batch.exists('moved/sub')).toBeUndefined();
    });
    expect(await contents(store)).toEqual({
      ...without('/d/x', '/d/sub/y'),
      '/moved/x': 'changed',
      '/d/again': '10',
      '/d/y': '4',
    });
  });

  test('is seen whole by what is read in the batch meanwhile', async () => {
    const store = await storeOf(SAMPLE);
    const seen = new Set<string>();
    await store.changeAndPush(async (batch) => {
      const look = async (): Promise<unknown> => seen.add(String(await batch.digest('/')));
      await look();
      const isDone = batch.rename('d/sub', 'new/deep');
      for (let count = 0; count < 30; count++) await look();
      await isDone;
      await look();
    });
    expect(seen.size).toBe(2);
  });

  test('there and back is no change, so no commit', async () => {
    const store = await storeOf(SAMPLE);
    const before = store.commit?.oid;
    await store.changeAndPush(async (batch) => {
      await batch.rename('d', 'e');
      await batch.rename('e/d', '/');
    });
    expect(store.commit?.oid).toBe(before);
  });

  test('stores a value that a batch set, moved and set again under its first key', async () => {
    const store = await storeOf({});
    await store.changeAndPush(async (batch) => {
      await batch.set('a', 'same');
      await batch.set('b', 'same');
      await batch.rename('a', 'b');
      await batch.set('a', 'other');
      await batch.rename('a', 'c');
    });
    expect(await contents(store)).toEqual({ '/b': 'same', '/c': 'other' });
  });
});
