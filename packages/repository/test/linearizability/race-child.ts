// One of several processes whose writers move the same refs. Prints what they did, by a clock that all processes of the host share.
import { once } from 'node:events';
import { openRepository } from '@git-kv/repository/node-fs';
import { race } from './race.js';

const [directory = '', first = '', writerCount = '', origin = '', milliseconds = '', seed = ''] = process.argv.slice(2);

/** Nanoseconds since the parent's `origin`: `process.hrtime` counts from the same moment in all processes of a Linux host. */
const clock = (): number => Number(process.hrtime.bigint() - BigInt(origin));

const repository = await openRepository(directory, { durability: 'none' });
process.stdout.write('ready\n');
// All begin together, when the parent says so.
await once(process.stdin, 'data');
const end = clock() + Number(milliseconds) * 1e6;
let values = 0;
const result = await race({
  writers: Array.from({ length: Number(writerCount) }, (_, at) => Number(first) + at),
  storeOf: () => repository.refs,
  clock,
  fresh: () => `f${first.padStart(3, '0')}${(++values).toString(16).padStart(repository.algorithm.hexLength - 4, '0')}`,
  isOver: () => clock() > end,
  seed: Number(seed),
});
await repository.close();
process.stdout.write(JSON.stringify(result));
process.stdin.destroy();
