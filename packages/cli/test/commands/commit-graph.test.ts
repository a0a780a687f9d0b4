import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddHistory, type OddHistory } from '../../../../test/support/odd-history.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit commit-graph (%s)', (objectFormat) => {
  let root: string;
  let history: OddHistory;
  let cwd: string;
  let file: string;
  beforeAll(() => {
    root = makeDirectory();
    history = makeOddHistory(join(root, 'odd.git'), objectFormat);
    cwd = history.directory;
    file = join(cwd, 'objects/info/commit-graph');
    const many = Array.from({ length: 513 }, (_, index) => [`many/${index}`, `${index}`] as const);
    const fits = Array.from({ length: 511 }, (_, index) => [`fits/${index}`, `${index}`] as const);
    const removed = many.map(([path]) => [path, null] as const);
    // More changed paths than a filter holds, just as many as it does, directories that come, go, and become files.
    commitFiles(
      cwd,
      [
        { files: Object.fromEntries(many) },
        { files: Object.fromEntries(fits) },
        { files: { ...Object.fromEntries(removed), many: 'a file now', 'deep/er/and/deeper': 'x' } },
        { files: { 'deep/er/and/deeper': 'y', 'ünïcödé/ñ': 'z' } },
        { files: {} },
      ],
      'paths',
    );
  });
  afterAll(() => removeDirectory(root));

  describe('write', () => {
    beforeEach(() => rmSync(join(cwd, 'objects/info/commit-graph'), { force: true }));

    async function expectSame(args: readonly string[], input = ''): Promise<void> {
      rmSync(file, { force: true });
      const theirs = await gitAsync(['commit-graph', 'write', ...args], { cwd, input });
      const expected = existsSync(file) ? readFileSync(file) : undefined;
      rmSync(file, { force: true });
      const ours = await run('tsgit', ['commit-graph', 'write', ...args], { cwd, input });
      expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
      expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(expected);
    }

    test.each(['--reachable', '--reachable --changed-paths', '--reachable --no-changed-paths'])(
      '%s gives the bytes that git gives',
      async (line) => {
        await expectSame(line.split(' '));
        expect(statSync(file).mode & 0o777).toBe(0o444);
        // A date of more than 34 bits does not fit: git's own verify complains of its own graph.
        const { stderr } = await gitAsync(['commit-graph', 'verify'], { cwd });
        expect(stderr.replace(/^commit date for commit \S+ in commit-graph is \S+ != 99999999999\n/, '')).toBe('');
      },
    );

    test('--stdin-commits takes commits and tags, and passes over the rest', async () => {
      const { merge, a2 } = history.commits;
      const names = ['v1-again', 'tree-tag', 'blob-tag'].map((name) => git(['rev-parse', name], { cwd }));
      await expectSame(['--stdin-commits'], `${merge}\n`);
      await expectSame(['--stdin-commits', '--changed-paths'], [a2, ...names, ''].join('\n'));
      await expectSame(['--stdin-commits'], '');
    });

    test.each([
      ['what is no object id', 'main\n'],
      ['an object that is not there', `${'1'.repeat(64)}\n`],
    ])('refuses %s', async (_case, input) => {
      const theirs = await gitAsync(['commit-graph', 'write', '--stdin-commits'], { cwd, input });
      const ours = await run('tsgit', ['commit-graph', 'write', '--stdin-commits'], { cwd, input });
      expect(ours.code).toBe(theirs.code);
      expect(existsSync(file)).toBe(false);
    });

    test('keeps filters that are there, and adds to what is there with --append', async () => {
      await run('tsgit', ['commit-graph', 'write', '--reachable', '--changed-paths'], { cwd });
      const withFilters = readFileSync(file);
      await run('tsgit', ['commit-graph', 'write', '--reachable'], { cwd });
      expect(readFileSync(file)).toEqual(withFilters);
      const input = `${history.commits.root1}\n`;
      await run('tsgit', ['commit-graph', 'write', '--stdin-commits', '--append'], { cwd, input });
      expect(readFileSync(file)).toEqual(withFilters);
      await run('tsgit', ['commit-graph', 'write', '--reachable', '--no-changed-paths'], { cwd });
      expect(readFileSync(file).length).toBeLessThan(withFilters.length);
    });

    test('takes the place of a chain', async () => {
      for (const name of ['merge', 'tip']) {
        const input = `${history.commits[name]}\n`;
        git(['commit-graph', 'write', '--stdin-commits', '--split=no-merge'], { cwd, input });
      }
      expect(existsSync(join(cwd, 'objects/info/commit-graphs/commit-graph-chain'))).toBe(true);
      expect((await run('tsgit', ['commit-graph', 'verify'], { cwd })).code).toBe(
        (await gitAsync(['commit-graph', 'verify'], { cwd })).code,
      );
      await expectSame(['--reachable']);
      expect(existsSync(join(cwd, 'objects/info/commit-graphs/commit-graph-chain'))).toBe(false);
    });

    test('writes levels only where the configuration says so', async () => {
      git(['config', 'commitGraph.generationVersion', '1'], { cwd });
      await expectSame(['--reachable']);
      git(['config', '--unset', 'commitGraph.generationVersion'], { cwd });
    });

    test('writes nothing where the configuration says so, and says that', async () => {
      git(['config', 'core.commitGraph', 'false'], { cwd });
      await expectSame(['--reachable']);
      const { stderr } = await run('tsgit', ['commit-graph', 'write', '--reachable'], { cwd });
      expect(stderr).toContain("'core.commitGraph' is disabled");
      git(['config', '--unset', 'core.commitGraph'], { cwd });
    });

    test('writes nothing in a shallow repository, and leaves its walks alone', async () => {
      const shallow = join(root, `shallow-${objectFormat}.git`);
      git(['clone', '-q', '--bare', '--depth=2', `file://${cwd}`, shallow]);
      const ours = await run('tsgit', ['commit-graph', 'write', '--reachable'], { cwd: shallow });
      expect(ours).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(existsSync(join(shallow, 'objects/info/commit-graph'))).toBe(false);
    });

    test('writes nothing in an empty repository', async () => {
      const empty = initBare(join(root, `empty-${objectFormat}.git`), objectFormat);
      expect((await run('tsgit', ['commit-graph', 'write', '--reachable'], { cwd: empty })).code).toBe(0);
      expect(existsSync(join(empty, 'objects/info/commit-graph'))).toBe(false);
      expect((await run('tsgit', ['commit-graph', 'verify'], { cwd: empty })).code).toBe(0);
    });

    test('does not break the lock of another writer', async () => {
      writeFileSync(`${file}.lock`, '');
      const theirs = await gitAsync(['commit-graph', 'write', '--reachable'], { cwd });
      const ours = await run('tsgit', ['commit-graph', 'write', '--reachable'], { cwd });
      expect(ours.code).toBe(theirs.code);
      expect(ours.stderr).toContain("commit-graph.lock': File exists.");
      rmSync(`${file}.lock`);
    });
  });

  describe('verify', () => {
    let small: string;
    let graph: string;
    let good: Buffer;
    beforeAll(() => {
      small = initBare(join(root, `small-${objectFormat}.git`), objectFormat);
      for (const branch of ['main', 'other']) {
        commitFiles(small, [{ files: { a: branch } }, { files: { b: branch } }, { files: { c: branch } }], branch);
      }
      const tree = git(['rev-parse', 'main^{tree}'], { cwd: small });
      const parents = ['main', 'other', 'main~1'].flatMap((name) => ['-p', git(['rev-parse', name], { cwd: small })]);
      const octopus = git(['commit-tree', ...parents, '-m', 'octopus', tree], { cwd: small });
      git(['update-ref', 'refs/heads/octopus', octopus], { cwd: small });
      git(['commit-graph', 'write', '--reachable', '--changed-paths'], { cwd: small });
      graph = join(small, 'objects/info/commit-graph');
      chmodSync(graph, 0o644);
      good = readFileSync(graph);
    });

    async function both(bytes: Uint8Array): Promise<{ theirs: number; ours: number }> {
      writeFileSync(graph, bytes);
      const theirs = await gitAsync(['commit-graph', 'verify'], { cwd: small });
      const ours = await run('tsgit', ['commit-graph', 'verify'], { cwd: small });
      return { theirs: theirs.code, ours: ours.code };
    }

    test('accepts what git wrote', async () => {
      expect(await both(good)).toEqual({ theirs: 0, ours: 0 });
    });

    test('says what is wrong in the words of git', async () => {
      const cases = ['checksum', 'tree', 'date', 'level', 'order'] as const;
      const { oidLength, rows, oids } = places(good, objectFormat);
      const changes: Record<(typeof cases)[number], () => Buffer> = {
        checksum: () => flip(good, good.length - 1),
        tree: () => sealed(flip(good, rows + 3), objectFormat),
        date: () => sealed(flip(good, rows + oidLength + 15), objectFormat),
        level: () => sealed(flip(good, rows + oidLength + 11, 0x40), objectFormat),
        order: () => sealed(flip(good, oids), objectFormat),
      };
      for (const name of cases) {
        writeFileSync(graph, changes[name]());
        const theirs = await gitAsync(['commit-graph', 'verify'], { cwd: small });
        const ours = await run('tsgit', ['commit-graph', 'verify'], { cwd: small });
        expect({ name, code: ours.code, stderr: ours.stderr }).toEqual({
          name,
          code: theirs.code,
          stderr: theirs.stderr,
        });
      }
    });

    test('rejects whatever git rejects', async () => {
      for (let round = 0; round < 60; round++) {
        // A fixed sequence of places; the checksum is made right again, or nothing else would ever be looked at.
        const offset = (round * 7919 + 5) % (good.length - 32);
        const { theirs, ours } = await both(sealed(flip(good, offset, 1 << (round % 8)), objectFormat));
        expect({ offset, isRejected: theirs === 0 || ours !== 0 }).toEqual({ offset, isRejected: true });
      }
    });

    test('rejects a file cut short, and a history that lost a commit', async () => {
      expect((await both(good.subarray(0, good.length / 2))).ours).toBe(1);
      writeFileSync(graph, good);
      const oid = git(['rev-parse', 'octopus'], { cwd: small });
      const loose = join(small, 'objects', oid.slice(0, 2), oid.slice(2));
      const object = readFileSync(loose);
      rmSync(loose);
      const theirs = await gitAsync(['commit-graph', 'verify'], { cwd: small });
      const ours = await run('tsgit', ['commit-graph', 'verify'], { cwd: small });
      writeFileSync(loose, object);
      expect(ours.code).toBe(theirs.code);
      expect(ours.stderr).toContain(`failed to parse commit ${oid} from object database for commit-graph`);
    });

    test('a damaged graph does not mislead a walk', async () => {
      const expected = (await gitAsync(['rev-list', '--all'], { cwd: small })).stdout;
      for (const bytes of [good.subarray(0, 100), flip(good, 0), flip(good, 4)]) {
        writeFileSync(graph, bytes);
        expect((await run('tsgit', ['rev-list', '--all'], { cwd: small })).stdout).toBe(expected);
      }
    });

    test('a graph is not asked where replacements or grafts are there', async () => {
      writeFileSync(graph, good);
      const oid = git(['rev-parse', 'octopus'], { cwd: small });
      appendFileSync(join(small, 'info/grafts'), `${oid}\n`);
      const { oidLength, rows } = places(good, objectFormat);
      // Every first parent is said to be none: with the graph in use the walk would end at once.
      const wrong = Buffer.from(good);
      for (let at = rows + oidLength; at < rows + 7 * (oidLength + 16); at += oidLength + 16) {
        wrong.writeUInt32BE(0x70000000, at);
      }
      writeFileSync(graph, sealed(wrong, objectFormat));
      const count = async (): Promise<string> =>
        (await run('tsgit', ['rev-list', '--count', 'octopus'], { cwd: small })).stdout;
      expect(await count()).toBe('7\n');
      rmSync(join(small, 'info/grafts'));
      expect(await count()).toBe('1\n');
      git(['update-ref', `refs/replace/${oid}`, oid], { cwd: small });
      expect(await count()).toBe('7\n');
      git(['update-ref', '-d', `refs/replace/${oid}`], { cwd: small });
    });
  });

  test.each([[['bogus']], [[]], [['write', 'more']], [['verify', '--bogus']]])(
    'refuses %j with its usage',
    async (args) => {
      expect((await gitAsync(['commit-graph', ...args], { cwd })).code).toBe(129);
      const ours = await run('tsgit', ['commit-graph', ...args], { cwd });
      expect(ours.code).toBe(129);
      expect(ours.stderr).toContain('usage: tsgit commit-graph');
    },
  );
});

function flip(bytes: Uint8Array, offset: number, bits = 1): Buffer {
  const changed = Buffer.from(bytes);
  changed[offset] = (changed[offset] as number) ^ bits;
  return changed;
}

/** With the checksum of what it holds now. */
function sealed(bytes: Buffer, objectFormat: 'sha1' | 'sha256'): Buffer {
  const { oidLength } = places(bytes, objectFormat);
  const content = bytes.subarray(0, bytes.length - oidLength);
  return Buffer.concat([content, createHash(objectFormat).update(content).digest()]);
}

/** Where the oids and the rows of data begin: the second and third chunk. */
function places(bytes: Buffer, objectFormat: string): { oidLength: number; oids: number; rows: number } {
  const oidLength = objectFormat === 'sha1' ? 20 : 32;
  return { oidLength, oids: bytes.readUInt32BE(8 + 12 + 8), rows: bytes.readUInt32BE(8 + 24 + 8) };
}
