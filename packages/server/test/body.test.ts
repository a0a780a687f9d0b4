import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { capBytes, gunzip, readBody, toStream } from '../src/body.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function text(source: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('gunzip', () => {
  const packed = new Uint8Array(gzipSync(bytes('0009done\n')));

  test('gives the bytes, however they are cut', async () => {
    for (let cut = 0; cut <= packed.length; cut++) {
      expect(await text(gunzip(chunks(packed.subarray(0, cut), packed.subarray(cut)), 100))).toBe('0009done\n');
    }
  });

  test('refuses a stream that is cut short', async () => {
    for (const end of [0, 5, packed.length - 1]) {
      await expect(text(gunzip(chunks(packed.subarray(0, end)), 100))).rejects.toMatchObject({ code: 'MALFORMED' });
    }
  });

  test('refuses what is no gzip', async () => {
    await expect(text(gunzip(chunks(bytes('plain text')), 100))).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  test('refuses a bomb before it is whole', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    let total = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of gunzip(chunks(bomb), 100)) total += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'gzipRatio' });
    expect(total).toBeLessThan(bomb.length * 100 + 1_000_000);
  });
});

test('capBytes stops at the chunk that goes over', async () => {
  await expect(text(capBytes(chunks(bytes('abc'), bytes('def')), 'x', 6))).resolves.toBe('abcdef');
  await expect(text(capBytes(chunks(bytes('abc'), bytes('def')), 'x', 5))).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    limit: 'x',
    actual: 6,
    allowed: 5,
  });
});

test('a stream made of chunks reads as they do, and lets go of them when it is cancelled', async () => {
  let released = false;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield bytes('one ');
      yield bytes('two');
    } finally {
      released = true;
    }
  };
  expect(await text(readBody(toStream(source())))).toBe('one two');
  released = false;
  const reader = toStream(source()).getReader();
  await reader.read();
  await reader.cancel();
  expect(released).toBe(true);
});
