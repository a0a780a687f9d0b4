import { createHash } from 'node:crypto';
import { isOid } from '@git-kv/objects';
import { parseIndexObjects } from '../../../../packages/repository/src/engines/file/index-file.js';
import { algorithmOfVariant } from '../../lib/formats.js';
import { hashNameOf, repairTrailer } from '../../lib/repair.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

/** An index as git writes it: entries of versions 2 to 4, a cached tree, and a conflict that was resolved. */
function indexOf(version: 2 | 3 | 4, format: 'sha1' | 'sha256'): Uint8Array {
  const oidLength = format === 'sha1' ? 20 : 32;
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const oid = Buffer.alloc(oidLength, 0x1a);
  const names = ['a.txt', 'dir/b.txt', 'dir/module'];
  const entries = names.map((name, at) => {
    const mode = name.endsWith('module') ? 0o160000 : 0o100644;
    const isExtended = version === 3 && at === 1;
    const flags = Buffer.from([isExtended ? 0x40 : 0, name.length, ...(isExtended ? [0x20, 0] : [])]);
    const stat = Buffer.concat([Buffer.alloc(24), number(mode), Buffer.alloc(12)]);
    const shared = at === 0 || version < 4 ? 0 : [...name].findIndex((char, index) => names[at - 1]?.[index] !== char);
    const strip = version === 4 ? Buffer.of((names[at - 1]?.length ?? 0) - shared) : Buffer.alloc(0);
    const entry = Buffer.concat([stat, oid, flags, strip, Buffer.from(`${name.slice(shared)}\0`)]);
    return version === 4 ? entry : Buffer.concat([entry, Buffer.alloc((8 - (entry.length % 8)) % 8)]);
  });
  const text = (...fields: readonly string[]): Buffer => Buffer.from(`${fields.join('\0')}\0`);
  const trees = Buffer.concat([text(''), Buffer.from('3 1\n'), oid, text('dir'), Buffer.from('-1 0\n')]);
  const undo = Buffer.concat([text('a.txt', '100644', '100644', '0'), oid, oid]);
  const extension = (signature: string, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from(signature), number(content.length), content]);
  const head = Buffer.concat([Buffer.from('DIRC'), number(version), number(names.length)]);
  const body = Buffer.concat([head, ...entries, extension('TREE', trees), extension('REUC', undo)]);
  return new Uint8Array(Buffer.concat([body, createHash(hashNameOf(format)).update(body).digest()]));
}

export const gitIndex: FuzzTarget = {
  name: 'git-index',
  about: "git's index: the objects that it names",
  dictionary: ['DIRC', 'TREE', 'REUC', '\0', '-1 0\n', '100644\0'],
  seeds: () =>
    ([2, 3, 4] as const).flatMap((version) =>
      (['sha1', 'sha256'] as const).map((format) => ({ bytes: indexOf(version, format), variant: format })),
    ),
  repair: repairTrailer,
  execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    for (const { oid, name } of parseIndexObjects(bytes, algorithm)) {
      ensure(isOid(oid) && oid.length === algorithm.hexLength, `${name} is no object`);
    }
  },
};
