import { parseErrorLine } from '@git-kv/protocol';
import { ProgressLines } from '../../../../packages/protocol/src/progress-lines.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const remoteWords: FuzzTarget = {
  name: 'remote-words',
  about: 'error lines and progress of a peer: nothing in them steers a terminal',
  isText: true,
  dictionary: ['ERR ', '\x1b[31m', '\r', '\n', '\0', '\x9b', '\xe2\x80\xae'],
  seeds: () =>
    ['ERR access denied\n', 'Counting objects: 10% (1/10)\rCounting objects: 100% (10/10), done.\n'].map((words) => ({
      bytes: Buffer.from(words),
    })),
  execute(bytes) {
    const clean = (line: string): void =>
      ensure(!/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(line), `a control in ${JSON.stringify(line)}`);
    const progress = new ProgressLines(clean);
    progress.push(bytes.subarray(0, bytes.length >> 1));
    progress.push(bytes.subarray(bytes.length >> 1));
    progress.end();
    clean(parseErrorLine(bytes)?.remoteMessage ?? '');
  },
};
