import { concatBytes, type Oid } from '@git-kv/objects';
import { encodeText, FLUSH, MAX_SMALL_BAND_BYTES } from '@git-kv/protocol';
import { advertiseUploadPack, type ServeUploadPackOptions, serveUploadPack } from '@git-kv/repository';
import { type FileRepository, openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, gitBytes, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { body, bytesOf, readLines } from '../support/wire.js';

describe.each(['sha1', 'sha256'] as const)('upload-pack of protocol v0 (%s)', (format) => {
  let directory: string;
  let repository: FileRepository;
  let oids: Oid[];
  let unknown: Oid;
  beforeAll(async () => {
    directory = initBare(makeDirectory(), format);
    const history = Array.from({ length: 6 }, (_, at) => ({
      files: { [`f${at}`]: `${at}` },
      time: 1_700_000_000 + at,
    }));
    commitFiles(directory, history);
    git(['tag', '-a', '-m', 'one', 'v1', 'main~2'], { cwd: directory });
    oids = git(['rev-list', 'main'], { cwd: directory }).split('\n');
    unknown = 'e'.repeat(oids[0]?.length ?? 0);
    repository = await openRepository(directory);
  });
  afterAll(async () => {
    await repository.close();
    removeDirectory(directory);
  });

  const asked = (rows: readonly (string | Uint8Array)[]): Uint8Array =>
    concatBytes(rows.map((row) => (typeof row === 'string' ? encodeText(row) : row)));
  const ask = (
    rows: readonly (string | Uint8Array)[],
    options: ServeUploadPackOptions = { isStateless: true },
  ): Promise<Uint8Array> => bytesOf(serveUploadPack(repository, body(asked(rows)), { version: 0, ...options }));
  const askGit = (rows: readonly (string | Uint8Array)[]): Uint8Array =>
    gitBytes(['upload-pack', '--stateless-rpc', directory], { input: asked(rows) });

  /** What is said before the pack, and its first line. */
  function headOf(answer: Uint8Array): string[] {
    const { lines } = readLines(answer);
    const end = lines.findIndex((line) => /^[\x01\x02]/.test(line));
    return end < 0 ? [...lines] : lines.slice(0, end);
  }

  test.each([false, true])('announces as git does (over HTTP: %s)', async (isHttp) => {
    const ours = readLines(await bytesOf(advertiseUploadPack(repository, { isHttp }))).lines;
    const args = isHttp ? ['upload-pack', '--http-backend-info-refs'] : ['upload-pack'];
    const theirs = readLines(gitBytes([...args, directory], isHttp ? {} : { input: FLUSH })).lines;
    const refs = (lines: readonly string[]): string[] =>
      lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/\0.*/, ''));
    expect(refs(ours.slice(isHttp ? 2 : 0))).toEqual(refs(theirs));
    const words = (lines: readonly string[]): string[] =>
      lines
        .find((line) => line.includes('\0'))
        ?.split('\0')[1]
        ?.split(' ') ?? [];
    const missing = words(theirs).filter((word) => !words(ours).includes(word) && !word.startsWith('agent='));
    expect(missing).toEqual([]);
  });

  const modes = ['multi_ack_detailed', 'multi_ack_detailed no-done', 'multi_ack', 'ofs-delta'] as const;
  describe.each(modes)('with %s says what git says', (mode) => {
    const caps = `${mode} side-band-64k no-progress`;
    const cases: [what: string, rows: () => (string | Uint8Array)[]][] = [
      ['where all is wanted', () => [FLUSH, 'done']],
      ['where nothing is common, in a round', () => [FLUSH, `have ${unknown}`, FLUSH]],
      ['where nothing is common, at the end', () => [FLUSH, `have ${unknown}`, 'done']],
      ['of a common commit, in a round', () => [FLUSH, `have ${oids[3]}`, FLUSH]],
      ['of a common commit, at the end', () => [FLUSH, `have ${oids[3]}`, 'done']],
      ['of one among others, at the end', () => [FLUSH, `have ${unknown}`, `have ${oids[3]}`, 'done']],
      ['of a boundary', () => ['deepen 2', FLUSH, 'done']],
      ['of a boundary alone', () => ['deepen 2', FLUSH]],
      ['of a deeper boundary', () => [`shallow ${oids[0]}`, 'deepen 3', FLUSH, `have ${oids[0]}`, 'done']],
      ['of a boundary in time', () => [`deepen-since ${1_700_000_003}`, FLUSH, 'done']],
      ['of a boundary by a ref', () => ['deepen-not refs/tags/v1', FLUSH, 'done']],
      ['of no boundary any more', () => [`shallow ${oids[1]}`, 'deepen 2147483647', FLUSH, `have ${oids[0]}`, 'done']],
      ['to a client with a boundary', () => [`shallow ${oids[2]}`, FLUSH, `have ${oids[2]}`, 'done']],
    ];
    test.each(cases)('%s', async (_what, rows) => {
      const request = [`want ${oids[0]} ${caps}`, ...rows()];
      expect(headOf(await ask(request))).toEqual(headOf(askGit(request)));
    });
  });

  test('is ready once a round, in which something is known', async () => {
    const rows = [`want ${oids[0]} multi_ack_detailed`, FLUSH, `have ${unknown}`, `have ${oids[3]}`, FLUSH];
    expect(headOf(await ask(rows))).toEqual([`ACK ${oids[3]} common`, `ACK ${oids[3]} ready`, 'NAK']);
    const older = [`want ${oids[0]} multi_ack`, FLUSH, `have ${oids[3]}`, `have ${unknown}`, FLUSH];
    expect(headOf(await ask(older))).toEqual([`ACK ${oids[3]} continue`, `ACK ${unknown} continue`, 'NAK']);
  });

  test('remembers, on a connection, what was said before', async () => {
    const rows = [`want ${oids[0]} multi_ack_detailed side-band-64k`, FLUSH, `have ${unknown}`, FLUSH];
    const rounds = [...rows, `have ${oids[3]}`, FLUSH, 'done'];
    const expected = ['NAK', `ACK ${oids[3]} common`, `ACK ${oids[3]} ready`, 'NAK', `ACK ${oids[3]}`];
    expect(headOf(await ask(rounds, {}))).toEqual(expected);
    expect(headOf(await ask(rows, {}))).toEqual(['NAK']); // and then the client went away
  });

  test('looks at readiness so often and no more, and takes so many haves in all rounds of a connection', async () => {
    const rounds = [oids[5], oids[4], oids[3]].flatMap((oid) => [`have ${oid}`, FLUSH]);
    const rows = [`want ${oids[0]} multi_ack_detailed side-band-64k`, FLUSH, ...rounds, 'done'];
    const ready = async (limits: ServeUploadPackOptions['limits'] = {}): Promise<number> =>
      headOf(await ask(rows, { limits })).filter((line) => line.endsWith(' ready')).length;
    expect(await ready()).toBe(3);
    expect(await ready({ maxRounds: 0 })).toBe(0);
    expect(await ready({ maxObjectLines: 3 })).toBe(3);
    await expect(ready({ maxObjectLines: 2 })).resolves.toBe(2);
  });

  const bands: [words: string, longest: number][] = [
    ['side-band-64k', 65_520],
    ['side-band', MAX_SMALL_BAND_BYTES + 5],
  ];
  test.each(bands)('sends the pack in lines of %s', async (words, longest) => {
    const { lines, payloads } = readLines(await ask([`want ${oids[0]} ${words} ofs-delta`, FLUSH, 'done']));
    expect(lines[0]).toBe('NAK');
    expect(lines.at(-1)).toBe('<flush>');
    expect(Math.max(...payloads.map((payload) => payload.length + 4))).toBeLessThanOrEqual(longest);
    const pack = concatBytes(payloads.filter(([band]) => band === 1).map((payload) => payload.subarray(1)));
    gitBytes(['index-pack', '--stdin', '--fix-thin'], { cwd: directory, input: pack });
  });

  test('sends the pack as it is where there is no sideband', async () => {
    const answer = await ask([`want ${oids[0]}`, FLUSH, `have ${oids[3]}`, 'done']);
    const head = encodeText(`ACK ${oids[3]}`);
    expect(answer.subarray(0, head.length)).toEqual(head);
    gitBytes(['index-pack', '--stdin', '--fix-thin'], { cwd: directory, input: answer.subarray(head.length) });
  });

  test('says nothing to a client that wants nothing', async () => {
    expect(await ask([FLUSH])).toHaveLength(0);
    expect(await ask([])).toHaveLength(0);
  });

  test('refuses what it does not have, and what is no request', async () => {
    const refused = readLines(await ask([`want ${unknown}`, FLUSH, 'done'])).lines;
    expect(refused).toEqual([`ERR upload-pack: not our ref ${unknown}`]);
    const other = format === 'sha1' ? 'sha256' : 'sha1';
    expect(readLines(await ask([`want ${oids[0]} object-format=${other}`, FLUSH, 'done'])).lines[0]).toMatch(/^ERR /);
    await expect(ask([`want ${oids[0]}`, FLUSH, 'want'])).rejects.toMatchObject({ code: 'MALFORMED' });
    await expect(ask(['have x', FLUSH])).rejects.toMatchObject({ code: 'MALFORMED' });
    const limits = { maxObjectLines: 3 };
    const many = [`want ${oids[0]}`, FLUSH, ...Array<string>(4).fill(`have ${unknown}`), FLUSH];
    await expect(ask(many, { isStateless: true, limits })).rejects.toMatchObject({ limit: 'maxObjectLines' });
  });
});
