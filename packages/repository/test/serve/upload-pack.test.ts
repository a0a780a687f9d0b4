import { join } from 'node:path';
import { concatBytes, encodeUtf8, FileMode, GitError, type Oid, TreeBuilder } from '@git-kv/objects';
import { serializeV2Command } from '@git-kv/protocol';
import {
  advertiseUploadPack,
  type ObjectStore,
  type Repository,
  type ServeUploadPackOptions,
  serveUploadPack,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { withKeepAlive } from '../../src/serve/keep-alive.js';
import { packLines } from '../../src/serve/pack-lines.js';
import { MATRIX, openEngine } from '../support/engines.js';
import { blob, collect, inventedOid, writeCommit } from '../support/objects.js';
import { body, bytesOf, type FetchParts, packOf, readFetchParts, readLines } from '../support/wire.js';

const request = (repository: Repository, command: string, args: readonly string[]): Uint8Array =>
  serializeV2Command({
    command,
    capabilities: [{ name: 'object-format', value: repository.algorithm.name }],
    args,
  });

async function ask(
  repository: Repository,
  command: string,
  args: readonly string[],
  options: ServeUploadPackOptions = {},
): Promise<Uint8Array> {
  return await bytesOf(serveUploadPack(repository, body(request(repository, command, args)), options));
}

const fetchFrom = async (
  repository: Repository,
  args: readonly string[],
  options?: ServeUploadPackOptions,
): Promise<FetchParts> => readFetchParts(await ask(repository, 'fetch', args, options));

const linesOf = async (repository: Repository, command: string, args: readonly string[]): Promise<readonly string[]> =>
  readLines(await ask(repository, command, args)).lines;

/** What a pack holds, by a store that takes it in. */
async function contentOf(repository: Repository, pack: Uint8Array, base?: Repository): Promise<Set<Oid>> {
  const store = base ?? createMemoryRepository({ algorithm: repository.algorithm });
  const quarantine = await store.objects.receive(body(pack));
  const oids = new Set(quarantine.oids());
  await quarantine.discard();
  return oids;
}

async function writeTag(
  repository: Repository,
  targetOid: Oid,
  targetKind: 'commit' | 'tag',
  name: string,
): Promise<Oid> {
  const text = `object ${targetOid}\ntype ${targetKind}\ntag ${name}\ntagger T Agger <tagger@example.com> 1700000000 +0000\n\n${name}\n`;
  return await repository.objects.write({ kind: 'tag', body: encodeUtf8(text) });
}

test('over requests, one command of a request is answered', async () => {
  const repository = createMemoryRepository();
  const head = await writeCommit(repository.objects, { files: { a: 'A' } });
  await repository.refs.update([{ name: 'refs/heads/main', next: { oid: head } }]);
  const two = concatBytes([request(repository, 'ls-refs', []), request(repository, 'ls-refs', [])]);
  const answerTo = async (options: ServeUploadPackOptions): Promise<number> =>
    (await bytesOf(serveUploadPack(repository, body(two), options))).length;
  expect(await answerTo({})).toBe(2 * (await answerTo({ isStateless: true })));
});

describe.each(MATRIX)('upload-pack over $engine in $format', ({ engine, format }) => {
  let repository: Repository;
  let commits: Oid[];
  let tag: Oid;
  let nested: Oid;

  beforeEach(async () => {
    repository = await openEngine(engine, format, join(temporaryDirectory(), 'repo.git'));
    commits = [];
    for (let index = 0; index < 5; index++) {
      commits.push(
        await writeCommit(repository.objects, {
          files: { 'same.txt': 'same', 'dir/file.txt': `state ${index}` },
          parents: commits.slice(-1),
          time: 1_700_000_000 + index,
        }),
      );
    }
    tag = await writeTag(repository, commits[2] as Oid, 'commit', 'v1');
    nested = await writeTag(repository, tag, 'tag', 'v1-again');
    await repository.refs.update([
      { name: 'refs/heads/main', next: { oid: commits[4] as Oid } },
      { name: 'refs/heads/old', next: { oid: commits[1] as Oid } },
      { name: 'refs/tags/v1-again', next: { oid: nested } },
      { name: 'refs/remotes/origin/HEAD', next: { target: 'refs/heads/old' } },
    ]);
  });

  test('announces what it can do in protocol version 2, and its refs before', async () => {
    const lines = readLines(await bytesOf(advertiseUploadPack(repository, { version: 2 }))).lines;
    expect(lines[0]).toBe('version 2');
    expect(lines).toContain(`object-format=${format}`);
    expect(lines).toContain('ls-refs=unborn');
    expect(lines).toContain('fetch=shallow wait-for-done filter ref-in-want');
    expect(lines.at(-1)).toBe('<flush>');
    const older = readLines(await bytesOf(advertiseUploadPack(repository, { version: 1, isHttp: true }))).lines;
    expect(older.slice(0, 3)).toEqual(['# service=git-upload-pack', '<flush>', 'version 1']);
    expect(older[3]).toMatch(new RegExp(`^${commits[4]} HEAD\0multi_ack .* no-done .*symref=HEAD:refs/heads/main$`));
  });

  describe('ls-refs', () => {
    test('lists HEAD, then all refs by name', async () => {
      const [, old, , , main] = commits as [Oid, Oid, Oid, Oid, Oid];
      expect(await linesOf(repository, 'ls-refs', ['symrefs', 'peel'])).toEqual([
        `${main} HEAD symref-target:refs/heads/main`,
        `${main} refs/heads/main`,
        `${old} refs/heads/old`,
        `${old} refs/remotes/origin/HEAD symref-target:refs/heads/old`,
        `${nested} refs/tags/v1-again peeled:${commits[2]}`,
        '<flush>',
      ]);
    });

    test.each([
      [['refs/heads/'], ['refs/heads/main', 'refs/heads/old']],
      [['refs/heads/ma', 'refs/heads/main/'], ['refs/heads/main']],
      [
        ['refs/t', 'HEAD'],
        ['HEAD', 'refs/tags/v1-again'],
      ],
      [['HE'], ['HEAD']],
      [['refs/heads/main', 'refs/heads/mai', 'refs/heads/m'], ['refs/heads/main']],
      [['heads'], []],
      [['refs/../refs/heads'], []],
      [[''], ['HEAD', 'refs/heads/main', 'refs/heads/old', 'refs/remotes/origin/HEAD', 'refs/tags/v1-again']],
    ])('with prefixes %j gives %j', async (prefixes, names) => {
      const lines = await linesOf(
        repository,
        'ls-refs',
        prefixes.map((prefix) => `ref-prefix ${prefix}`),
      );
      expect(lines.slice(0, -1).map((line) => line.split(' ')[1])).toEqual(names);
    });

    test('tells of an unborn HEAD where it is asked for', async () => {
      await repository.refs.update([{ name: 'HEAD', next: { target: 'refs/heads/unborn' } }]);
      const args = ['symrefs', 'ref-prefix HEAD'];
      expect(await linesOf(repository, 'ls-refs', args)).toEqual(['<flush>']);
      expect(await linesOf(repository, 'ls-refs', ['unborn', ...args])).toEqual([
        'unborn HEAD symref-target:refs/heads/unborn',
        '<flush>',
      ]);
    });

    test('shows a detached HEAD without a target', async () => {
      const oid = commits[0] as Oid;
      await repository.refs.update([{ name: 'HEAD', next: { oid } }]);
      expect(await linesOf(repository, 'ls-refs', ['symrefs', 'ref-prefix HEAD'])).toEqual([`${oid} HEAD`, '<flush>']);
    });

    test('takes as many prefixes as it says, and no more', async () => {
      const prefixes = (count: number): string[] =>
        Array.from({ length: count }, (_, index) => `ref-prefix refs/heads/m${index}`);
      expect(await linesOf(repository, 'ls-refs', [...prefixes(65_535), 'ref-prefix refs/heads/o'])).toHaveLength(2);
      await expect(ask(repository, 'ls-refs', prefixes(65_537))).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        limit: 'maxRefPrefixes',
      });
    });
  });

  describe('fetch sends', () => {
    test('all that a want reaches', async () => {
      const { head, pack, end } = await fetchFrom(repository, [`want ${commits[4]}`, 'done']);
      expect(head).toEqual([]);
      expect(end).toBe('<flush>');
      // Five commits, each with two trees and one blob of its own, and the blob that never changed.
      expect((await contentOf(repository, pack)).size).toBe(21);
    });

    test('what a have does not reach', async () => {
      const args = [`want ${commits[4]}`, `have ${commits[3]}`, 'done'];
      const { pack } = await fetchFrom(repository, args);
      expect((await contentOf(repository, pack)).size).toBe(4);
    });

    test('an empty pack where the client has all', async () => {
      const { pack } = await fetchFrom(repository, [`want ${commits[4]}`, `have ${commits[4]}`, 'done']);
      expect((await contentOf(repository, pack)).size).toBe(0);
    });

    test('a blob, a tree or a tag that is wanted by itself', async () => {
      const oid = await repository.objects.write(blob('alone'));
      const { pack } = await fetchFrom(repository, [`want ${oid}`, 'done']);
      expect(await contentOf(repository, pack)).toEqual(new Set([oid]));
      const tagged = await fetchFrom(repository, [`want ${nested}`, `have ${commits[2]}`, 'done']);
      expect(await contentOf(repository, tagged.pack)).toEqual(new Set([nested, tag]));
    });

    test('tags of what it sends, and the tags between, where they are asked for', async () => {
      const args = [`want ${commits[4]}`, `have ${commits[1]}`, 'done'];
      const without = await contentOf(repository, (await fetchFrom(repository, args)).pack);
      const withTags = await contentOf(repository, (await fetchFrom(repository, ['include-tag', ...args])).pack);
      expect([...withTags].filter((oid) => !without.has(oid)).sort()).toEqual([tag, nested].sort());
      const beyond = [`want ${commits[4]}`, `have ${commits[2]}`, 'include-tag', 'done'];
      expect(await contentOf(repository, (await fetchFrom(repository, beyond)).pack)).not.toContain(nested);
    });

    test('no progress where none is wanted', async () => {
      const want = `want ${commits[4]}`;
      expect((await fetchFrom(repository, [want, 'done'])).progress).toContain('Enumerating objects: 21, done.');
      expect((await fetchFrom(repository, [want, 'no-progress', 'done'])).progress).toBe('');
    });

    test('nothing where nothing is wanted', async () => {
      expect(await linesOf(repository, 'fetch', [`have ${commits[0]}`, 'done'])).toEqual(['<flush>']);
    });

    test('one answer after another over one connection', async () => {
      const both = concatBytes([
        request(repository, 'ls-refs', ['ref-prefix refs/heads/main']),
        request(repository, 'fetch', [`want ${commits[0]}`, 'done']),
      ]);
      for (const chunkBytes of [1, 7, both.length]) {
        const answer = await bytesOf(serveUploadPack(repository, body(both, chunkBytes)));
        const { head, pack } = readFetchParts(answer);
        expect(head).toEqual([`${commits[4]} refs/heads/main`, '<flush>']);
        expect((await contentOf(repository, pack)).size).toBe(5);
      }
    });
  });

  describe('negotiation', () => {
    const unknown = (digit: string): string => `have ${inventedOid(repository.algorithm, digit)}`;

    test('says NAK, and waits, where nothing is common', async () => {
      expect(await linesOf(repository, 'fetch', [`want ${commits[4]}`, unknown('1')])).toEqual([
        'acknowledgments',
        'NAK',
        '<flush>',
      ]);
    });

    test('acknowledges what is common, is ready, and sends', async () => {
      const args = [`want ${commits[4]}`, unknown('1'), `have ${commits[1]}`, `have ${commits[1]}`];
      const { head, pack } = await fetchFrom(repository, args);
      expect(head).toEqual(['acknowledgments', `ACK ${commits[1]}`, 'ready', '<delimiter>']);
      expect((await contentOf(repository, pack)).size).toBe(12);
    });

    test('is not ready while a want reaches nothing common', async () => {
      const island = await writeCommit(repository.objects, { files: { island: 'i' }, time: 1_800_000_000 });
      await repository.refs.update([{ name: 'refs/heads/island', next: { oid: island } }]);
      const args = [`want ${commits[4]}`, `want ${island}`, `have ${commits[1]}`];
      expect(await linesOf(repository, 'fetch', args)).toEqual(['acknowledgments', `ACK ${commits[1]}`, '<flush>']);
      const { pack } = await fetchFrom(repository, [...args, 'done']);
      expect((await contentOf(repository, pack)).size).toBe(12 + 3);
    });

    test('looks behind a tag that is wanted', async () => {
      const island = await writeCommit(repository.objects, { files: { island: 'i' }, time: 1_800_000_000 });
      const there = [`want ${nested}`, `have ${commits[1]}`];
      expect(await linesOf(repository, 'fetch', there)).toContain('ready');
      const notThere = [`want ${nested}`, `have ${island}`];
      expect(await linesOf(repository, 'fetch', notThere)).toEqual(['acknowledgments', `ACK ${island}`, '<flush>']);
    });

    test('waits for done where it is told to', async () => {
      const args = [`want ${commits[4]}`, `have ${commits[1]}`, 'wait-for-done'];
      expect(await linesOf(repository, 'fetch', args)).toEqual(['acknowledgments', `ACK ${commits[1]}`, '<flush>']);
    });

    test('sends at once to a client without haves, and to one that is done', async () => {
      expect((await fetchFrom(repository, [`want ${commits[4]}`])).head).toEqual([]);
      expect((await fetchFrom(repository, [`want ${commits[4]}`, unknown('2'), 'done'])).head).toEqual([]);
    });
  });

  describe('shallow', () => {
    const tip = (): string => `want ${commits[4]}`;

    test.each([
      [1, 4],
      [2, 3],
      [4, 1],
      [5, 0], // as git has it
    ])('depth %i cuts history there', async (depth, cut) => {
      const { head, pack } = await fetchFrom(repository, [tip(), `deepen ${depth}`, 'done']);
      expect(head).toEqual(['shallow-info', `shallow ${commits[cut]}`, '<delimiter>']);
      const sent = await contentOf(repository, pack);
      expect(commits.filter((oid) => sent.has(oid))).toEqual(commits.slice(cut));
    });

    test('a depth beyond the roots cuts nothing', async () => {
      const { head } = await fetchFrom(repository, [tip(), 'deepen 6', 'done']);
      expect(head).toEqual(['shallow-info', '<delimiter>']);
    });

    test('deepening tells what is whole now, and sends what was behind', async () => {
      const args = [tip(), `shallow ${commits[4]}`, `have ${commits[4]}`, 'deepen 3', 'done'];
      const { head, pack } = await fetchFrom(repository, args);
      expect(head).toEqual(['shallow-info', `shallow ${commits[2]}`, `unshallow ${commits[4]}`, '<delimiter>']);
      const sent = await contentOf(repository, pack);
      expect(sent).toContain(commits[3]);
      expect(sent).toContain(commits[2]);
      expect(sent).not.toContain(commits[1]);
    });

    test('a client that is shallow does not get what is behind its boundary', async () => {
      const args = [tip(), `shallow ${commits[3]}`, `have ${commits[3]}`, 'done'];
      const { head, pack } = await fetchFrom(repository, args);
      expect(head).toEqual([]);
      const sent = await contentOf(repository, pack);
      expect(commits.filter((oid) => sent.has(oid))).toEqual([commits[4]]);
    });

    test('a server that is shallow says so to those whom it concerns', async () => {
      const cut = await openEngine(engine, format, join(temporaryDirectory(), 'cut.git'));
      const quarantine = await cut.objects.receive(body(await packOf(repository, commits.slice(3), { haves: [] })));
      await quarantine.publish();
      const island = await writeCommit(cut.objects, { files: { island: 'i' } });
      await cut.shallow.update({ add: [commits[3] as Oid], remove: [] });
      const told = await fetchFrom(cut, [tip(), 'done']);
      expect(told.head).toEqual(['shallow-info', `shallow ${commits[3]}`, '<delimiter>']);
      expect((await fetchFrom(cut, [tip(), `shallow ${commits[3]}`, 'done'])).head).toEqual([]);
      expect((await fetchFrom(cut, [`want ${island}`, 'done'])).head).toEqual([]);
      expect((await fetchFrom(cut, [tip(), 'deepen 9', 'done'])).head).toContain(`shallow ${commits[3]}`);
      await cut.close();
    });
  });

  describe('refuses', () => {
    test.each([
      ['an object that is not there', (r: Repository) => [`want ${inventedOid(r.algorithm, 'd')}`], /not our ref d+/],
      ['a filter that is none', () => ['filter blob'], /invalid filter-spec 'blob'/],
      ['a time after all commits', () => ['deepen-since 1900000000'], /no commits selected/],
      ['a ref that is not there as boundary', () => ['deepen-not refs/heads/none'], /deepen-not: refs\/heads\/none/],
      ['a depth and a time at once', () => ['deepen 1', 'deepen-since 1700000000'], /cannot be used together/],
      ['a boundary that is no commit', () => [`shallow ${tag}`, 'deepen 1'], /no commit/],
      ['a depth of nothing', () => ['deepen 0'], /deepen/],
      ['a depth that is no number', () => ['deepen -1'], /deepen/],
      ['an argument it does not know', () => ['make-coffee'], /make-coffee/],
    ])('%s, in the protocol', async (_what, args, words) => {
      const [line, ...more] = await linesOf(repository, 'fetch', [`want ${commits[4]}`, ...args(repository), 'done']);
      expect(line).toMatch(/^ERR upload-pack: /);
      expect(line).toMatch(words);
      expect(more).toEqual([]);
    });

    test('another object format', async () => {
      const value = format === 'sha1' ? 'sha256' : 'sha1';
      const bytes = serializeV2Command({
        command: 'ls-refs',
        capabilities: [{ name: 'object-format', value }],
        args: [],
      });
      const [line] = readLines(await bytesOf(serveUploadPack(repository, body(bytes)))).lines;
      expect(line).toMatch(new RegExp(`^ERR .*${value}.* ${format}`));
    });

    test('a command it does not know', async () => {
      expect(await linesOf(repository, 'bundle-uri', [])).toEqual([expect.stringMatching(/^ERR .*bundle-uri/)]);
    });

    test.each([
      [
        'an object id of the other length',
        (r: Repository) => `want ${'a'.repeat(104 - r.algorithm.hexLength)}`,
        'MALFORMED',
      ],
      ['an object id that is none', () => 'want HEAD', 'MALFORMED'],
    ])('%s, before it has answered', async (_what, argument, code) => {
      await expect(ask(repository, 'fetch', [argument(repository), 'done'])).rejects.toMatchObject({ code });
    });

    test('more wants than allowed, before it has answered', async () => {
      const wants = commits.map((oid) => `want ${oid}`);
      const asked = ask(repository, 'fetch', [...wants, 'done'], { limits: { maxWants: 4 } });
      await expect(asked).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'maxWants' });
    });

    test('a request that is cut, wherever', async () => {
      const whole = request(repository, 'fetch', [`want ${commits[0]}`, 'done']);
      for (let end = 1; end < whole.length; end++) {
        const answered = bytesOf(serveUploadPack(repository, body(whole.subarray(0, end))));
        await expect(answered).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
      }
    });
  });
});

describe('upload-pack, when something breaks in the middle of a pack,', () => {
  let repository: Repository;
  let want: string;
  let broken: unknown;

  beforeEach(async () => {
    const whole = createMemoryRepository();
    const tree = new TreeBuilder(whole.algorithm);
    for (let index = 0; index < 900; index++) {
      // A digest for every line does not compress, so that packs come in several chunks.
      const oid = await whole.objects.write(blob(`${index}`));
      const noise = Array.from({ length: 12 }, (_, part) => `${oid}${part}`.split('').reverse().join(oid));
      tree.set(`f${index}`, FileMode.regular, await whole.objects.write(blob(noise.join(''))));
    }
    const treeOid = await whole.objects.write({ kind: 'tree', body: tree.build() });
    const oid = await writeCommit(whole.objects, { treeOid });
    want = `want ${oid}`;
    broken = undefined;
    // Reading fails from the moment `broken` is set.
    const objects: ObjectStore = new Proxy(whole.objects, {
      get: (target, key): unknown => {
        if (String(key).startsWith('read') && broken !== undefined) throw broken;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    repository = {
      ...whole,
      algorithm: whole.algorithm,
      refs: whole.refs,
      shallow: whole.shallow,
      objects,
    } as Repository;
  });

  const breakAfterFirstChunk = async (error: unknown, options: ServeUploadPackOptions = {}): Promise<FetchParts> => {
    const chunks: Uint8Array[] = [];
    const args = [want, 'no-progress', 'done'];
    for await (const chunk of serveUploadPack(repository, body(request(repository, 'fetch', args)), options)) {
      chunks.push(chunk);
      if (chunks.length === 2) broken = error;
    }
    return readFetchParts(concatBytes(chunks));
  };

  test('says so on band 3 and ends', async () => {
    const { pack, failure, end } = await breakAfterFirstChunk(
      new GitError('HASH_MISMATCH', 'Cannot read object x: bad'),
    );
    expect(pack.length).toBeGreaterThan(0);
    expect(failure).toBe('upload-pack: Cannot read object x: bad\n');
    expect(end).toBeUndefined();
  });

  test.each([
    [
      'a broken disk',
      new GitError('IO_FAILED', 'Cannot read /srv/secret/objects: EIO'),
      /cannot be used now \(IO_FAILED\)/,
    ],
    ['a mistake in the program', new TypeError('x is not a function'), /internal error/],
  ])('keeps the details of %s to its owner', async (_what, error, words) => {
    const failures: unknown[] = [];
    const { failure } = await breakAfterFirstChunk(error, { onFailure: (seen) => void failures.push(seen) });
    expect(failure).toMatch(words);
    expect(failure).not.toContain('/srv');
    expect(failures).toEqual([error]);
  });

  test('stops where it is aborted', async () => {
    const controller = new AbortController();
    const args = [want, 'no-progress', 'done'];
    const answer = serveUploadPack(repository, body(request(repository, 'fetch', args)), { signal: controller.signal });
    const read = async (): Promise<void> => {
      for await (const _ of answer) controller.abort();
    };
    await expect(read()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('lets go of everything where nobody reads on', async () => {
    let released = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield request(repository, 'fetch', [want, 'done']);
        yield new Uint8Array(0);
      } finally {
        released = true;
      }
    };
    for await (const _ of serveUploadPack(repository, source())) break;
    expect(released).toBe(true);
  });
});

describe('packLines', () => {
  test('fills every line but the last, however the pack is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 6 }), async (sizes) => {
        const pack = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0)).map((_, at) => at % 251);
        const cut = async function* (): AsyncGenerator<Uint8Array> {
          let at = 0;
          for (const size of sizes) {
            yield pack.subarray(at, at + size);
            at += size;
          }
        };
        const lines = await collect(packLines(cut()));
        expect(lines.slice(0, -1).every((line) => line.length === 65_520)).toBe(true);
        const answer = concatBytes([encodeUtf8('000dpackfile\n'), ...lines]);
        expect(Buffer.from(readFetchParts(answer).pack).equals(pack)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('withKeepAlive', () => {
  test('sends an empty line while nothing else comes, and loses nothing', async () => {
    const seen: string[] = [];
    let go = (): void => {};
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield encodeUtf8('first');
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      yield encodeUtf8('second');
    };
    for await (const line of withKeepAlive(source(), 1)) {
      seen.push(new TextDecoder().decode(line));
      if (seen.length === 4) go();
    }
    expect(seen.filter((line) => line !== '0005\u0001')).toEqual(['first', 'second']);
    expect(seen.length).toBeGreaterThanOrEqual(5);
  });

  test('passes errors on, and an early end', async () => {
    let released = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield encodeUtf8('first');
        throw new Error('broken');
      } finally {
        released = true;
      }
    };
    await expect(collect(withKeepAlive(source()))).rejects.toThrow('broken');
    released = false;
    for await (const _ of withKeepAlive(source())) break;
    expect(released).toBe(true);
  });
});
