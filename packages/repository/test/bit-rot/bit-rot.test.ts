import { join } from 'node:path';
import { equalBytes, isGitError, type Oid, type RawObject } from '@git-kv/objects';
import { commitsFrom, type FsckFinding, fsck, type RefValue } from '@git-kv/repository';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, type ObjectFormat, temporaryDirectory } from '../../../../test/support/git.js';
import { type FileRepository, openFileRepository } from '../../src/engines/file/index.js';
import { type FileImage, imageFs, readImage, withFlip } from '../support/file-image.js';
import { collect } from '../support/objects.js';

/** Bytes of a file that are changed: with GIT_KV_SLOW=1 all of them. */
const SAMPLE = 24;
const IS_SLOW = process.env.GIT_KV_SLOW === '1';
const SEED = Number(process.env.GIT_KV_SEED ?? 1);

/** What a repository says when nothing is wrong with it. */
interface Truth {
  readonly image: FileImage;
  readonly objects: ReadonlyMap<Oid, RawObject>;
  readonly commits: readonly Oid[];
  readonly refs: Readonly<Record<string, RefValue>>;
}

/** Two packs with deltas, their idx and `.rev`, a multi-pack-index, a commit-graph, loose objects, packed and loose refs. */
async function makeRepository(format: ObjectFormat): Promise<Truth> {
  const directory = initBare(temporaryDirectory(), format);
  const run = (...args: string[]): string => git(['-c', 'pack.writeReverseIndex=true', ...args], { cwd: directory });
  const text = Array.from({ length: 40 }, (_, line) => `line ${line} of a text\n`).join('');
  const commit = (at: number): string =>
    commitFiles(directory, [{ files: { 'a.txt': `${text}${at}\n`, 'd/e.txt': `${at}` }, time: 1_700_000_000 + at }]);
  for (let at = 0; at < 4; at++) commit(at);
  run('tag', '-a', '-m', 'One', 'v1', 'main');
  run('repack', '-adfq');
  for (let at = 4; at < 8; at++) commit(at);
  run('tag', '-a', '-m', 'Two', 'v2', 'main');
  run('repack', '-dfq');
  run('multi-pack-index', 'write');
  run('commit-graph', 'write', '--reachable', '--changed-paths');
  run('pack-refs', '--all');
  commit(8);
  run('branch', 'side', 'main~3');
  const repository = await openFileRepository(imageFs(readImage(directory)), '/');
  const objects = new Map<Oid, RawObject>();
  for await (const [oid, object] of repository.objects.readMany(await collect(repository.objects.oids()))) {
    if (object) objects.set(oid, { kind: object.kind, body: object.body.slice() });
  }
  return {
    image: readImage(directory),
    objects,
    commits: await walk(repository),
    refs: await listRefs(repository),
  };
}

async function walk(repository: FileRepository): Promise<Oid[]> {
  const tips: Oid[] = [];
  for await (const { name, value } of repository.refs.list('refs/heads/')) {
    if (name === 'refs/heads/main' && 'oid' in value) tips.push(value.oid);
  }
  return (await collect(commitsFrom(repository.objects, tips))).map(({ oid }) => oid);
}

async function listRefs(repository: FileRepository): Promise<Record<string, RefValue>> {
  return Object.fromEntries((await collect(repository.refs.list(''))).map(({ name, value }) => [name, value]));
}

/** What `work` gives, or the code of its error. An error that is none of ours fails the test. */
async function attempt<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (isGitError(error)) return error.code;
    throw error;
  }
}

/** How the repository answers otherwise than it should, without an error. */
async function liesOf(truth: Truth, image: FileImage): Promise<string[]> {
  const lies: string[] = [];
  const hold = (what: string, oid: Oid, object: RawObject | undefined | string): void => {
    if (typeof object === 'string') return;
    const expected = truth.objects.get(oid) as RawObject;
    if (object === undefined) lies.push(`${what} does not find ${oid}`);
    else if (object.kind !== expected.kind || !equalBytes(object.body, expected.body)) {
      lies.push(`${what} gives another ${oid}`);
    }
  };
  const repository = await attempt(() => openFileRepository(imageFs(image), '/'));
  if (typeof repository === 'string') return [];
  const { objects } = repository;
  for (const oid of truth.objects.keys()) hold('read', oid, await attempt(() => objects.read(oid)));
  for (const isWalk of [true, false]) {
    // All of them, and few, which are read in another way.
    const oids = [...truth.objects.keys()].slice(0, isWalk ? undefined : 3);
    await attempt(async () => {
      for await (const [oid, object] of objects.readMany(oids)) hold('readMany', oid, object);
    });
  }
  await attempt(async () => {
    const found = await walk(repository);
    if (truth.commits.join() !== found.join()) lies.push('a walk gives other commits');
  });
  await repository.close();
  return lies;
}

async function findingsOf(image: FileImage): Promise<FsckFinding[] | string> {
  return attempt(async () => {
    const repository = await openFileRepository(imageFs(image), '/');
    return (await collect(fsck(repository))).filter(({ severity }) => severity !== 'info');
  });
}

/** Every byte, or a sample of them, and the bit to flip. */
function* flips(size: number): Generator<readonly [offset: number, mask: number]> {
  let state = SEED;
  for (let at = 0; at < (IS_SLOW ? size : Math.min(SAMPLE, size)); at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    // The first and the last bytes are those of headers and checksums.
    if (IS_SLOW) {
      yield [at, 1 << ((state >>> 24) & 7)];
      continue;
    }
    const offset = at < 12 ? at : at < 16 ? size - 1 - (at - 12) : (state >>> 4) % size;
    yield [offset, 1 << ((state >>> 24) & 7)];
  }
}

const FILES: readonly [name: string, path: RegExp][] = [
  ['pack', /\.pack$/],
  ['idx', /\.idx$/],
  ['rev', /\.rev$/],
  ['multi-pack-index', /multi-pack-index$/],
  ['commit-graph', /commit-graph$/],
];

describe.each(['sha1', 'sha256'] as const)('one flipped bit (%s)', (format) => {
  test.each(FILES)(
    'in a %s is never given out, and fsck names the file',
    { timeout: 3_600_000 },
    async (_, pattern) => {
      const truth = await makeRepository(format);
      expect([await liesOf(truth, truth.image), await findingsOf(truth.image)]).toEqual([[], []]);
      const paths = [...truth.image.keys()].filter((path) => pattern.test(path));
      expect(paths.length).toBeGreaterThan(0);
      const problems: string[] = [];
      for (const path of paths) {
        for (const [offset, mask] of flips((truth.image.get(path) as Uint8Array).length)) {
          const image = withFlip(truth.image, path, offset, mask);
          const where = `${path} ^ ${mask} at ${offset}: `;
          for (const lie of await liesOf(truth, image)) problems.push(where + lie);
          const findings = await findingsOf(image);
          if (typeof findings === 'string') problems.push(`${where}fsck gives up with ${findings}`);
          else if (!findings.some((finding) => finding.path === path)) problems.push(`${where}fsck does not name it`);
        }
      }
      expect(problems).toEqual([]);
    },
  );

  test('in a loose object is never given out, and fsck names what is not whole', { timeout: 3_600_000 }, async () => {
    const truth = await makeRepository(format);
    const paths = [...truth.image.keys()].filter((path) => /\/objects\/[0-9a-f]{2}\//.test(path));
    expect(paths.length).toBeGreaterThan(0);
    const problems: string[] = [];
    for (const path of paths) {
      const oid = path.slice(-(truth.commits[0] as Oid).length - 1).replace('/', '');
      for (const [offset, mask] of flips((truth.image.get(path) as Uint8Array).length)) {
        const image = withFlip(truth.image, path, offset, mask);
        const where = `${path} ^ ${mask} at ${offset}: `;
        for (const lie of await liesOf(truth, image)) problems.push(where + lie);
        const repository = await openFileRepository(imageFs(image), '/');
        // Deflate has bits that nothing reads: between the last block and the checksum.
        if (typeof (await attempt(() => repository.objects.read(oid))) !== 'string') continue;
        const findings = await findingsOf(image);
        if (typeof findings === 'string' || !findings.some((finding) => finding.path === path)) {
          problems.push(`${where}fsck does not name it`);
        }
      }
    }
    expect(problems).toEqual([]);
  });
});

/**
 * What has no checksum. Names of refs and of the branch that HEAD names cannot be told from others, nor can a ref that stands at
 * another object that is there: `undetected` is all that may change without a word.
 */
const POINTERS: readonly [path: string, undetected: RegExp][] = [
  ['/packed-refs', /^# .*$|(?<= refs\/(?:heads|tags)\/).*$|(?<= refs\/)(?:heads|tags)(?=\/)/gm],
  ['/HEAD', /(?<=refs\/heads\/).*\n$/g],
  ['/refs/heads/side', /\n$/g],
  ['/shallow', /$^/g],
];

test.each(POINTERS)(
  'one flipped bit in %s is found by its grammar or by fsck',
  { timeout: 3_600_000 },
  async (path, undetected) => {
    const truth = path === '/shallow' ? await makeShallow() : await makeRepository('sha1');
    const bytes = truth.image.get(path) as Uint8Array;
    const text = new TextDecoder().decode(bytes);
    const free = new Set<number>();
    for (const { index, 0: match } of text.matchAll(undetected)) {
      for (let at = index; at < index + match.length; at++) free.add(at);
    }
    const problems: string[] = [];
    for (const [offset, mask] of flips(bytes.length)) {
      if (free.has(offset)) continue;
      const image = withFlip(truth.image, path, offset, mask);
      const answer = await attempt(async () => {
        const repository = await openFileRepository(imageFs(image), '/');
        await repository.shallow.read();
        await listRefs(repository);
        return (await findingsOf(image)).length > 0;
      });
      if (answer === false) problems.push(`${path} ^ ${mask} at ${offset} (${text[offset]})`);
    }
    expect(problems).toEqual([]);
  },
);

async function makeShallow(): Promise<Truth> {
  const [directory, clone] = [initBare(temporaryDirectory()), join(temporaryDirectory(), 'clone.git')];
  for (let at = 0; at < 4; at++) commitFiles(directory, [{ files: { a: `${at}` }, time: 1_700_000_000 + at }]);
  git(['clone', '-q', '--bare', '--depth=2', `file://${directory}`, clone]);
  // A folder without files is not in an image.
  git(['update-ref', 'refs/heads/side', 'main'], { cwd: clone });
  const image = readImage(clone);
  expect(await findingsOf(image)).toEqual([]);
  return { image, objects: new Map(), commits: [], refs: {} };
}
