import { isGitError } from '@git-kv/objects';
import { type FsckFinding, fsck, type RefTransaction } from '@git-kv/repository';
import { describe, expect, test } from 'vitest';
import {
  type FileRepository,
  type FileRepositoryOptions,
  initFileRepository,
  openFileRepository,
  type Processes,
} from '../../src/engines/file/index.js';
import { type DiskImage, listFiles } from '../support/disk-image.js';
import { PowerLossFs } from '../support/power-loss-fs.js';

const DIRECTORY = '/repository.git';
const A = 'refs/tags/a';
const B = 'refs/tags/b';
const C = 'refs/tags/c';

/** With GIT_KV_SLOW=1 each bit of each byte; else a bit of some bytes. */
const IS_SLOW = process.env.GIT_KV_SLOW === '1';
const BITS = IS_SLOW ? [0, 1, 2, 3, 4, 5, 6, 7] : undefined;
const STEP = { sha1: 5, sha256: 11 } as const;

/** Process `pid`, for whom those that are named are dead. */
const processOf = (pid: number, dead: readonly number[] = []): Processes => ({
  self: { host: 'here', pid, start: '1' },
  isAlive: (owner) => !dead.includes(owner.pid),
});

const blob = (text: string) => ({ kind: 'blob', body: new TextEncoder().encode(text) }) as const;

/** A disk on which one process holds nothing and has told of two transactions, and another has died within its third. */
interface Truth {
  readonly image: DiskImage;
  readonly one: string;
  readonly two: string;
}

describe.each(['sha1', 'sha256'] as const)('one flipped bit in the journal (%s)', (format) => {
  const open = (image: DiskImage, pid: number, dead: readonly number[] = []): Promise<FileRepository> => {
    const options: FileRepositoryOptions = {
      processes: processOf(pid, dead),
      lockTimeoutMs: 0,
      now: () => 1_700_000_000_000,
    };
    return openFileRepository(new PowerLossFs(image), DIRECTORY, options);
  };

  /** @param dies whether the last process dies between its commit and the refs' own files */
  const makeTruth = async (dies: boolean): Promise<Truth> => {
    let isDead = false;
    const fs = new PowerLossFs(undefined, {
      fault: ({ name, path }) => {
        isDead ||= dies && name === 'rename' && path.includes(`/${A}`);
        return isDead ? { code: 'EIO' } : undefined;
      },
    });
    await initFileRepository(fs, DIRECTORY, { objectFormat: format });
    const first = await openFileRepository(fs, DIRECTORY, { processes: processOf(1) });
    const one = await first.objects.write(blob('one'));
    const two = await first.objects.write(blob('two'));
    await first.refs.update([{ name: B, expected: null, next: { oid: one } }]);
    await first.refs.update([{ name: C, expected: null, next: { oid: one } }], { attachment: Uint8Array.of(1, 2, 3) });
    const last = first.refs.update([
      { name: A, expected: null, next: { oid: two } },
      { name: B, expected: { oid: one }, next: { oid: two } },
      { name: C, expected: { oid: one }, next: null },
    ]);
    if (dies) await expect(last).rejects.toMatchObject({ code: 'IO_FAILED' });
    else expect((await last).status).toBe('updated');
    return { image: fs.image, one, two };
  };

  /** The disk with each bit of the journal's files flipped in turn. Names of one file change together. */
  function* flips(
    image: DiskImage,
  ): Generator<{ readonly path: string; readonly where: string; readonly image: DiskImage }> {
    for (const [path, bytes] of listFiles(image)) {
      if (!path.includes('/git-kv/journal/') || path.endsWith('.tmp')) continue;
      const found = [...image].find(([, inode]) => inode.kind === 'file' && inode.bytes === bytes);
      const [number, inode] = found as NonNullable<typeof found>;
      for (let offset = 0; offset < bytes.length; offset += IS_SLOW ? 1 : STEP[format]) {
        for (const bit of BITS ?? [(offset * 5 + 3) & 7]) {
          const flipped = bytes.slice();
          flipped[offset] = (flipped[offset] as number) ^ (1 << bit);
          const changed = { ...inode, bytes: flipped, durable: flipped, writes: [] };
          yield {
            path,
            where: `${path} ^ ${1 << bit} at ${offset}`,
            image: new Map(image).set(number, changed as typeof inode),
          };
        }
      }
    }
  }

  const refsOf = async (repository: FileRepository): Promise<string> => {
    const refs: string[] = [];
    for await (const { name, value } of repository.refs.list('refs/'))
      refs.push(`${name} ${'oid' in value ? value.oid : ''}`);
    return refs.join('\n');
  };

  /** What the journal tells from its beginning, as far as it can be read; and the file that ends it. */
  const told = async (repository: FileRepository): Promise<{ transactions: RefTransaction[]; problem: string }> => {
    const transactions: RefTransaction[] = [];
    await repository.close();
    try {
      for await (const transaction of repository.refs.transactions({})) transactions.push(transaction);
    } catch (error) {
      if (!isGitError(error)) throw error;
      return { transactions, problem: `${error.code} ${error.message}` };
    }
    return { transactions, problem: '' };
  };

  test('that rests is found by fsck, which names the file; nothing of it is told, and refs are what they were', async () => {
    const truth = await makeTruth(false);
    const whole = await open(truth.image, 2);
    const refs = await refsOf(whole);
    const { transactions } = await told(whole);
    expect(transactions.length).toBe(3);
    const files = new Set<string>();
    for (const { path, where, image } of flips(truth.image)) {
      files.add(path);
      const repository = await open(image, 2);
      expect([where, await refsOf(repository)]).toEqual([where, refs]);
      const findings: FsckFinding[] = [];
      for await (const finding of fsck(repository)) if (finding.severity === 'error') findings.push(finding);
      expect([where, findings.map((finding) => finding.path)]).toEqual([where, [path]]);
      const after = await told(repository);
      expect([where, after.transactions]).toEqual([where, transactions.slice(0, after.transactions.length)]);
      if (after.transactions.length < transactions.length)
        expect([where, after.problem]).toEqual([where, expect.stringContaining(path)]);
    }
    expect(files.size).toBe(4);
  });

  test('that a dead process left is found by the recovery, which names the file; refs are as before the transaction or after it', async () => {
    const truth = await makeTruth(true);
    const before = `${B} ${truth.one}\n${C} ${truth.one}`;
    const after = `${A} ${truth.two}\n${B} ${truth.two}`;
    const whole = await open(truth.image, 2, [1]);
    expect([await refsOf(whole), whole.recovery]).toEqual([after, []]);
    const seen = new Set<string>();
    for (const { path, where, image } of flips(truth.image)) {
      const repository = await open(image, 2, [1]);
      const refs = await refsOf(repository);
      seen.add(refs);
      expect([where, [before, after]]).toEqual([where, expect.arrayContaining([refs])]);
      expect([where, repository.recovery.map((finding) => finding.path)]).toEqual([
        where,
        expect.arrayContaining([path]),
      ]);
      await repository.close();
    }
    expect(seen).toEqual(new Set([before, after]));
  });
});
