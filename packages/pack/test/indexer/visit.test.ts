import { hashAlgorithm, hashObject } from '@git-kv/objects';
import { indexPack, memoryPackStorage, memorySource, verifyPack } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';

describe.each(['sha1', 'sha256'] as const)('what a pack of %s is visited with', (format) => {
  const algorithm = hashAlgorithm(format);

  test('is every object once, deltas too, with its body', async () => {
    const directory = initBare(temporaryDirectory(), format);
    const text = Array.from({ length: 200 }, (_, line) => `line ${line}\n`).join('');
    commitFiles(
      directory,
      Array.from({ length: 20 }, (_, at) => ({ files: { 'a.txt': `${text}${at}\n`, [`b${at}`]: `${at}` } })),
    );
    const oids = git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)'], {
      cwd: directory,
    }).split('\n');
    const pack = gitBytes(['pack-objects', '--stdout', '--delta-base-offset', '--all'], { cwd: directory });
    const seen: string[] = [];
    const storage = memoryPackStorage();
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield pack;
    };
    const visit = ({ kind, body }: { kind: 'commit' | 'tree' | 'blob' | 'tag'; body: Uint8Array }): void =>
      void seen.push(`${hashObject(algorithm, kind, body)} ${kind}`);
    const { index } = await indexPack(chunks(), { algorithm, storage, visit });
    expect(seen.sort()).toEqual(oids);

    seen.length = 0;
    await indexPack(chunks(), { algorithm, storage: memoryPackStorage(), visit, visitsBlobs: false });
    expect(seen.sort()).toEqual(oids.filter((line) => !line.endsWith('blob')));

    seen.length = 0;
    await verifyPack({ algorithm, source: memorySource(pack), idx: index, visit });
    expect(seen.sort()).toEqual(oids);
  });
});
