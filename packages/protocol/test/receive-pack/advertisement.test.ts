import { join } from 'node:path';
import { sha1, sha256 } from '@git-kv/objects';
import {
  capabilityValue,
  PktLineReader,
  parseCapabilityList,
  type ReceivePackAdvertisement,
  readReceivePackAdvertisement,
  serializeReceivePackAdvertisement,
} from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { chunked } from '../support.js';

// What a hostile one is refused for stands with the session that reads it.

const read = (wire: Uint8Array, size?: number) => readReceivePackAdvertisement(new PktLineReader(chunked(wire, size)));
const write = (advertisement: ReceivePackAdvertisement) =>
  serializeReceivePackAdvertisement({ ...advertisement, refs: advertisement.refs as { name: string; oid: string }[] });
const advertise = (directory: string) => gitBytes(['receive-pack', '--http-backend-info-refs', directory]);

describe.each([sha1, sha256])('the advertisement of receive-pack, in $name', (algorithm) => {
  test('is read and written as git writes it', async () => {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), algorithm.name);
    const head = commitFiles(directory, [{ files: { a: '1' } }]);
    git(['update-ref', 'refs/heads/ä/b', head], { cwd: directory });
    const wire = advertise(directory);
    const advertisement = await read(wire);
    expect(advertisement.refs).toEqual([
      { name: 'refs/heads/main', oid: head },
      { name: 'refs/heads/ä/b', oid: head },
    ]);
    expect(advertisement.algorithm).toBe(algorithm);
    expect(capabilityValue(advertisement.capabilities, 'object-format')).toBe(algorithm.name);
    expect(write(advertisement)).toEqual(new Uint8Array(wire));
  });

  test('of an empty repository has capabilities and no ref', async () => {
    const wire = advertise(initBare(join(temporaryDirectory(), 'r.git'), algorithm.name));
    const advertisement = await read(wire, 3);
    expect(advertisement).toMatchObject({ refs: [], haveOids: [], shallowOids: [], algorithm });
    expect(write(advertisement)).toEqual(new Uint8Array(wire));
  });

  test('survives being written and read, at any cut', async () => {
    const oid = fc.stringMatching(new RegExp(`^[0-9a-f]{${algorithm.hexLength}}$`));
    const oids = fc.array(oid, { maxLength: 3 });
    const names = fc.uniqueArray(fc.constantFrom('refs/heads/a', 'refs/heads/ä', 'refs/tags/v1', 'refs/x/y/z'));
    const refs = names.chain((all) => fc.tuple(...all.map((name) => fc.record({ name: fc.constant(name), oid }))));
    const capabilities = parseCapabilityList(`report-status object-format=${algorithm.name} agent=x`);
    await fc.assert(
      fc.asyncProperty(
        fc.record({ refs, haveOids: oids, shallowOids: oids }),
        fc.integer({ min: 1, max: 50 }),
        async (rows, size) => {
          const advertisement = { ...rows, capabilities, algorithm };
          expect(await read(serializeReceivePackAdvertisement(advertisement), size)).toEqual(advertisement);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('that is cut anywhere is a typed error, and never fewer refs', async () => {
    const oid = 'a'.repeat(algorithm.hexLength);
    const wire = serializeReceivePackAdvertisement({
      capabilities: parseCapabilityList(`object-format=${algorithm.name}`),
      algorithm,
      refs: [{ name: 'refs/heads/a', oid }],
      haveOids: [oid],
      shallowOids: [oid],
    });
    for (let end = 0; end < wire.length; end++) {
      await expect(read(wire.subarray(0, end)), `cut at ${end}`).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    }
  });
});
