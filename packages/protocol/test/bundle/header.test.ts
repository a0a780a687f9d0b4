import { sha1, sha256 } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { serializeBundleHeader } from '../../src/index.js';

const A = 'a'.repeat(40);
const LONG = 'b'.repeat(64);

describe('a bundle header', () => {
  test('of version 2 has the signature, prerequisites, references and an empty line', () => {
    const bytes = serializeBundleHeader({
      version: 2,
      algorithm: sha1,
      prerequisites: [{ oid: A, comment: 'Say héllo' }],
      refs: [{ name: 'refs/heads/main', oid: A }],
    });
    expect(new TextDecoder().decode(bytes)).toBe(`# v2 git bundle\n-${A} Say héllo\n${A} refs/heads/main\n\n`);
  });

  test('of version 3 says the object format, and what was left out', () => {
    const bytes = serializeBundleHeader({
      version: 3,
      algorithm: sha256,
      filter: 'blob:none',
      prerequisites: [{ oid: LONG, comment: '' }],
      refs: [],
    });
    expect(new TextDecoder().decode(bytes)).toBe(
      `# v3 git bundle\n@object-format=sha256\n@filter=blob:none\n-${LONG} \n\n`,
    );
  });

  test('of version 2 is refused where it cannot say what there is', () => {
    const empty = { version: 2, prerequisites: [], refs: [] } as const;
    const unsupported = expect.objectContaining({ code: 'UNSUPPORTED' });
    expect(() => serializeBundleHeader({ ...empty, algorithm: sha256 })).toThrow(unsupported);
    expect(() => serializeBundleHeader({ ...empty, algorithm: sha1, filter: 'blob:none' })).toThrow(unsupported);
  });

  test.each(['two\nlines', 'a\0NUL', 'a\rreturn'])('takes no comment %j', (comment) => {
    const header = { version: 2, algorithm: sha1, prerequisites: [{ oid: A, comment }], refs: [] } as const;
    expect(() => serializeBundleHeader(header)).toThrow(RangeError);
  });
});
