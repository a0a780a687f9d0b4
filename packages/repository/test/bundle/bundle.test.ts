import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, hashAlgorithm, type Oid } from '@git-kv/objects';
import { parseBundleHeader, readBundle, serializeBundleHeader } from '@git-kv/protocol';
import {
  type CreateBundleOptions,
  createBundle,
  findRefs,
  type Repository,
  unbundle,
  verifyBundle,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  git,
  gitAsync,
  gitBytes,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { MATRIX, openEngine, stateOf } from '../support/engines.js';
import { type History, makeHistory } from '../support/history.js';
import { inventedOid } from '../support/objects.js';

async function bytesOf(repository: Repository, options: CreateBundleOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await createBundle(repository, options)).bytes) chunks.push(chunk.slice());
  return concatBytes(chunks);
}

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

describe.each(['sha1', 'sha256'] as const)('a bundle (%s)', (format) => {
  let root: string;
  let history: History;
  let repository: Repository;
  beforeAll(async () => {
    root = makeDirectory();
    history = makeHistory(join(root, 'history.git'), format);
    repository = await openRepository(history.directory);
  });
  afterAll(async () => {
    await repository.close();
    removeDirectory(root);
  });

  /** What is asked for, as git takes it and as we do. */
  const ask = async (names: string[], not: string[] = [], maxCount?: number): Promise<CreateBundleOptions> => {
    const refs = [];
    for (const name of names) {
      const [match] = await findRefs(repository.refs, name);
      if (match) refs.push({ name: match.name, oid: match.oid });
    }
    const excludeOids = not.map((name) => git(['rev-parse', name], { cwd: history.directory }));
    return { refs, excludeOids, ...(maxCount !== undefined && { maxCount }) };
  };

  const requests: [names: string[], not: string[], maxCount?: number][] = [
    [['main'], []],
    [['HEAD', 'main', 'side', 'v1', 'v2', 'nested', 'light'], []],
    [['a-blob'], []],
    [['main'], ['main~1']],
    [['main'], ['side']],
    [['side'], ['main']],
    [['main', 'side'], ['main~2']],
    [['main', 'side'], ['v1']],
    [['v2'], ['main~2']],
    [['main'], [], 2],
    [['main', 'side'], [], 4],
    [['main', 'side'], ['main~3'], 1],
  ];
  test.each(requests)(
    'of %j without %j (limit: %s) has the header of git, and git takes it',
    async (names, not, maxCount) => {
      const { directory } = history;
      const bytes = await bytesOf(repository, await ask(names, not, maxCount));
      const args = [...(maxCount === undefined ? [] : [`-${maxCount}`]), ...names, ...not.map((name) => `^${name}`)];
      const theirs = gitBytes(['bundle', 'create', '-q', '-', ...args], { cwd: directory });
      const { end } = parseBundleHeader(bytes);
      expect(new TextDecoder().decode(bytes.subarray(0, end))).toBe(
        new TextDecoder().decode(theirs.subarray(0, parseBundleHeader(theirs).end)),
      );
      // Where its prerequisites are, and nothing else of it is, git can take it in.
      const { header } = parseBundleHeader(bytes);
      const receiver = initBare(join(temporaryDirectory(), 'receiver.git'), format);
      for (const { oid } of header.prerequisites)
        git(['fetch', '-q', directory, `${oid}:refs/base/${oid}`], { cwd: receiver });
      const file = join(temporaryDirectory(), 'ours.bundle');
      writeFileSync(file, bytes);
      git(['bundle', 'verify', '-q', file], { cwd: receiver });
      git(['-c', 'transfer.fsckObjects=true', 'fetch', '-q', file, '+*:refs/taken/*'], { cwd: receiver });
      git(['fsck', '--strict', '--full', '--no-dangling'], { cwd: receiver });
      for (const { oid } of header.refs) git(['cat-file', '-e', oid], { cwd: receiver });
    },
  );

  test('of version 3 says its object format', async () => {
    const bytes = await bytesOf(repository, { ...(await ask(['main'])), version: 3 });
    expect(parseBundleHeader(bytes).header).toMatchObject({ version: 3, algorithm: { name: format } });
  });

  test('of version 2 is refused for what is not sha1', async () => {
    const made = createBundle(repository, { ...(await ask(['main'])), version: 2 });
    if (format === 'sha1') expect((await made).header.version).toBe(2);
    else await expect(made).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('names the refs that are left out, and is refused where none is left', async () => {
    const some = await createBundle(repository, await ask(['main', 'side'], ['side']));
    expect(some.skippedRefs.map(({ name }) => name)).toEqual(['refs/heads/side']);
    expect(some.header.refs.map(({ name }) => name)).toEqual(['refs/heads/main']);
    await expect(createBundle(repository, await ask(['side'], ['side']))).rejects.toMatchObject({
      code: 'EMPTY_BUNDLE',
    });
    await expect(createBundle(repository, { refs: [] })).rejects.toMatchObject({ code: 'EMPTY_BUNDLE' });
    await expect(createBundle(repository, await ask(['main'], [], 0))).rejects.toMatchObject({ code: 'EMPTY_BUNDLE' });
  });

  test('needs the commit of a tag that is in it while the commit is not', async () => {
    const { header } = await createBundle(repository, await ask(['v1'], ['main']));
    const [commit] = git(['rev-parse', 'v1^{commit}'], { cwd: history.directory }).split('\n');
    expect(header.prerequisites.map(({ oid }) => oid)).toEqual([commit]);
  });

  test('of a shallow repository needs the parents that it lacks', async () => {
    const shallow = join(temporaryDirectory(), 'shallow.git');
    git(['clone', '-q', '--bare', '--depth=2', `file://${history.directory}`, shallow]);
    const cut = await openRepository(shallow);
    const oid = git(['rev-parse', 'main'], { cwd: shallow });
    const { header } = await createBundle(cut, { refs: [{ name: 'refs/heads/main', oid }] });
    expect(header.prerequisites).toEqual([{ oid: history.main.at(-3), comment: 'shallow' }]);
    await cut.close();
  });

  test('cannot be made of what is not there', async () => {
    const refs = [{ name: 'refs/heads/x', oid: inventedOid(hashAlgorithm(format), '7') }];
    await expect(createBundle(repository, { refs })).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('by git is taken in, whole and as a difference', async () => {
    const { directory } = history;
    const receiver = await openEngine('memory', format, '');
    const whole = gitBytes(['bundle', 'create', '-q', '-', 'main~2', 'light'], { cwd: directory });
    const bundle = await readBundle(stream(whole));
    expect(await verifyBundle(receiver, bundle.header)).toEqual({ missing: [], disconnected: [] });
    const first = await unbundle(receiver, bundle);
    expect(first.refs).toEqual(parseBundleHeader(whole).header.refs);
    const more = await readBundle(
      stream(gitBytes(['bundle', 'create', '-q', '-', 'main~2..main', 'v2'], { cwd: directory })),
    );
    expect((await verifyBundle(receiver, more.header)).missing).toEqual([]);
    const second = await unbundle(receiver, more);
    expect(second.objectCount).toBeGreaterThan(0);
    for (const oid of git(['rev-list', '--objects', '--no-object-names', 'main', 'v2'], { cwd: directory }).split(
      '\n',
    )) {
      expect(await receiver.objects.stat(oid)).toBeDefined();
    }
  });
});

describe.each(MATRIX)('unbundle ($engine, $format)', ({ engine, format }) => {
  const made = async (): Promise<{
    history: History;
    bytes: (...args: string[]) => Uint8Array;
    receiver: Repository;
    state: () => Promise<unknown>;
  }> => {
    const root = temporaryDirectory();
    const history = makeHistory(join(root, 'history.git'), format);
    const directory = join(root, 'receiver.git');
    const receiver = await openEngine(engine, format, directory);
    return {
      history,
      receiver,
      bytes: (...args) =>
        new Uint8Array(gitBytes(['bundle', 'create', '-q', '-', ...args], { cwd: history.directory })),
      state: () => stateOf(receiver, engine === 'files' ? directory : undefined),
    };
  };

  test('refuses a bundle whose prerequisites are missing, and leaves nothing behind', async () => {
    const { history, bytes, receiver, state } = await made();
    const before = await state();
    const cut = bytes('main', '^main~1');
    const { header } = parseBundleHeader(cut);
    expect((await verifyBundle(receiver, header)).missing.map(({ oid }) => oid)).toEqual([history.main.at(-2)]);
    await expect(unbundle(receiver, await readBundle(stream(cut)))).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      subject: history.main.at(-2),
    });
    expect(await state()).toEqual(before);
    await receiver.close();
  });

  test('refuses a pack that is cut, changed, followed by more, or lacks something', async () => {
    const { history, bytes, receiver, state } = await made();
    const before = await state();
    const whole = bytes('main');
    const { end, header } = parseBundleHeader(whole);
    const changed = whole.slice();
    changed[whole.length - 30] = (changed[whole.length - 30] as number) ^ 1;
    const claimed = serializeBundleHeader({
      ...header,
      refs: [{ name: 'refs/heads/side', oid: history.side.at(-1) as Oid }],
    });
    for (const bad of [
      whole.subarray(0, end),
      whole.subarray(0, -1),
      changed,
      concatBytes([whole, Uint8Array.of(0)]),
      concatBytes([claimed, whole.subarray(end)]),
    ]) {
      await expect(unbundle(receiver, await readBundle(stream(bad)))).rejects.toMatchObject({ isGitError: true });
      expect(await state()).toEqual(before);
    }
    await receiver.close();
  });

  test('sees where a prerequisite is there and what it reaches is not', async () => {
    const { history, bytes, receiver } = await made();
    const oid = history.main.at(-2) as Oid;
    const body = gitBytes(['cat-file', 'commit', oid], { cwd: history.directory });
    expect(await receiver.objects.write({ kind: 'commit', body: new Uint8Array(body) })).toBe(oid);
    const cut = bytes('main', '^main~1');
    const verdict = await verifyBundle(receiver, parseBundleHeader(cut).header);
    expect(verdict.missing).toEqual([]);
    expect(verdict.disconnected.map((prerequisite) => prerequisite.oid)).toEqual([oid]);
    await expect(unbundle(receiver, await readBundle(stream(cut)))).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    await receiver.close();
  });
});

describe('unbundle', () => {
  test('refuses a partial bundle, and one of the other object format', async () => {
    const other = (format: ObjectFormat): ObjectFormat => (format === 'sha1' ? 'sha256' : 'sha1');
    for (const format of ['sha1', 'sha256'] as const) {
      const history = makeHistory(join(temporaryDirectory(), 'h.git'), format);
      const create = (...args: string[]) =>
        gitBytes(['bundle', 'create', '-q', '-', ...args, 'main'], { cwd: history.directory });
      const same = createMemoryRepository({ algorithm: hashAlgorithm(format) });
      const partial = await readBundle(stream(create('--filter=blob:none')));
      await expect(unbundle(same, partial)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      const strange = createMemoryRepository({ algorithm: hashAlgorithm(other(format)) });
      const foreign = await readBundle(stream(create()));
      await expect(unbundle(strange, foreign)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
  });

  test('ends with the signal', async () => {
    const history = makeHistory(join(temporaryDirectory(), 'h.git'), 'sha1');
    const bytes = gitBytes(['bundle', 'create', '-q', '-', 'main'], { cwd: history.directory });
    const receiver = createMemoryRepository();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(unbundle(receiver, await readBundle(stream(bytes)), { signal })).rejects.toThrow('enough');
  });

  test('git clones what we bundled', async () => {
    for (const format of ['sha1', 'sha256'] as const) {
      const root = temporaryDirectory();
      const history = makeHistory(join(root, 'h.git'), format);
      const repository = await openRepository(history.directory);
      const refs = (
        await Promise.all(['HEAD', 'main', 'side', 'v2'].map((name) => findRefs(repository.refs, name)))
      ).flat();
      writeFileSync(join(root, 'x.bundle'), await bytesOf(repository, { refs }));
      await repository.close();
      expect(await gitAsync(['clone', '-q', '--bare', 'x.bundle', 'y.git'], { cwd: root })).toMatchObject({ code: 0 });
      expect(git(['rev-parse', 'HEAD', 'side', 'v2'], { cwd: join(root, 'y.git') })).toBe(
        git(['rev-parse', 'HEAD', 'side', 'v2'], { cwd: history.directory }),
      );
    }
  });
});
