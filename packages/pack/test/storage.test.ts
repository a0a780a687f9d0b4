import { memoryPackStorage, memorySource } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { ascii } from './support/craft.js';

describe('memoryPackStorage', () => {
  test('holds what was appended and overwritten, and nothing of the buffers it came in', async () => {
    const storage = memoryPackStorage(4);
    const buffer = ascii('0123');
    await storage.append(buffer);
    buffer.fill(0);
    await storage.append(ascii('456789'));
    await storage.overwrite(2, ascii('ab'));
    expect(storage.bytes()).toEqual(ascii('01ab456789'));
    const source = await storage.source();
    expect(source.size).toBe(10);
    expect(await source.read(3, 4)).toEqual(ascii('b456'));
  });

  test('overwrites only what is there', async () => {
    const storage = memoryPackStorage();
    await storage.append(ascii('0123'));
    for (const offset of [-1, 3, 4]) await expect(storage.overwrite(offset, ascii('xy'))).rejects.toThrow(RangeError);
  });
});

describe('memorySource', () => {
  test.each([
    [-1, 2],
    [3, 2],
    [5, 0],
    [0, -1],
  ])('has no %d + %d', async (offset, length) => {
    await expect(memorySource(ascii('0123')).read(offset, length)).rejects.toThrow(RangeError);
  });
});
