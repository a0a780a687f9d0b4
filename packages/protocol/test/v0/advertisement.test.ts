import { concatBytes, sha1, sha256 } from '@git-kv/objects';
import {
  encodeDataLine,
  FLUSH,
  type PktLine,
  PktLineReader,
  type ProtocolLimits,
  parseCapabilityList,
  protocolLimits,
  readV0Advertisement,
  serializeV0Advertisement,
  type V0Advertisement,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked } from '../support.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const line = (text: string): Uint8Array => encodeDataLine(bytesOf(text));

async function read(wire: Uint8Array, size = 7, limits: Partial<ProtocolLimits> = {}): Promise<V0Advertisement> {
  const lines = new PktLineReader(chunked(wire, size));
  return await readV0Advertisement(lines, (await lines.read()) as PktLine, protocolLimits(limits));
}

describe('an advertisement of protocol v0', () => {
  test.each([sha1, sha256])('comes back the same, at any cut, with $name', async (algorithm) => {
    const [a, b] = ['a', 'b'].map((digit) => digit.repeat(algorithm.hexLength)) as [string, string];
    const refs = [
      { name: 'HEAD', oid: a, target: 'refs/heads/main' },
      { name: 'refs/heads/main', oid: a },
      { name: 'refs/tags/v1', oid: b, peeledOid: a },
    ];
    const capabilities = parseCapabilityList(`multi_ack object-format=${algorithm.name} agent=x`);
    for (const version of [0, 1] as const) {
      const wire = serializeV0Advertisement({ version, capabilities, algorithm, refs, shallowOids: [b] });
      for (let size = 1; size < wire.length; size += 3) {
        const advertisement = await read(wire, size);
        expect(advertisement).toMatchObject({ version, algorithm, refs, shallowOids: [b] });
        expect(advertisement.capabilities).toEqual([
          ...capabilities,
          { name: 'symref', value: 'HEAD:refs/heads/main' },
        ]);
      }
    }
  });

  test('of an empty repository has capabilities only, or in old servers nothing', async () => {
    const wire = serializeV0Advertisement({ capabilities: [{ name: 'ofs-delta' }], algorithm: sha1, refs: [] });
    expect(await read(wire)).toMatchObject({ refs: [], capabilities: [{ name: 'ofs-delta' }], version: 0 });
    expect(await read(FLUSH)).toMatchObject({ refs: [], capabilities: [], algorithm: sha1 });
  });

  test('may tell of a HEAD that no commit is on', async () => {
    const wire = concatBytes([line(`${sha1.zeroOid} capabilities^{}\0symref=HEAD:refs/heads/main`), FLUSH]);
    expect((await read(wire)).refs).toEqual([{ name: 'HEAD', oid: undefined, target: 'refs/heads/main' }]);
  });

  const hostile: [problem: string, parts: Uint8Array[], code: string][] = [
    ['ends early', [line(`${A} refs/heads/a\0x`)], 'TRANSPORT_CLOSED'],
    ['has no capabilities', [line(`${A} refs/heads/a`), FLUSH], 'MALFORMED'],
    ['has capabilities twice', [line(`${A} refs/heads/a\0x`), line(`${A} refs/heads/b\0y`), FLUSH], 'MALFORMED'],
    ['has a short oid', [line(`${A.slice(1)} refs/heads/a\0x`), FLUSH], 'MALFORMED'],
    ['has an oid of another algorithm', [line(`${A} refs/heads/a\0object-format=sha256`), FLUSH], 'MALFORMED'],
    ['speaks of an unknown algorithm', [line(`${A} refs/heads/a\0object-format=md5`), FLUSH], 'UNSUPPORTED'],
    ['names a path', [line(`${A} refs/heads/../../x\0x`), FLUSH], 'INVALID_REF_NAME'],
    ['points HEAD to a path', [line(`${A} HEAD\0symref=HEAD:../x`), FLUSH], 'INVALID_REF_NAME'],
    ['points HEAD to nothing', [line(`${A} HEAD\0symref=HEAD`), FLUSH], 'INVALID_REF_NAME'],
    [
      'peels a ref that it does not name',
      [line(`${A} refs/tags/a\0x`), line(`${B} refs/tags/b^{}`), FLUSH],
      'MALFORMED',
    ],
    ['begins with a peeled ref', [line(`${A} refs/tags/a^{}\0x`), FLUSH], 'MALFORMED'],
    ['has refs and says it has none', [line(`${A} HEAD\0x`), line(`${A} capabilities^{}`), FLUSH], 'MALFORMED'],
    ['has none, and refs', [line(`${A} capabilities^{}\0x`), line(`${A} refs/heads/a`), FLUSH], 'MALFORMED'],
    ['goes on after the boundary', [line(`${A} HEAD\0x`), line(`shallow ${A}`), line(`${A} refs/a/b`)], 'MALFORMED'],
    ['has a boundary that is no oid', [line(`${A} HEAD\0x`), line('shallow x'), FLUSH], 'MALFORMED'],
    ['has a line without a name', [line(`${A}\0x`), FLUSH], 'MALFORMED'],
    ['has a delimiter', [line(`${A} refs/heads/a\0x`), bytesOf('0001')], 'MALFORMED'],
    ['is of version 3', [line('version 3'), FLUSH], 'MALFORMED'],
    ['says ERR', [line('ERR no such repository')], 'REMOTE_ERROR'],
    ['says ERR later', [line('version 1'), line('ERR no such repository')], 'REMOTE_ERROR'],
  ];
  test.each(hostile)('that %s is refused', async (_problem, parts, code) => {
    await expect(read(concatBytes(parts))).rejects.toMatchObject({ code });
  });

  test('with more refs than the limit is refused', async () => {
    const refs = Array.from({ length: 11 }, (_, index) => ({ name: `refs/heads/${index}`, oid: A }));
    const wire = serializeV0Advertisement({ capabilities: [], algorithm: sha1, refs });
    await expect(read(wire, 7, { maxRefs: 10 })).rejects.toMatchObject({ limit: 'maxRefs' });
    await expect(read(wire, 7, { maxRefsBytes: 99 })).rejects.toMatchObject({ limit: 'maxRefsBytes' });
    expect((await read(wire, 7, { maxRefs: 11 })).refs).toHaveLength(11);
  });
});
