// The process that is killed: it commits in a loop and says on standard output what was acknowledged. It ends only by a signal.
import { openRepository } from '../../src/node/index.js';
import { makeCommit, update } from './scenarios.js';

const [directory = '', life = ''] = process.argv.slice(2);

/** Refs that move together, beside the one that moves alone. */
const TOGETHER = ['refs/heads/left', 'refs/heads/right', 'refs/tags/both'];

const repository = await openRepository(directory, { lockTimeoutMs: 5000 });
const read = async (name: string): Promise<string | undefined> => {
  const value = await repository.refs.read(name);
  return value && 'oid' in value ? value.oid : undefined;
};
process.stdout.write('ready\n');
for (let round = 0; ; round++) {
  const names = round % 2 === 0 ? ['refs/heads/main'] : TOGETHER;
  const parent = await read(names[0] as string);
  // Large enough, now and then, to be a pack of its own.
  const made = makeCommit(repository.algorithm, parent, `life ${life}, round ${round}`, round % 5 === 0 ? 20_000 : 0);
  await repository.objects.writeMany(made.objects);
  const expected = parent === undefined ? null : { oid: parent };
  await update(
    repository,
    names.map((name) => ({ name, expected, next: { oid: made.oid } })),
  );
  process.stdout.write(`${names[0]} ${made.oid}\n`);
}
