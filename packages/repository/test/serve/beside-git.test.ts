import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import { serializeV2Command } from '@git-kv/protocol';
import { serveUploadPack } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { type FileRepository, openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitBytes, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddHistory } from '../../../../test/support/odd-history.js';
import { makeRandomHistory } from '../../../../test/support/random-history.js';
import { body, bytesOf, type FetchParts, readFetchParts, readLines } from '../support/wire.js';

/** Requests, with revisions in angle brackets. */
const SHALLOW: readonly (readonly string[])[] = [
  ...[1, 2, 3, 4, 6, 9, 30].map((depth) => ['want <main>', `deepen ${depth}`]),
  ['want <main>', 'want <side>', 'want <v1-again>', 'deepen 2'],
  ['want <v1-again>', 'deepen 1'],
  ['want <main>', 'deepen 2147483647'],
  ['want <main>', 'deepen-since 1'],
  ['want <main>', 'deepen-since 1700001500'],
  ['want <main>', 'want <side>', 'deepen-since 1700002500'],
  ['want <main>', 'deepen-since 2500'],
  ['want <main>', 'deepen-not refs/tags/v1'],
  ['want <main>', 'deepen-not v1-again', 'deepen-not refs/heads/side'],
  ['want <main>', 'deepen-not side', 'deepen-since 1700001000'],
  // From a boundary onwards.
  ['want <main>', 'shallow <main>', 'have <main>', 'deepen 2'],
  ['want <main>', 'shallow <main~1>', 'have <main>', 'deepen 1'],
  ['want <main>', 'shallow <main~2>', 'have <main>', 'deepen 4'],
  ['want <main>', 'shallow <main~1>', 'have <main>', 'deepen 2', 'deepen-relative'],
  ['want <main>', 'want <side>', 'shallow <main~2>', 'have <main~1>', 'deepen 1', 'deepen-relative'],
  ['want <main>', 'shallow <main~1>', 'have <main>', 'deepen 2147483647'],
  [
    'want <main>',
    'want <side>',
    'shallow <main~1>',
    'shallow <side>',
    'have <main>',
    'have <side>',
    'deepen 2147483647',
  ],
  ['want <main>', 'shallow <main~2>', 'have <main>', 'deepen-since 1700001000'],
  ['want <main>', 'shallow <main~1>', 'have <main>', 'deepen-not refs/tags/v1'],
  ['want <main>', 'shallow <main~3>', 'have <main~2>'],
];

const FILTERED: readonly (readonly string[])[] = [
  ['want <main>', 'want <side>', 'filter blob:none'],
  ['want <main>', 'filter blob:limit=1k'],
  ['want <main>', 'filter tree:0'],
  ['want <main>', 'filter tree:2'],
  ['want <v1-again>', 'filter object:type=tree'],
  ['want <main>', 'filter combine:blob:none+blob:limit=3'],
  ['want <main>', 'filter blob:none', 'deepen 3'],
  ['want <main^{tree}>', 'filter blob:none'],
  ['want <main^{tree}>', 'filter tree:1'],
  ['want <v1>', 'include-tag', 'filter tree:1'],
  ['want <main>', 'include-tag'],
];

const REFUSED: readonly (readonly string[])[] = [
  ['want <main>', 'deepen 2', 'deepen-since 1000'],
  ['want <main>', 'deepen-since 999999999990'],
  ['want <main>', 'deepen-not nothing'],
  ['want <main>', 'filter what'],
  ['want-ref refs/heads/nothing'],
];

describe.each([
  ['odd', 'sha1'],
  ['odd', 'sha256'],
  ['seed 4', 'sha1'],
  ['seed 5', 'sha256'],
] as const)('upload-pack answers as git does, of the %s history in %s', (name, format) => {
  let root: string;
  let directory: string;
  let repository: FileRepository;
  beforeAll(async () => {
    root = makeDirectory();
    directory = join(root, 'r.git');
    if (name === 'odd') makeOddHistory(directory, format);
    else makeRandomHistory(directory, format, Number(name.slice(5)));
    for (const setting of ['allowFilter', 'allowRefInWant', 'allowSidebandAll']) {
      git(['config', `uploadpack.${setting}`, 'true'], { cwd: directory });
    }
    repository = await openRepository(directory);
  });
  afterAll(async () => {
    await repository.close();
    removeDirectory(root);
  });

  const request = (command: string, args: readonly string[]): Uint8Array => {
    const find = (_: string, revision: string): string => git(['rev-parse', '--verify', revision], { cwd: directory });
    return serializeV2Command({
      command,
      capabilities: [{ name: 'object-format', value: format }],
      args: args.map((arg) => arg.replace(/<([^>]*)>/, find)),
    });
  };
  const ours = (bytes: Uint8Array): Promise<Uint8Array> =>
    bytesOf(serveUploadPack(repository, body(bytes), { rules: { allowSidebandAll: true } }));
  const theirs = (bytes: Uint8Array): Uint8Array =>
    gitBytes(['upload-pack', '--stateless-rpc', directory], { input: bytes, env: { GIT_PROTOCOL: 'version=2' } });

  /** Lines before the pack, in any order within a section; without a section that has none. */
  const headOf = ({ head }: FetchParts): string[] =>
    head
      .join('\n')
      .split('<delimiter>')
      .map((section) => section.trim().split('\n').sort().join('\n'))
      .filter((section) => section !== 'shallow-info' && section !== '')
      .sort();

  async function contentOf({ pack, failure }: FetchParts): Promise<Oid[]> {
    expect(failure).toBe('');
    const quarantine = await createMemoryRepository({ algorithm: repository.algorithm }).objects.receive(body(pack));
    const oids = [...quarantine.oids()];
    await quarantine.discard();
    return oids;
  }

  test.each([...SHALLOW, ...FILTERED].map((args) => [args]))('%j', async (args) => {
    const bytes = request('fetch', ['no-progress', ...args, 'done']);
    const their = attempt(() => theirs(bytes));
    if (their === undefined) {
      // Not every history has commits of that time.
      expect(readLines(await ours(bytes)).lines.at(-1)).toMatch(/^ERR /);
      return;
    }
    const [answer, expected] = [readFetchParts(await ours(bytes)), readFetchParts(their)];
    const [found, wanted] = [await contentOf(answer), await contentOf(expected)];
    const isLimited = args.some((arg) => /^deepen-(?:since|not) /.test(arg));
    if (!isLimited) expect(headOf(answer)).toEqual(headOf(expected));
    else {
      // git also calls shallow what lies behind a merge that is cut, and does not send it.
      const lines = expected.head.filter((line) => !answer.head.includes(line));
      expect(answer.head.filter((line) => !expected.head.includes(line))).toEqual([]);
      expect(lines.filter((line) => !line.startsWith('shallow ') || wanted.includes(line.slice(8)))).toEqual([]);
    }
    if (!args.some((arg) => arg.startsWith('have'))) expect(found).toEqual(wanted);
    else {
      // What the client has is found out in other ways: each may send more than is needed. Commits are exact.
      const commits = async (oids: readonly Oid[]): Promise<Oid[]> => {
        const kinds = await Promise.all(oids.map((oid) => repository.objects.stat(oid)));
        return oids.filter((_, index) => kinds[index]?.kind === 'commit');
      };
      expect(await commits(found)).toEqual(await commits(wanted));
    }
  });

  test('refs wanted by name', async () => {
    const bytes = request('fetch', [
      'no-progress',
      'want-ref refs/heads/main',
      'want-ref refs/tags/v1',
      'want <side>',
      'done',
    ]);
    const [answer, expected] = [readFetchParts(await ours(bytes)), readFetchParts(theirs(bytes))];
    expect(answer.head).toEqual(expected.head);
    expect(await contentOf(answer)).toEqual(await contentOf(expected));
  });

  test('haves alone, where it is told to wait', async () => {
    const bytes = request('fetch', [
      'wait-for-done',
      'have <main>',
      'have <main^{tree}>',
      `have ${'1'.repeat(repository.algorithm.hexLength)}`,
    ]);
    expect(readLines(await ours(bytes)).lines).toEqual(readLines(theirs(bytes)).lines);
  });

  test('all of it in a sideband', async () => {
    const bytes = request('fetch', ['no-progress', 'sideband-all', 'want <main>', 'deepen 1', 'done']);
    const [answer, expected] = [readLines(await ours(bytes)).lines, readLines(theirs(bytes)).lines];
    const start = expected.indexOf('\x01packfile');
    expect(start).toBeGreaterThan(0);
    expect(answer.slice(0, start + 1)).toEqual(expected.slice(0, start + 1));
  });

  test('sizes of objects', async () => {
    const missing = '1'.repeat(repository.algorithm.hexLength);
    const bytes = request('object-info', ['size', 'oid <main>', 'oid <main^{tree}>', 'oid <v1>', `oid ${missing}`]);
    expect(await ours(bytes)).toEqual(new Uint8Array(theirs(bytes)));
  });

  test.each(REFUSED.map((args) => [args]))('%j with a refusal', async (args) => {
    const bytes = request('fetch', ['no-progress', ...args, 'done']);
    expect(() => theirs(bytes)).toThrow();
    const lines = readLines(await ours(bytes)).lines;
    expect(lines.at(-1)).toMatch(/^ERR /);
  });
});

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
