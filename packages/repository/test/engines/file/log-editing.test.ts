import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import type { FileRepository, LogLine } from '../../../src/engines/file/index.js';
import { collect } from '../../support/objects.js';
import { openForTest } from './open.js';

const MAIN = 'refs/heads/main';

describe.each(['sha1', 'sha256'] as const)('an edit of a log that moves its ref (%s)', (format) => {
  const make = async () => {
    const directory = initBare(join(temporaryDirectory(), 'repository.git'), format);
    git(['config', 'core.logAllRefUpdates', 'true'], { cwd: directory });
    const oids = ['1', '2', '3'].map((a) => commitFiles(directory, [{ files: { a } }], 'base'));
    for (const oid of oids) git(['update-ref', '-m', 'move', MAIN, oid], { cwd: directory });
    const repository = await openForTest(directory);
    return { directory, oids, repository };
  };
  const edit = async ({ refs }: FileRepository, lines: (lines: readonly LogLine[]) => LogLine[]): Promise<void> => {
    const place = await refs.findLog(MAIN);
    if (place) await refs.editLog(place, lines, { updateRef: true });
  };
  const logOf = (directory: string): string[] => git(['reflog', '--format=%H', 'main'], { cwd: directory }).split('\n');

  test('is a transaction of the journal, and adds no line to the log', async () => {
    const { directory, oids, repository } = await make();
    await edit(repository, (lines) => lines.slice(0, 2));
    expect(await repository.refs.read(MAIN)).toEqual({ oid: oids[1] });
    expect(logOf(directory)).toEqual([oids[1], oids[0]]);
    await repository.close();
    const [told, ...more] = await collect(repository.refs.transactions({}));
    expect([told?.updates, more]).toEqual([[{ name: MAIN, expected: { oid: oids[2] }, next: { oid: oids[1] } }], []]);
  });

  test('that ends where the ref is moves nothing', async () => {
    const { directory, oids, repository } = await make();
    await edit(repository, (lines) => lines.slice(1));
    expect(logOf(directory)).toEqual([oids[2], oids[1]]);
    await repository.close();
    expect(await collect(repository.refs.transactions({}))).toEqual([]);
  });

  test('without a line that is left leaves the ref as it is', async () => {
    const { oids, repository } = await make();
    await edit(repository, () => []);
    expect(await repository.refs.read(MAIN)).toEqual({ oid: oids[2] });
  });

  test('meets another writer: both are done, one after the other', async () => {
    const { oids, repository } = await make();
    const [moved] = await Promise.all([
      repository.refs.update([{ name: MAIN, next: { oid: oids[0] as string } }]),
      edit(repository, (lines) => lines.filter(({ newOid }) => newOid !== oids[2])),
    ]);
    expect(moved.status).toBe('updated');
    const place = await repository.refs.findLog(MAIN);
    const lines = place ? await repository.refs.readLog(place) : [];
    expect(await repository.refs.read(MAIN)).toEqual({ oid: lines.at(-1)?.newOid });
  });
});
