import { join } from 'node:path';
import { concatBytes, encodeUtf8, type Oid } from '@git-kv/objects';
import { connectUploadPack, encodeText, FLUSH, serializeV2Command } from '@git-kv/protocol';
import {
  createRepositoryTransport,
  type Repository,
  type ServeUploadPackOptions,
  serveUploadPack,
} from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { MATRIX, openEngine } from '../support/engines.js';
import { blob, writeCommit, writeTree } from '../support/objects.js';
import { body, bytesOf, readFetchParts, readLines } from '../support/wire.js';

const HIDDEN = { hidden: ['refs/secret'] };

describe.each(MATRIX)('a want of $engine in $format', ({ engine, format }) => {
  let repository: Repository;
  let directory: string;
  let old: Oid;
  let tip: Oid;
  let secret: Oid;
  let tag: Oid;

  beforeEach(async () => {
    directory = join(temporaryDirectory(), 'repo.git');
    repository = await openEngine(engine, format, directory);
    const { objects } = repository;
    old = await writeCommit(objects, { files: { a: 'old', 'd/e/f': 'deep' }, time: 1 });
    tip = await writeCommit(objects, { files: { a: 'new' }, parents: [old], time: 2 });
    secret = await writeCommit(objects, { files: { s: 'secret' }, parents: [tip], time: 3 });
    const text = `object ${old}\ntype commit\ntag v1\ntagger T <t@example.com> 1 +0000\n\nv1\n`;
    tag = await objects.write({ kind: 'tag', body: encodeUtf8(text) });
    await repository.refs.update([
      { name: 'refs/heads/main', next: { oid: tip } },
      { name: 'refs/tags/v1', next: { oid: tag } },
      { name: 'refs/secret/one', next: { oid: secret } },
    ]);
  });

  const ask = async (
    command: string,
    args: readonly string[],
    options: ServeUploadPackOptions,
  ): Promise<Uint8Array> => {
    const capabilities = [{ name: 'object-format', value: format }];
    const request = serializeV2Command({ command, capabilities, args });
    return await bytesOf(serveUploadPack(repository, body(request), options));
  };
  /** What is refused, or that a pack comes. */
  const answerTo = async (want: string, options: ServeUploadPackOptions = {}): Promise<string> => {
    const answer = await ask('fetch', [want, 'done'], options);
    const { pack, head } = readFetchParts(answer);
    return pack.length > 0 ? 'a pack' : (head[0] as string);
  };
  const refused = (oid: Oid): string => `ERR upload-pack: not our ref ${oid}`;

  test('is anything that is there, while nothing is hidden', async () => {
    for (const oid of [secret, tip, old, tag, await repository.objects.write(blob('unreachable'))]) {
      expect(await answerTo(`want ${oid}`)).toBe('a pack');
    }
  });

  test('must be reached by a ref that is not hidden', async () => {
    const deepTree = await writeTree(repository.objects, { f: 'deep' });
    const deepBlob = await repository.objects.write(blob('deep'));
    for (const oid of [tip, old, tag, deepTree, deepBlob]) expect(await answerTo(`want ${oid}`, HIDDEN)).toBe('a pack');
    const secretBlob = await repository.objects.write(blob('secret'));
    const secretTree = await writeTree(repository.objects, { s: 'secret' });
    const unreachable = await repository.objects.write(blob('unreachable'));
    for (const oid of [secret, secretBlob, secretTree, unreachable]) {
      expect(await answerTo(`want ${oid}`, HIDDEN)).toBe(refused(oid));
    }
  });

  test('may be anything again where the rules say so, and nothing beyond where they say not', async () => {
    expect(await answerTo(`want ${secret}`, { ...HIDDEN, rules: { allowAnyWant: true } })).toBe('a pack');
    const unreachable = await repository.objects.write(blob('unreachable'));
    expect(await answerTo(`want ${unreachable}`, { rules: { allowAnyWant: false } })).toBe(refused(unreachable));
    expect(await answerTo(`want ${secret}`, { rules: { allowAnyWant: false } })).toBe('a pack');
  });

  test('may be what a hidden ref holds, or what it reaches, where the rules say so', async () => {
    const secretBlob = await repository.objects.write(blob('secret'));
    const unreachable = await repository.objects.write(blob('unreachable'));
    const tips = { ...HIDDEN, rules: { allowTipWant: true } };
    expect(await answerTo(`want ${secret}`, tips)).toBe('a pack');
    expect(await answerTo(`want ${old}`, tips)).toBe('a pack');
    expect(await answerTo(`want ${secretBlob}`, tips)).toBe(refused(secretBlob));
    const reached = { ...HIDDEN, rules: { allowReachableWant: true } };
    for (const oid of [secret, secretBlob]) expect(await answerTo(`want ${oid}`, reached)).toBe('a pack');
    expect(await answerTo(`want ${unreachable}`, reached)).toBe(refused(unreachable));
    // In protocol v2 this takes nothing away, as in git.
    expect(await answerTo(`want ${unreachable}`, { rules: { allowReachableWant: false } })).toBe('a pack');
  });

  const PACK = 'a pack';
  test.each([
    ['what refs hold', {}, [PACK, undefined, undefined, undefined]],
    ['what hidden refs hold, too', { allowTipWant: true }, [PACK, undefined, PACK, undefined]],
    ['what refs reach', { allowReachableWant: true }, [PACK, PACK, PACK, undefined]],
    ['anything', { allowAnyWant: true }, [PACK, PACK, PACK, PACK]],
  ] as const)('of protocol v0 is %s, where the rules go by git', async (_what, rules, expected) => {
    const unreachable = await repository.objects.write(blob('unreachable'));
    const uploadPack = { ...HIDDEN, rules: { allowReachableWant: false, ...rules } };
    const transport = createRepositoryTransport(repository, { uploadPack });
    const got: unknown[] = [];
    for (const want of [tip, old, secret, unreachable]) {
      const client = await connectUploadPack(transport, { version: 0 });
      const fetched = client.fetch({ wants: [want] }).then(async ({ pack }) => {
        for await (const _ of pack ?? []);
        return PACK;
      });
      got.push(await fetched.catch((error: Error) => void expect(error.message).toContain(`not our ref ${want}`)));
      await client.close();
    }
    expect(got).toEqual(expected);
  });

  test('is refused where it would take too long to find out', async () => {
    const rules = { maxWantSearch: 1 };
    expect(await answerTo(`want ${tip}`, { ...HIDDEN, rules })).toBe('a pack');
    expect(await answerTo(`want ${old}`, { ...HIDDEN, rules: { maxWantSearch: 2 } })).toBe('a pack');
    const further = await writeTree(repository.objects, { f: 'deep' });
    expect(await answerTo(`want ${further}`, { ...HIDDEN, rules })).toBe(refused(further));
  });

  test('by name is a ref that is not hidden', async () => {
    expect(await answerTo('want-ref refs/secret/one')).toBe('a pack');
    expect(await answerTo('want-ref refs/secret/one', HIDDEN)).toBe('ERR unknown ref refs/secret/one');
    expect(await answerTo('want-ref refs/heads/none', HIDDEN)).toBe('ERR unknown ref refs/heads/none');
  });

  test('by name is HEAD or below refs/: what else stands beside them is not for clients', async () => {
    await repository.refs.update([{ name: 'ORIG_HEAD', next: { oid: secret } }]);
    for (const options of [{}, HIDDEN]) {
      expect(await answerTo('want-ref HEAD', options)).toBe('a pack');
      expect(await answerTo('want-ref ORIG_HEAD', options)).toBe('ERR unknown ref ORIG_HEAD');
      const answer = await ask('fetch', [`want ${tip}`, 'deepen-not ORIG_HEAD', 'done'], options);
      expect(readFetchParts(answer).head[0]).toMatch(/ambiguous deepen-not: ORIG_HEAD$/);
    }
  });

  test('behind an end of history is what might be wanted itself', async () => {
    const further = await writeCommit(repository.objects, { files: { s: 'more' }, parents: [secret], time: 4 });
    await repository.refs.update([{ name: 'refs/secret/two', next: { oid: further } }]);
    const args = [`want ${tip}`, `shallow ${further}`, `shallow ${tip}`, 'deepen 2147483647', 'done'];
    const told = async (options: ServeUploadPackOptions): Promise<readonly string[]> =>
      readFetchParts(await ask('fetch', args, options)).head.filter((line) => line.startsWith('unshallow '));
    expect(await told({})).toEqual([`unshallow ${further}`, `unshallow ${tip}`]);
    expect(await told(HIDDEN)).toEqual([`unshallow ${tip}`]);
    const lines0 = [`${args[0]} side-band-64k object-format=${format}`, ...args.slice(1, -1)];
    const request = concatBytes([...lines0.map((line) => encodeText(line)), FLUSH, encodeText('done')]);
    const { lines } = readLines(await bytesOf(serveUploadPack(repository, body(request), { ...HIDDEN, version: 0 })));
    expect(lines.filter((line) => line.startsWith('unshallow '))).toEqual([`unshallow ${tip}`]);
  });

  test('is told apart from what a client has: of hidden content it does not hear whether it is here', async () => {
    const secretBlob = await repository.objects.write(blob('secret'));
    const secretTree = await writeTree(repository.objects, { s: 'secret' });
    const haves = [secretBlob, secretTree, tag, old].map((oid) => `have ${oid}`);
    const acked = async (options: ServeUploadPackOptions): Promise<readonly string[]> =>
      readLines(await ask('fetch', [`want ${tip}`, 'wait-for-done', ...haves], options)).lines.filter((line) =>
        line.startsWith('ACK '),
      );
    expect(await acked({})).toEqual([secretBlob, secretTree, tag, old].map((oid) => `ACK ${oid}`));
    expect(await acked(HIDDEN)).toEqual([tag, old].map((oid) => `ACK ${oid}`));
    const first = encodeText(`want ${tip} multi_ack_detailed object-format=${format}`);
    const rows = concatBytes([first, FLUSH, ...haves.map((have) => encodeText(have)), FLUSH]);
    const answer = await bytesOf(serveUploadPack(repository, body(rows), { ...HIDDEN, version: 0, isStateless: true }));
    expect(readLines(answer).lines.filter((line) => line.endsWith(' common'))).toEqual(
      [tag, old].map((oid) => `ACK ${oid} common`),
    );
  });

  test('of a size, too: what is hidden is not there', async () => {
    const args = ['size', `oid ${tip}`, `oid ${secret}`];
    const sizes = async (options: ServeUploadPackOptions): Promise<readonly string[]> =>
      readLines(await ask('object-info', args, options)).lines;
    expect((await sizes({}))[2]).toMatch(/ \d+$/);
    expect((await sizes(HIDDEN))[1]).toMatch(/ \d+$/);
    expect((await sizes(HIDDEN))[2]).toBe(`${secret} `);
    expect((await sizes({ rules: { allowObjectInfo: false } }))[0]).toMatch(/^ERR /);
  });

  test.runIf(engine === 'files')('must be reached where objects are borrowed from another repository', async () => {
    const fork = join(temporaryDirectory(), 'fork.git');
    git(['clone', '-q', '--bare', '--shared', directory, fork]);
    const own = repository;
    repository = await openRepository(fork);
    try {
      expect(await answerTo(`want ${old}`)).toBe('a pack');
      expect(await answerTo(`want ${secret}`)).toBe(refused(secret));
    } finally {
      await repository.close();
      repository = own;
    }
  });
});

describe('the rules of a server', () => {
  const ask = async (args: readonly string[], rules: ServeUploadPackOptions['rules']): Promise<string | undefined> => {
    const repository = await openEngine('memory', 'sha1', '');
    const oid = await writeCommit(repository.objects, { files: { a: 'a' } });
    await repository.refs.update([{ name: 'refs/heads/main', next: { oid } }]);
    const request = serializeV2Command({ command: 'fetch', capabilities: [], args: [`want ${oid}`, ...args, 'done'] });
    const answer = await bytesOf(serveUploadPack(repository, body(request), { rules }));
    return readFetchParts(answer).head.find((line) => line.startsWith('ERR '));
  };

  test.each([
    [['filter tree:3'], {}, undefined],
    [['filter tree:3'], { maxTreeDepth: 3 }, undefined],
    [['filter tree:4'], { maxTreeDepth: 3 }, 'ERR tree filter allows max depth 3, but got 4'],
    [['filter blob:none'], { filters: { 'blob:none': false } }, "ERR filter 'blob:none' not supported"],
    [['filter blob:none'], { allowOtherFilters: false, filters: { 'blob:none': true } }, undefined],
    [
      ['filter tree:0'],
      { allowOtherFilters: false, filters: { 'blob:none': true } },
      "ERR filter 'tree' not supported",
    ],
    [['filter combine:blob:none+tree:1'], { filters: { tree: false } }, "ERR filter 'tree' not supported"],
    [['filter blob:none'], { allowFilter: false }, /^ERR upload-pack: Cannot fetch with filter/],
    [['filter sparse:oid=main:x'], {}, /^ERR upload-pack: Cannot filter by sparse:oid/],
    [['want-ref refs/heads/main'], { allowRefInWant: false }, /^ERR upload-pack: Cannot fetch with want-ref/],
    [['sideband-all'], {}, /^ERR upload-pack: Cannot fetch with sideband-all/],
  ] as const)('%j with %j gives %s', async (args, rules, expected) => {
    const error = await ask(args, rules);
    if (expected instanceof RegExp) expect(error).toMatch(expected);
    else expect(error).toBe(expected);
  });
});
