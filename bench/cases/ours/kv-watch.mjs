// kv-watch.mjs POLL_MS COUNT: how long after a write its event comes: of an own write, and of one by another store of the same remote.

import { GitKv } from '@git-kv/kv';
import { createRepositoryTransport } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { report } from '../../lib/report.mjs';

const [pollMs = 20, count = 100] = process.argv.slice(2).map(Number);
const remote = createMemoryRepository();
const open = () => GitKv.connect('memory://remote', { transport: createRepositoryTransport(remote) });
const [own, other] = [await open(), await open()];
await own.set('begin', '');
await other.pull();
const controller = new AbortController();
const options = { pollMs, maxPollMs: pollMs, signal: controller.signal };
/** @param {GitKv} watched */
const latency = async (watched) => {
  const times = [];
  const events = watched.watch('', options);
  for (let at = 0; at < count; at++) {
    const next = events.next();
    await own.set('key', `${watched === own} ${at}`);
    const begun = performance.now();
    await next;
    times.push(performance.now() - begun);
  }
  await events.return(undefined);
  times.sort((a, b) => a - b);
  return Math.round((times[times.length >> 1] ?? 0) * 1000);
};
const ownMicros = await latency(own);
await other.pull();
const remoteMicros = await latency(other);
controller.abort();
report({ events: 2 * count, ownMicros, remoteMicros });
