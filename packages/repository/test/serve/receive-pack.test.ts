import { join } from 'node:path';
import { concatBytes, encodeUtf8, GitError, type Oid, oidToBytes } from '@git-kv/objects';
import { packBytes } from '@git-kv/pack';
import {
  type Capabilities,
  PktLineReader,
  type PushCommand,
  type PushReport,
  parseCapabilityList,
  readPushReport,
  serializePushRequestHead,
} from '@git-kv/protocol';
import {
  advertiseReceivePack,
  type Quarantine,
  type ReceiveRules,
  type Repository,
  type RepositoryChange,
  type ServeReceivePackOptions,
  serveReceivePack,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { commitFiles, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { filesBelow, fsck, MATRIX, openEngine, stateOf } from '../support/engines.js';
import { blob, collect, inventedOid, writeCommit } from '../support/objects.js';
import { body, bytesOf, packOf, readFetchParts, readLines } from '../support/wire.js';

const CAPABILITIES = parseCapabilityList('report-status');
const ATOMIC = parseCapabilityList('report-status atomic');

interface Push {
  readonly commands: readonly PushCommand[];
  readonly pack?: Uint8Array;
  readonly capabilities?: Capabilities;
  readonly shallowOids?: readonly Oid[];
  readonly options?: ServeReceivePackOptions;
  readonly chunkBytes?: number;
}

function requestOf(repository: Repository, push: Push): Uint8Array {
  const { commands, capabilities = CAPABILITIES, shallowOids = [], pack = new Uint8Array(0) } = push;
  const head = { commands, capabilities, shallowOids, pushOptions: [] };
  return concatBytes([serializePushRequestHead(head, repository.algorithm), pack]);
}

async function pushInto(repository: Repository, push: Push): Promise<PushReport> {
  const request = body(requestOf(repository, push), push.chunkBytes);
  const answer = await bytesOf(serveReceivePack(repository, request, push.options));
  return await readPushReport(new PktLineReader(body(answer)));
}

const heads = (name: string): string => `refs/heads/${name}`;
const create = (name: string, newOid: Oid): PushCommand => ({ name: heads(name), oldOid: null, newOid });
const move = (name: string, oldOid: Oid, newOid: Oid): PushCommand => ({ name: heads(name), oldOid, newOid });
const remove = (name: string, oldOid: Oid | null): PushCommand => ({ name: heads(name), oldOid, newOid: null });
const reasons = (report: PushReport): (string | undefined)[] =>
  report.results.map(({ ok, reason }) => (ok ? 'ok' : reason));

describe.each(MATRIX)('receive-pack into $engine in $format', ({ engine, format }) => {
  /** What the client has. */
  let client: Repository;
  let first: Oid;
  let second: Oid;
  /** The server, which has `first` on main. */
  let repository: Repository;
  let directory: string;
  let emptyPack: Uint8Array;

  beforeEach(async () => {
    directory = join(temporaryDirectory(), 'repo.git');
    repository = await openEngine(engine, format, directory);
    client = createMemoryRepository({ algorithm: repository.algorithm });
    first = await writeCommit(client.objects, { files: { a: '1', 'd/b': 'b' } });
    second = await writeCommit(client.objects, {
      files: { a: '2', 'd/b': 'b' },
      parents: [first],
      time: 1_700_000_100,
    });
    emptyPack = await packOf(client, []);
    await pushInto(repository, { commands: [create('main', first)], pack: await packOf(client, [first]) });
  });

  const main = async (): Promise<unknown> => await repository.refs.read(heads('main'));
  const state = (): Promise<unknown> => stateOf(repository, engine === 'files' ? directory : undefined);

  /** Push, expect these words for each command (`ok` where it works), and nothing new where nothing worked. */
  async function refuses(push: Push, expected: readonly unknown[]): Promise<PushReport> {
    const before = await state();
    const report = await pushInto(repository, push);
    expect(reasons(report)).toEqual(expected);
    expect(await state()).toEqual(before);
    return report;
  }

  test('announces its refs, what it can do, and its shallow boundary', async () => {
    await repository.shallow.update({ add: [first], remove: [] });
    const { lines } = readLines(await bytesOf(advertiseReceivePack(repository, { isHttp: true })));
    expect(lines.slice(0, 2)).toEqual(['# service=git-receive-pack', '<flush>']);
    expect(lines[2]).toMatch(new RegExp(`^${first} refs/heads/main\0.*\\batomic\\b.*object-format=${format}`));
    expect(lines.slice(3)).toEqual([`shallow ${first}`, '<flush>']);
    const empty = readLines(await bytesOf(advertiseReceivePack(createMemoryRepository()))).lines;
    expect(empty[0]).toMatch(/^0{40} capabilities\^\{\}\0/);
  });

  test('creates, moves and deletes, however the request is cut', async () => {
    const pack = await packOf(client, [second], { haves: [first] });
    for (const chunkBytes of [1, 5, 100_000]) {
      const made = await pushInto(repository, {
        commands: [move('main', first, second), create('side', second)],
        pack,
        chunkBytes,
      });
      expect(made).toEqual({
        unpack: 'ok',
        results: [
          { name: heads('main'), ok: true },
          { name: heads('side'), ok: true },
        ],
      });
      expect(await main()).toEqual({ oid: second });
      const back = await pushInto(repository, {
        commands: [move('main', second, first), remove('side', second)],
        pack: emptyPack,
        chunkBytes,
      });
      expect(reasons(back)).toEqual(['ok', 'ok']);
      expect(await main()).toEqual({ oid: first });
    }
    await fsck(repository, engine, directory);
    if (engine === 'files') expect(filesBelow(directory).filter((path) => /tmp_|\.lock$/.test(path))).toEqual([]);
  });

  test('reports on band 1 where that is asked for, and not at all where no report is', async () => {
    const capabilities = parseCapabilityList('report-status side-band-64k');
    const request = requestOf(repository, { commands: [create('x', first)], pack: emptyPack, capabilities });
    const answer = await bytesOf(serveReceivePack(repository, body(request)));
    const framed = readFetchParts(concatBytes([encodeUtf8('000dpackfile\n'), answer]));
    expect(readLines(framed.pack).lines).toEqual(['unpack ok', 'ok refs/heads/x', '<flush>']);
    expect(framed.end).toBe('<flush>');
    const silent = requestOf(repository, { commands: [remove('x', first)], capabilities: [] });
    expect(await bytesOf(serveReceivePack(repository, body(silent)))).toEqual(new Uint8Array(0));
    expect(await repository.refs.read(heads('x'))).toBeUndefined();
  });

  test('says that it is at work once the pack is there, and not before', async () => {
    const capabilities = parseCapabilityList('report-status side-band-64k');
    const pack = await packOf(client, [second], { haves: [first] });
    const request = requestOf(repository, { commands: [create('slow', second)], pack, capabilities });
    let heard = 0;
    let isSent = false;
    const slowly = async function* (): AsyncGenerator<Uint8Array> {
      yield request.subarray(0, request.length - 1);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
      expect(heard).toBe(0);
      yield request.subarray(request.length - 1);
      isSent = true;
    };
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const waiting: Repository = {
      algorithm: repository.algorithm,
      objects: repository.objects,
      refs: repository.refs,
      shallow: repository.shallow,
      close: () => repository.close(),
      transact: async (change) => {
        await gate;
        return await repository.transact(change);
      },
    };
    const chunks: Uint8Array[] = [];
    for await (const chunk of serveReceivePack(waiting, slowly(), { keepAliveMs: 1 })) {
      chunks.push(chunk);
      expect(isSent).toBe(true);
      if (++heard === 3) go();
    }
    const framed = readFetchParts(concatBytes([encodeUtf8('000dpackfile\n'), ...chunks]));
    expect(readLines(framed.pack).lines).toEqual(['unpack ok', 'ok refs/heads/slow', '<flush>']);
    expect(heard).toBeGreaterThan(3);
  });

  test('answers nothing to a client that has nothing to push', async () => {
    for (const nothing of ['', '0000']) {
      expect(await bytesOf(serveReceivePack(repository, body(encodeUtf8(nothing))))).toEqual(new Uint8Array(0));
    }
  });

  describe('old values', () => {
    test('that are not the ref\u2019s any more refuse that command alone', async () => {
      const pack = await packOf(client, [second], { haves: [first] });
      const commands = [move('main', second, second), create('main2', second), create('side', second)];
      const report = await pushInto(repository, { commands, pack });
      expect(reasons(report)).toEqual(['refs/heads/main has moved; fetch first', 'ok', 'ok']);
      expect(await main()).toEqual({ oid: first });
    });

    test('refuse all with atomic, and leave no object behind', async () => {
      const pack = await packOf(client, [second], { haves: [first] });
      const commands = [create('main', second), create('side', second)];
      await refuses({ commands, pack, capabilities: ATOMIC }, [
        'refs/heads/main has moved; fetch first',
        'atomic push failure',
      ]);
      await refuses({ commands: [create('main', second)], pack }, ['refs/heads/main has moved; fetch first']);
    });

    test('of a ref that is not there', async () => {
      await refuses({ commands: [remove('none', first)] }, ['the ref is not there']);
      const pack = await packOf(client, [second], { haves: [first] });
      await refuses({ commands: [move('none', first, second)], pack }, ['the ref is not there']);
      // Deleting what nobody says is there changes nothing, as in git.
      expect(reasons(await pushInto(repository, { commands: [remove('none', null)] }))).toEqual(['ok']);
    });

    test('let exactly one of two pushes through that saw the same', async () => {
      const other = await writeCommit(client.objects, { files: { a: 'other' }, parents: [first] });
      const reports = await Promise.all(
        [second, other].map(async (next) =>
          pushInto(repository, {
            commands: [move('main', first, next)],
            pack: await packOf(client, [next], { haves: [first] }),
          }),
        ),
      );
      const said = reports.map((report) => reasons(report)[0]);
      expect(said.filter((reason) => reason === 'ok')).toHaveLength(1);
      expect(said.filter((reason) => reason === 'refs/heads/main has moved; fetch first')).toHaveLength(1);
      expect(await main()).toEqual({ oid: said[0] === 'ok' ? second : other });
      await fsck(repository, engine, directory);
    });
  });

  describe('refuses', () => {
    test.each([
      ['a name outside of refs/', 'HEAD', 'funny refname'],
      ['a root ref', 'FETCH_HEAD', 'funny refname'],
      ['a ref where the folder of branches is', 'refs/heads', 'funny refname'],
    ])('%s', async (_what, name, reason) => {
      await refuses({ commands: [{ name, oldOid: null, newOid: first }], pack: emptyPack }, [reason]);
    });

    test.each([
      ['refs/heads/a..b'],
      ['refs/heads/a.lock'],
      ['refs/heads/../../config'],
      ['refs/heads/a b'],
      ['objects/info/alternates'],
      [`refs/heads/${'x'.repeat(1100)}`],
    ])('the whole request for the ref name %j', async (name) => {
      const before = await state();
      const pushed = pushInto(repository, { commands: [{ name, oldOid: null, newOid: first }], pack: emptyPack });
      await expect(pushed).rejects.toMatchObject({ code: 'INVALID_REF_NAME' });
      expect(await state()).toEqual(before);
    });

    test('two commands for one ref, and more commands than allowed', async () => {
      const twice = pushInto(repository, { commands: [create('x', first), create('x', first)], pack: emptyPack });
      await expect(twice).rejects.toMatchObject({ code: 'MALFORMED' });
      const commands = ['x', 'y', 'z'].map((name) => create(name, first));
      const many = pushInto(repository, { commands, pack: emptyPack, options: { limits: { maxCommands: 2 } } });
      await expect(many).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'maxCommands', actual: 3 });
      expect(await repository.refs.read(heads('x'))).toBeUndefined();
    });

    test('an object that did not come, and was not here', async () => {
      await refuses({ commands: [create('x', inventedOid(repository.algorithm, 'a'))], pack: emptyPack }, ['bad pack']);
    });

    test.each(['blob', 'tree', 'commit'] as const)('a push in which a %s is missing', async (kind) => {
      const third = await writeCommit(client.objects, { files: { a: '3', 'd/b': 'new' }, parents: [second] });
      let left: unknown;
      const pack = await packOf(client, [third], {
        haves: [first],
        keep: ({ kind: ofKind, body: bytes }) => {
          const isOurs = kind !== 'commit' || Buffer.from(bytes).includes(first);
          if (left !== undefined || ofKind !== kind || !isOurs) return true;
          left = bytes;
          return false;
        },
      });
      expect(left).toBeDefined();
      const missing = expect.stringMatching(/^missing necessary objects \([0-9a-f]{40,64}\)$/);
      await refuses({ commands: [create('x', third)], pack }, [missing]);
    });

    test('only those commands whose objects are missing', async () => {
      const bad = await writeCommit(client.objects, { files: { lost: 'lost' }, time: 5 });
      const whole = await packOf(client, [second, bad], {
        haves: [first],
        keep: ({ kind, body: bytes }) => kind !== 'blob' || !Buffer.from(bytes).includes('lost'),
      });
      const report = await pushInto(repository, {
        commands: [create('bad', bad), create('good', second), create('better', second)],
        pack: whole,
      });
      expect(reasons(report)).toEqual([expect.stringContaining('missing necessary objects'), 'ok', 'ok']);
      await fsck(repository, engine, directory);
    });

    test('an object of another kind than something says it is', async () => {
      const blobOid = await client.objects.write(blob('no tree'));
      const objects = [
        blob('no tree'),
        {
          kind: 'commit' as const,
          body: encodeUtf8(`tree ${blobOid}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n`),
        },
      ];
      const { bytes, entries } = await packBytes({ algorithm: repository.algorithm, objects, objectCount: 2 });
      const oid = entries[1]?.oid as Oid;
      await refuses({ commands: [create('x', oid)], pack: bytes }, [expect.stringContaining('it is a blob')]);
    });

    test('a commit that cannot be parsed', async () => {
      const objects = [{ kind: 'commit' as const, body: encodeUtf8('nonsense\n') }];
      const { bytes, entries } = await packBytes({ algorithm: repository.algorithm, objects, objectCount: 1 });
      const oid = entries[0]?.oid as Oid;
      const options = { rules: { checkObjects: false } };
      const push = { commands: [create('x', oid)], pack: bytes };
      await refuses({ ...push, options }, [expect.stringMatching(/^Cannot (decode|read) /)]);
      const report = await refuses(push, ['unpacker error']);
      expect(report.unpack).toMatch(new RegExp(`^object ${oid}: missingTree: `));
    });

    describe('content that fsck finds fault with', () => {
      const path = '.git';
      async function badPush(name = path, text = 'text'): Promise<{ treeOid: Oid; commit: Oid; pack: Uint8Array }> {
        const blobOid = await client.objects.write(blob(text));
        const entry = concatBytes([encodeUtf8(`100644 ${name}\0`), oidToBytes(blobOid)]);
        const treeOid = await client.objects.write({ kind: 'tree', body: entry });
        const commit = await writeCommit(client.objects, { treeOid });
        return { treeOid, commit, pack: await packOf(client, [commit]) };
      }

      test('is refused for each ref, in the words of git', async () => {
        const { treeOid, commit, pack } = await badPush();
        const commands = [create('x', commit), create('y', commit)];
        const report = await refuses({ commands, pack }, ['unpacker error', 'unpacker error']);
        expect(report.unpack).toMatch(new RegExp(`^object ${treeOid}: hasDotgit: `));
      });

      test('is refused in a file that git reads', async () => {
        const { commit, pack } = await badPush('.gitmodules', '[submodule "a"]\n\turl = -u./x\n\tpath = a\n');
        const report = await refuses({ commands: [create('x', commit)], pack }, ['unpacker error']);
        expect(report.unpack).toMatch(/^object [0-9a-f]+: gitmodulesUrl: /);
      });

      test('passes where nobody looks, where a rule is lowered, and where the object is known', async () => {
        const { treeOid, commit, pack } = await badPush();
        const rules: readonly ReceiveRules[] = [
          { checkObjects: false },
          { checkObjects: { strict: false } },
          { checkObjects: { severities: { hasDotgit: 'ignore' } } },
          { checkObjects: { skip: new Set([treeOid]) } },
        ];
        for (const [at, rule] of rules.entries()) {
          const push = { commands: [create(`x${at}`, commit)], pack, options: { rules: rule } };
          expect(reasons(await pushInto(repository, push))).toEqual(['ok']);
        }
      });
    });

    test('a branch that is no commit; a tag may be anything', async () => {
      const oid = await client.objects.write(blob('a blob'));
      const pack = await packOf(client, [oid]);
      await refuses({ commands: [create('x', oid)], pack }, ['a branch must point to a commit']);
      const tagged = { name: 'refs/tags/x', oldOid: null, newOid: oid };
      expect(reasons(await pushInto(repository, { commands: [tagged], pack }))).toEqual(['ok']);
    });

    test('a pack over the limit, one that is cut, one with a wrong byte', async () => {
      const pack = await packOf(client, [second], { haves: [first] });
      const commands = [create('x', second)];
      const failed = ['unpacker error'];
      const large = await refuses({ commands, pack, options: { maxPackBytes: 50 } }, failed);
      expect(large.unpack).toMatch(/at most 50 is allowed/);
      for (const end of [0, 11, 12, 30, pack.length - 1]) {
        await refuses({ commands, pack: pack.subarray(0, end) }, failed);
      }
      const wrong = pack.slice();
      wrong[20] = (wrong[20] as number) ^ 1;
      await refuses({ commands, pack: wrong }, failed);
      await refuses({ commands, pack: concatBytes([pack, encodeUtf8('more')]) }, failed);
    });

    test('what `authorize` refuses, before the pack is stored', async () => {
      const pack = await packOf(client, [second], { haves: [first] });
      const seen: (readonly PushCommand[])[] = [];
      const authorize = (commands: readonly PushCommand[]): string => {
        seen.push(commands);
        return 'not for you';
      };
      const commands = [move('main', first, second), create('x', second)];
      await refuses({ commands, pack, options: { authorize } }, ['not for you', 'not for you']);
      await refuses({ commands: [remove('main', first)], options: { authorize } }, ['not for you']);
      expect(seen).toEqual([commands, [remove('main', first)]]);
      const failing = pushInto(repository, {
        commands,
        pack,
        options: { authorize: () => Promise.reject(new Error('no database')) },
      });
      await expect(failing).rejects.toThrow('no database');
      expect(await main()).toEqual({ oid: first });
    });

    test.each([
      ['an empty text', '', 'access is denied'],
      ['null', null, 'access is denied'],
      ['a word of its own', false, 'access is denied'],
      ['an object that says nothing of who it is', { kind: 'allow' }, 'access is denied'],
    ])('what `authorize` answers with %s', async (_what, verdict, reason) => {
      const pack = await packOf(client, [second], { haves: [first] });
      const options = { authorize: () => verdict as never };
      await refuses({ commands: [move('main', first, second)], pack, options }, [reason]);
    });

    test.each([
      [
        'the current branch, unless told otherwise',
        { denyDeleteCurrent: false },
        'deletion of the current branch prohibited',
      ],
    ])('to delete %s', async (_what, rules, reason) => {
      await refuses({ commands: [remove('main', first)] }, [reason]);
      expect(reasons(await pushInto(repository, { commands: [remove('main', first)], options: { rules } }))).toEqual([
        'ok',
      ]);
    });

    test('what the rules deny', async () => {
      const rules = { denyDeletes: true, denyNonFastForwards: true };
      const back = await writeCommit(client.objects, { files: { a: 'elsewhere' } });
      const pack = await packOf(client, [back]);
      await refuses({ commands: [remove('main', first)], options: { rules } }, ['deletion prohibited']);
      await refuses({ commands: [move('main', first, back)], pack, options: { rules } }, ['non-fast-forward']);
      const forward = {
        commands: [move('main', first, second)],
        pack: await packOf(client, [second]),
        options: { rules },
      };
      expect(reasons(await pushInto(repository, forward))).toEqual(['ok']);
    });

    test('a symbolic ref; what HEAD points to may be pushed', async () => {
      await repository.refs.update([{ name: heads('alias'), next: { target: heads('main') } }]);
      const pack = await packOf(client, [second], { haves: [first] });
      await refuses({ commands: [move('alias', first, second)], pack }, [
        'it is a symbolic ref; push to refs/heads/main',
      ]);
      expect(reasons(await pushInto(repository, { commands: [move('main', first, second)], pack }))).toEqual(['ok']);
      expect(await repository.refs.read('HEAD')).toEqual({ target: heads('main') });
    });

    test('a ref in the way of another', async () => {
      const pack = emptyPack;
      await refuses({ commands: [create('main/sub', first)], pack }, ['refs/heads/main is in the way']);
      const commands = [create('d', first), create('d/f', first), create('e', first)];
      await refuses({ commands, pack, capabilities: ATOMIC }, [
        'atomic transaction failed',
        'refs/heads/d is in the way',
        'atomic transaction failed',
      ]);
      expect(reasons(await pushInto(repository, { commands, pack }))).toEqual([
        'ok',
        'refs/heads/d is in the way',
        'ok',
      ]);
    });

    test('a request of the other object format', async () => {
      const other = createMemoryRepository();
      const request = requestOf(format === 'sha1' ? repository : other, { commands: [create('x', first)] });
      if (format === 'sha1') request.set(encodeUtf8('ffff'), 4 + 38);
      const broken = bytesOf(serveReceivePack(repository, body(request)));
      await expect(broken).rejects.toMatchObject({ code: 'MALFORMED', origin: 'remote' });
    });

    test('a request that is cut before its pack, wherever', async () => {
      const request = requestOf(repository, { commands: [create('x', first), remove('y', first)] });
      for (let end = 1; end < request.length; end += 3) {
        const cut = bytesOf(serveReceivePack(repository, body(request.subarray(0, end))));
        await expect(cut).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
      }
    });
  });

  test('reads a refused pack to its end, for the client to come to the answer', async () => {
    const noise = await packOf(client, [second]);
    const request = requestOf(repository, { commands: [create('x', second)], pack: noise });
    for (const options of [{ authorize: () => 'no' }, { maxPackBytes: 20 }]) {
      let taken = 0;
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of body(request, 50)) {
          taken += chunk.length;
          yield chunk;
        }
      };
      await bytesOf(serveReceivePack(repository, counted(), options));
      expect(taken).toBe(request.length);
    }
  });

  test('completes a thin pack with what it has, and refuses one whose base it lacks', async () => {
    const source = initBare(join(directory, '..', 'thin.git'), format);
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index * 7919}`);
    const old = commitFiles(source, [{ files: { big: lines.join('\n') } }]);
    const next = commitFiles(source, [{ files: { big: [...lines, 'one more'].join('\n') } }]);
    const packObjects = (input: string, ...args: string[]): Uint8Array =>
      gitBytes(['pack-objects', '--revs', '--stdout', '-q', ...args], { cwd: source, input });
    const thin = packObjects(`${next}\n^${old}\n`, '--thin');
    const failed = await refuses({ commands: [create('new', next)], pack: thin }, ['unpacker error']);
    expect(failed.unpack).toMatch(/base/);
    const whole = packObjects(`${old}\n`);
    expect(reasons(await pushInto(repository, { commands: [create('old', old)], pack: whole }))).toEqual(['ok']);
    expect(reasons(await pushInto(repository, { commands: [create('new', next)], pack: thin }))).toEqual(['ok']);
    await fsck(repository, engine, directory);
  });

  test('takes a push into a shallow repository, as far as its boundary goes', async () => {
    const cut = join(directory, '..', 'cut.git');
    const shallow = await openEngine(engine, format, cut);
    await client.shallow.update({ add: [second], remove: [] });
    await shallow.shallow.update({ add: [second], remove: [] });
    const seeded = await pushInto(shallow, {
      commands: [create('main', second)],
      pack: await packOf(client, [second]),
    });
    expect(reasons(seeded)).toEqual(['ok']);
    const third = await writeCommit(client.objects, { files: { a: '3' }, parents: [second], time: 1_700_000_200 });
    const report = await pushInto(shallow, {
      commands: [move('main', second, third)],
      pack: await packOf(client, [third], { haves: [second] }),
      options: { rules: { denyNonFastForwards: true } },
    });
    expect(reasons(report)).toEqual(['ok']);
    // What lies behind the boundary is not here, so it cannot be a branch.
    expect(reasons(await pushInto(shallow, { commands: [create('old', first)], pack: emptyPack }))).toEqual([
      'bad pack',
    ]);
    await fsck(shallow, engine, cut);
    await shallow.close();
  });

  test('does not take a boundary from a shallow client', async () => {
    const third = await writeCommit(client.objects, { files: { a: '3' }, parents: [second] });
    await client.shallow.update({ add: [third], remove: [] });
    const pack = await packOf(client, [third]);
    const commands = [create('x', third), create('y', third)];
    await refuses(
      { commands, pack, shallowOids: [third] },
      commands.map(() => 'shallow update not allowed'),
    );
    // What it says of others makes no difference.
    await refuses({ commands: [create('x', third)], pack, shallowOids: [first, second] }, [
      `missing necessary objects (${second})`,
    ]);
    expect([...(await repository.shallow.read())]).toEqual([]);
  });

  test('takes a boundary from a shallow client where the rules say so, and keeps it for others where its own ref does not move', async () => {
    const third = await writeCommit(client.objects, { files: { a: '3' }, parents: [second] });
    await client.shallow.update({ add: [third], remove: [] });
    const pack = await packOf(client, [third]);
    const options = { rules: { shallowUpdate: true } };
    const push = { pack, shallowOids: [third], options };
    const inTheWay = await pushInto(repository, { ...push, commands: [create('main/x', third)] });
    expect(reasons(inTheWay)).toEqual(['refs/heads/main is in the way']);
    expect([...(await repository.shallow.read())]).toEqual([third]);
    expect(reasons(await pushInto(repository, { ...push, commands: [create('x', third)] }))).toEqual(['ok']);
    expect([...(await repository.shallow.read())]).toEqual([third]);
    await fsck(repository, engine, directory);
  });

  test('publishes a quarantine once, and a second time does no harm', async () => {
    const quarantine = await repository.objects.receive(body(await packOf(client, [second], { haves: [first] })));
    const update = (expected: Oid): RepositoryChange => ({
      quarantine,
      updates: [{ name: heads('main'), expected: { oid: expected }, next: { oid: second } }],
    });
    expect(await repository.transact(update(second))).toMatchObject({ status: 'conflict' });
    expect(await repository.transact(update(first))).toMatchObject({ status: 'updated' });
    const after = await state();
    await quarantine.publish();
    await quarantine.publish();
    await quarantine.discard();
    expect(await state()).toEqual(after);
    await fsck(repository, engine, directory);
  });

  describe('when storing fails', () => {
    const DISK_FULL = new GitError('NO_SPACE', 'Cannot write /srv/secret/pack: ENOSPC');

    /** The repository, with a quarantine that cannot be published. */
    const unpublishable = (): Repository => ({
      algorithm: repository.algorithm,
      refs: repository.refs,
      shallow: repository.shallow,
      close: () => repository.close(),
      transact: async (change) => {
        await change.quarantine?.publish();
        return await repository.transact({ ...change, updates: change.updates });
      },
      objects: new Proxy(repository.objects, {
        get: (target, key): unknown => {
          const value: unknown = Reflect.get(target, key);
          if (key !== 'receive') return typeof value === 'function' ? value.bind(target) : value;
          return async (...args: Parameters<typeof target.receive>): Promise<Quarantine> => {
            const quarantine = await target.receive(...args);
            return {
              reader: quarantine.reader,
              objectCount: quarantine.objectCount,
              oids: () => quarantine.oids(),
              publish: () => Promise.reject(DISK_FULL),
              discard: () => quarantine.discard(),
            };
          };
        },
      }),
    });

    test.each([
      ['each for itself', CAPABILITIES, 3],
      ['alone', CAPABILITIES, 1],
      ['all together', ATOMIC, 3],
    ])('no ref moves, and the client hears no path (%s)', async (_how, capabilities, count) => {
      const pack = await packOf(client, [second], { haves: [first] });
      const commands = [move('main', first, second), create('x', second), create('y', second)].slice(0, count);
      const failures: unknown[] = [];
      const before = await state();
      const report = await pushInto(unpublishable(), {
        commands,
        pack,
        capabilities,
        options: { onFailure: (error) => void failures.push(error) },
      });
      expect(reasons(report)).toEqual(commands.map(() => 'the repository cannot be used now (NO_SPACE)'));
      expect(failures).toEqual([DISK_FULL]);
      expect(await state()).toEqual(before);
    });

    test('of one ref, the others are told apart', async () => {
      const failing: Repository = {
        algorithm: repository.algorithm,
        refs: repository.refs,
        shallow: repository.shallow,
        objects: repository.objects,
        close: () => repository.close(),
        transact: (change) =>
          change.updates[0]?.name === heads('b')
            ? Promise.reject(new TypeError('a mistake'))
            : repository.transact(change),
      };
      const commands = ['a', 'b', 'c'].map((name) => create(name, first));
      const report = await pushInto(failing, { commands, pack: emptyPack });
      expect(reasons(report)).toEqual(['ok', 'internal error', 'ok']);
    });
  });

  test('an abort leaves nothing behind', async () => {
    const pack = await packOf(client, [second], { haves: [first] });
    const before = await state();
    const controller = new AbortController();
    const cutOff = async function* (): AsyncGenerator<Uint8Array> {
      const request = requestOf(repository, { commands: [move('main', first, second)], pack });
      yield request.subarray(0, request.length - 30);
      controller.abort();
      yield request.subarray(request.length - 30);
    };
    const pushed = collect(serveReceivePack(repository, cutOff(), { signal: controller.signal }));
    await expect(pushed).rejects.toMatchObject({ name: 'AbortError' });
    expect(await state()).toEqual(before);
  });

  test.runIf(engine === 'files' && format === 'sha1')(
    'an abort or a broken connection at any byte leaves nothing',
    async () => {
      const pack = await packOf(client, [second], { haves: [first] });
      const capabilities = parseCapabilityList('report-status side-band-64k');
      const request = requestOf(repository, { commands: [move('main', first, second)], pack, capabilities });
      const before = await state();
      for (let end = 1; end < request.length; end += 7) {
        const broken = async function* (): AsyncGenerator<Uint8Array> {
          yield request.subarray(0, end);
          throw new GitError('TRANSPORT_CLOSED', 'Cannot read on: the client is gone');
        };
        await bytesOf(serveReceivePack(repository, broken())).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'TRANSPORT_CLOSED' });
        });
        const controller = new AbortController();
        const aborted = async function* (): AsyncGenerator<Uint8Array> {
          yield request.subarray(0, end);
          controller.abort();
          yield request.subarray(end);
        };
        const { signal } = controller;
        await expect(bytesOf(serveReceivePack(repository, aborted(), { signal }))).rejects.toThrow();
        expect(await state(), `after ${end} bytes`).toEqual(before);
      }
    },
  );
});
