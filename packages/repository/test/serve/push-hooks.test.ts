import { join } from 'node:path';
import { concatBytes, decodeUtf8, type Oid } from '@git-kv/objects';
import {
  decodeSidebandLine,
  PktLineReader,
  type PushCommand,
  type PushReport,
  parseCapabilityList,
  readPushReport,
  serializePushRequestHead,
} from '@git-kv/protocol';
import {
  type PushContext,
  type PushHooks,
  type Repository,
  type ServeReceivePackOptions,
  serveReceivePack,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { MATRIX, openEngine, stateOf } from '../support/engines.js';
import { inventedOid, writeCommit } from '../support/objects.js';
import { body, bytesOf, packOf, readLines } from '../support/wire.js';

const heads = (name: string): string => `refs/heads/${name}`;
const create = (name: string, newOid: Oid): PushCommand => ({ name: heads(name), oldOid: null, newOid });

interface Answer extends PushReport {
  /** What was said on band 2, and in which order with the report. */
  readonly said: string;
  readonly order: readonly ('said' | 'report')[];
}

describe.each(MATRIX)('hooks of a push into $engine in $format', ({ engine, format }) => {
  let repository: Repository;
  let directory: string;
  let client: Repository;
  let first: Oid;
  let failures: unknown[];

  beforeEach(async () => {
    directory = join(temporaryDirectory(), 'repo.git');
    repository = await openEngine(engine, format, directory);
    client = createMemoryRepository({ algorithm: repository.algorithm });
    first = await writeCommit(client.objects, { files: { a: '1', 'd/b': 'b' } });
    failures = [];
  });

  async function push(
    commands: readonly PushCommand[],
    hooks: PushHooks,
    options: ServeReceivePackOptions & { readonly atomic?: boolean; readonly pushOptions?: readonly string[] } = {},
  ): Promise<Answer> {
    const { atomic = false, pushOptions = [], ...rest } = options;
    const names = `report-status-v2 side-band-64k${atomic ? ' atomic' : ''}${pushOptions.length ? ' push-options' : ''}`;
    const head = { commands, capabilities: parseCapabilityList(names), pushOptions, shallowOids: [] };
    const pack = commands.some(({ newOid }) => newOid !== null) ? await packOf(client, [first]) : new Uint8Array(0);
    const request = concatBytes([serializePushRequestHead(head, repository.algorithm), pack]);
    const onFailure = (error: unknown): void => void failures.push(error);
    const answer = await bytesOf(serveReceivePack(repository, body(request), { hooks, onFailure, ...rest }));
    const { payloads, lines } = readLines(answer);
    expect(lines.at(-1)).toBe('<flush>');
    const parts = payloads.slice(0, -1).map((payload) => decodeSidebandLine(payload));
    const band = (which: number): Uint8Array =>
      concatBytes(parts.filter((part) => part.band === which).map(({ content }) => content));
    const report = await readPushReport(new PktLineReader(body(band(1))), undefined, repository.algorithm);
    const order = parts.map((part) => (part.band === 1 ? ('report' as const) : ('said' as const)));
    return { ...report, said: decodeUtf8(band(2)), order };
  }

  const state = async (): Promise<unknown> => {
    const { files, ...rest } = await stateOf(repository, engine === 'files' ? directory : undefined);
    // Who has prepared a transaction is noted as a writer.
    return { ...rest, files: files.filter((path) => !path.endsWith('.owner')) };
  };
  const outcome = ({ results }: PushReport): unknown[] => results.map(({ ok, reason }) => (ok ? 'ok' : reason));

  test('are told what is pushed, by whom, with which options, and read what arrived before anybody else can', async () => {
    const seen: unknown[] = [];
    const look =
      (name: string) =>
      async ({ updates, pushOptions, identity, objects }: PushContext): Promise<void> => {
        const arrived = (await objects.read(first))?.kind;
        const stored = (await repository.objects.read(first))?.kind;
        seen.push([name, updates.map((update) => update.name), pushOptions, identity, arrived, stored]);
      };
    const done = await push(
      [create('x', first)],
      {
        preReceive: look('preReceive'),
        update: (update, context) => look(`update ${update.name}`)(context),
        referenceTransaction: (phase, updates, context) =>
          look(`${phase} ${updates.map(({ name }) => name).join()}`)(context),
        postReceive: (context) => look(`postReceive ${context.results[0]?.ok}`)(context),
      },
      { authorize: () => ({ identity: { user: 'eve' } }), pushOptions: ['ci.skip', 'a=b c'] },
    );
    expect(outcome(done)).toEqual(['ok']);
    const told = [[heads('x')], ['ci.skip', 'a=b c'], { user: 'eve' }, 'commit'];
    expect(seen).toEqual([
      ['preReceive', ...told, undefined],
      [`update ${heads('x')}`, ...told, undefined],
      [`prepared ${heads('x')}`, ...told, undefined],
      [`committed ${heads('x')}`, ...told, 'commit'],
      ['postReceive true', ...told, 'commit'],
    ]);
  });

  test('say what the pusher hears, in their order, and after the report too', async () => {
    const done = await push([create('x', first)], {
      preReceive: ({ say }) => say('one\x1b[31m\ntwo'),
      update: (_update, { say }) => say('three'),
      postReceive: ({ say }) => say('four\n'),
    });
    expect(done.said).toBe('one[31m\ntwo\nthree\nfour\n');
    expect(done.order).toEqual(['said', 'said', 'report', 'said']);
  });

  describe('preReceive', () => {
    test.each<[string, PushHooks['preReceive'], unknown[]]>([
      ['all of it, in words', () => ({ reject: 'not today' }), ['not today', 'not today']],
      ['all of it, in no words', () => ({ reject: '' }), ['hook declined', 'hook declined']],
      [
        'all of it, by a code',
        () => ({ reject: { code: 'stale', exit: 2, message: 'too late' } }),
        ['kv:stale exit=2: too late', 'kv:stale exit=2: too late'],
      ],
      [
        'what it throws at',
        () => Promise.reject(new Error('no')),
        ['pre-receive hook failed', 'pre-receive hook failed'],
      ],
      [
        'a push whose refs it mistakes',
        () => ({ reject: { 'refs/heads/other': 'no' } }),
        ['pre-receive hook failed', 'pre-receive hook failed'],
      ],
      [
        'a push that it adds a ref of the push to',
        () => ({ add: [{ name: heads('x'), next: null }] }),
        ['pre-receive hook failed', 'pre-receive hook failed'],
      ],
      [
        'a push that it adds a ref outside of refs/ to',
        () => ({ add: [{ name: 'HEAD', next: { target: heads('x') } }] }),
        ['pre-receive hook failed', 'pre-receive hook failed'],
      ],
    ])('refuses %s, and nothing is left', async (_what, preReceive, expected) => {
      const before = await state();
      const done = await push([create('x', first), create('y', first)], { ...(preReceive && { preReceive }) });
      expect(outcome(done)).toEqual(expected);
      expect(await state()).toEqual(before);
    });

    test('refuses one ref and lets another pass; with atomic, none', async () => {
      const preReceive = (): { reject: Record<string, { code: string }> } => ({
        reject: { [heads('x')]: { code: 'no' } },
      });
      const commands = [create('x', first), create('y', first)];
      const before = await state();
      const atomic = await push(commands, { preReceive }, { atomic: true });
      expect(outcome(atomic)).toEqual(['kv:no', 'atomic push failure']);
      expect(await state()).toEqual(before);
      const each = await push(commands, { preReceive });
      expect(each.results).toEqual([
        { name: heads('x'), ok: false, reason: 'kv:no', refusal: { code: 'no' } },
        { name: heads('y'), ok: true },
      ]);
      expect(await repository.refs.read(heads('y'))).toEqual({ oid: first });
    });

    test('is not asked about what is refused already', async () => {
      const asked: string[] = [];
      const preReceive = ({ updates }: PushContext): void => void asked.push(...updates.map(({ name }) => name));
      const hidden = ['refs/heads/x'];
      await push([create('x', first), create('y', first)], { preReceive }, { hidden });
      await push([create('x', first), create('z', first)], { preReceive }, { hidden, atomic: true });
      await push([create('x', first)], { preReceive }, { hidden });
      expect(asked).toEqual([heads('y')]);
    });

    test('adds refs, which move in one transaction with those of the push, and are told of', async () => {
      const ledger = await writeCommit(repository.objects, { files: { entry: '1' } });
      const add = [
        { name: 'refs/ledger/main', expected: null, next: { oid: ledger } },
        { name: heads('mirror'), expected: null, next: { oid: first } },
      ];
      const transactions: string[][] = [];
      const done = await push([create('x', first), create('y', first)], {
        preReceive: () => ({ add }),
        referenceTransaction: (phase, updates) => void transactions.push([phase, ...updates.map(({ name }) => name)]),
      });
      const names = [heads('x'), heads('y'), 'refs/ledger/main', heads('mirror')];
      expect(transactions).toEqual([
        ['prepared', ...names],
        ['committed', ...names],
      ]);
      expect(done.results).toEqual([
        {
          name: heads('x'),
          ok: true,
          refs: [
            { name: heads('x'), oldOid: null, newOid: first },
            { name: 'refs/ledger/main', oldOid: null, newOid: ledger },
          ],
        },
        { name: heads('y'), ok: true },
      ]);
      for (const [name, oid] of names.map((name) => [name, name === names[2] ? ledger : first] as const)) {
        expect(await repository.refs.read(name)).toEqual({ oid });
      }
    });

    test('adds refs that were moved meanwhile: then nothing moves', async () => {
      const other = await writeCommit(repository.objects, { files: { entry: '2' } });
      await repository.refs.update([{ name: 'refs/ledger/main', next: { oid: other } }]);
      const add = [{ name: 'refs/ledger/main', expected: null, next: { oid: other } }];
      const done = await push([create('x', first), create('y', first)], { preReceive: () => ({ add }) });
      expect(outcome(done)).toEqual(['atomic transaction failed', 'atomic transaction failed']);
      expect(await repository.refs.read(heads('x'))).toBeUndefined();
    });

    test('adds no ref to what is not there', async () => {
      const before = await state();
      const add = [{ name: 'refs/x/y', next: { oid: inventedOid(repository.algorithm, 'a') } }];
      const done = await push([create('x', first)], { preReceive: () => ({ add }) });
      expect(outcome(done)).toEqual(['pre-receive hook failed']);
      expect(await state()).toEqual(before);
      expect(failures).toHaveLength(1);
    });
  });

  test('update refuses one ref alone', async () => {
    const hooks: PushHooks = { update: ({ name }) => (name === heads('x') ? { code: 'mine', exit: 3 } : undefined) };
    const done = await push([create('x', first), create('y', first)], hooks);
    expect(outcome(done)).toEqual(['kv:mine exit=3', 'ok']);
    const throwing = await push([create('z', first)], { update: () => Promise.reject(new Error('no')) });
    expect(outcome(throwing)).toEqual(['update hook failed']);
  });

  describe('referenceTransaction', () => {
    test('refuses what is prepared, before anything is stored', async () => {
      const phases: string[] = [];
      const before = await state();
      const hooks: PushHooks = {
        referenceTransaction: (phase) => {
          phases.push(phase);
          return phase === 'prepared' ? 'the journal is full' : 'not heard';
        },
      };
      const done = await push([create('x', first), create('y', first)], hooks);
      expect(outcome(done)).toEqual(['the journal is full', 'the journal is full']);
      expect(phases).toEqual(['prepared', 'aborted', 'prepared', 'aborted']);
      expect(await state()).toEqual(before);
      const throwing = await push([create('x', first)], {
        referenceTransaction: () => Promise.reject(new Error('no')),
      });
      expect(outcome(throwing)).toEqual(['reference-transaction hook failed']);
      expect(await state()).toEqual(before);
    });

    test('cannot undo what is committed', async () => {
      const hooks: PushHooks = {
        referenceTransaction: (phase) => (phase === 'committed' ? Promise.reject(new Error('late')) : undefined),
      };
      expect(outcome(await push([create('x', first)], hooks))).toEqual(['ok']);
      expect(failures).toMatchObject([{ message: 'late' }]);
    });
  });

  test('postReceive hears of what happened, and its failure changes nothing', async () => {
    const heard: unknown[] = [];
    const hooks: PushHooks = {
      postReceive: ({ updates, results }) => {
        heard.push(
          updates.map(({ name }) => name),
          results.map(({ ok }) => ok),
        );
        throw new Error('late');
      },
    };
    const hidden = [heads('x')];
    expect(outcome(await push([create('x', first), create('y', first)], hooks, { hidden }))).toEqual([
      'deny updating a hidden ref',
      'ok',
    ]);
    expect(heard).toEqual([[heads('y')], [false, true]]);
    expect(failures).toMatchObject([{ message: 'late' }]);
    await push([create('x', first)], hooks, { hidden });
    expect(heard).toHaveLength(2);
  });

  test.each(['preReceive', 'update', 'referenceTransaction'] as const)('%s has its time and no more', async (name) => {
    const before = await state();
    const aborted: boolean[] = [];
    const wait = (...args: unknown[]): Promise<void> =>
      new Promise(() => {
        const { signal } = args.at(-1) as PushContext;
        signal.addEventListener('abort', () => void aborted.push(signal.aborted));
      });
    const done = await push([create('x', first)], { [name]: wait }, { hookTimeoutMs: 20 });
    expect(outcome(done)).toEqual([expect.stringMatching(/hook failed$/)]);
    expect(aborted.length).toBeGreaterThan(0);
    expect(await state()).toEqual(before);
  });

  test.each(['preReceive', 'update', 'referenceTransaction'] as const)(
    'a push that is given up during %s leaves nothing',
    async (name) => {
      const before = await state();
      const controller = new AbortController();
      const hooks: PushHooks = {
        [name]: (phase: unknown) => {
          if (phase === 'aborted') return;
          controller.abort();
          return new Promise(() => {});
        },
      };
      const pushed = push([create('x', first)], hooks, { signal: controller.signal });
      await expect(pushed).rejects.toMatchObject({ name: 'AbortError' });
      expect(await state()).toEqual(before);
    },
  );

  test('a client that goes away during a hook leaves nothing', async () => {
    const before = await state();
    const capabilities = parseCapabilityList('report-status side-band-64k');
    const head = { commands: [create('x', first)], capabilities, pushOptions: [], shallowOids: [] };
    const request = concatBytes([serializePushRequestHead(head, repository.algorithm), await packOf(client, [first])]);
    const hooks: PushHooks = { preReceive: () => new Promise(() => {}) };
    for await (const _chunk of serveReceivePack(repository, body(request), { hooks, keepAliveMs: 1 })) break;
    expect(await state()).toEqual(before);
  });
});
