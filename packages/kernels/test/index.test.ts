import * as node from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';
import { describe, expect, test } from 'vitest';

describe('the entries', () => {
  test('export the same names', () => {
    expect(Object.keys(node).sort()).toEqual(Object.keys(portable).sort());
    expect(Object.keys(wasm).sort()).toEqual(Object.keys(portable).sort());
  });

  test('are more than one: Node has functions of its own where they are faster, and shares the rest', () => {
    const onNode = new Map<string, unknown>(Object.entries(node));
    const shared = Object.entries(portable).flatMap(([name, value]) => (onNode.get(name) === value ? [name] : []));
    expect(shared.sort()).toEqual([
      'DeltaStatus',
      'InflateStatus',
      'adler32',
      'deflatedBound',
      'digestSize',
      'readDeltaSizes',
    ]);
  });

  test('do what the example in the module comment says', () => {
    const { deflate, inflate, InflateStatus } = portable;
    const stream = deflate(new TextEncoder().encode('what is up, doc?'));
    const output = new Uint8Array(16);
    const result = { consumed: 0, produced: 0 };
    expect(inflate(stream, 0, output, 0, output.length, result)).toBe(InflateStatus.done);
    expect(result.consumed).toBe(stream.length);
  });
});
