import {
  AGENT,
  capabilityValue,
  hasCapability,
  hasFeature,
  negotiatedAlgorithm,
  parseCapability,
  parseCapabilityList,
  serializeCapability,
  serializeCapabilityList,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';

describe('capabilities', () => {
  const texts = [
    'multi_ack',
    'agent=git/2.39.5',
    'symref=HEAD:refs/heads/main',
    'fetch=shallow filter',
    'a=b=c',
    'empty=',
  ];
  test.each(texts)('%j survives parse and serialize', (text) => {
    expect(serializeCapability(parseCapability(text))).toBe(text);
  });

  test('of version 0 stand in one list, and a name may repeat', () => {
    const list = parseCapabilityList(' symref=HEAD:refs/heads/a symref=X:refs/heads/b  ofs-delta');
    expect(list.map((capability) => capability.name)).toEqual(['symref', 'symref', 'ofs-delta']);
    expect(serializeCapabilityList(list)).toBe('symref=HEAD:refs/heads/a symref=X:refs/heads/b ofs-delta');
    expect(capabilityValue(list, 'symref')).toBe('HEAD:refs/heads/a');
    expect(hasCapability(list, 'ofs-delta')).toBe(true);
    expect(capabilityValue(list, 'ofs-delta')).toBeUndefined();
    expect(hasCapability(list, 'ofs')).toBe(false);
  });

  test('of version 2 have features', () => {
    const list = [parseCapability('fetch=shallow wait-for-done')];
    expect(hasFeature(list, 'fetch', 'shallow')).toBe(true);
    expect(hasFeature(list, 'fetch', 'shal')).toBe(false);
    expect(hasFeature(list, 'ls-refs', 'unborn')).toBe(false);
  });

  test('name the algorithm, sha1 where nothing is said', () => {
    expect(negotiatedAlgorithm([]).name).toBe('sha1');
    expect(negotiatedAlgorithm(parseCapabilityList('object-format=sha256')).name).toBe('sha256');
    expect(() => negotiatedAlgorithm(parseCapabilityList('object-format=md5'))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });

  test('call this library a kind of git, as hosts expect', () => {
    expect(AGENT).toMatch(/^git\/[!-~]+$/);
  });
});
