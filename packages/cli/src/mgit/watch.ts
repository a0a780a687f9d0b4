import { Key, type WatchEvent, type WatchOptions } from '@git-kv/kv';
import { isOid, type Oid } from '@git-kv/objects';
import { plain } from '../program.js';
import { type Answer, failureOf, LineError } from './answer.js';
import type { Call, PromptCommand } from './command.js';
import { changesAnswer, countOf } from './history-commands.js';

/** `watch`: what happens to the branch, as it happens. */
export const watchCommand: PromptCommand = {
  synopsis: '[KEY [COUNT [COMMIT]]]',
  summary: 'tell each commit that changes something in a dictionary, up to COUNT of them, from COMMIT on; until Ctrl-C',
  takes: ['key', 'other', 'other'],
  least: 0,
  run: watch,
};

async function* watch({ store, line, signal, console, pollMs }: Call): AsyncGenerator<Answer> {
  const [, key = '/', count, from] = line.words;
  const prefix = Key.of(key);
  const most = count === undefined ? Number.POSITIVE_INFINITY : countOf(count);
  const options: WatchOptions = {
    ...(from !== undefined && { from: oidOf(from) }),
    ...(pollMs !== undefined && { pollMs }),
    signal,
    // The watch goes on: that is for a person to know, and for no program.
    onError: (error) => void console.stderr.write(`warning: ${plain(failureOf(error)?.message ?? String(error))}\n`),
  };
  if (most === 0) return;
  let told = 0;
  for await (const event of store.watch(prefix, options)) {
    yield eventAnswer(event);
    if (++told >= most) return;
  }
  signal.throwIfAborted();
}

/** A line for the commit, and one for each change. */
function eventAnswer(event: WatchEvent): Answer {
  const { kind, commit = null, from = null, changes } = event;
  const reason = kind === 'reset' ? { reason: event.reason } : {};
  const head = kind === 'commit' ? `@ ${commit}\n` : `! ${event.reason} ${commit ?? '-'}\n`;
  const answer = changesAnswer(changes ?? [], { event: kind, ...reason, commit, from }, head);
  return changes === undefined ? { ...answer, json: { ...answer.json, changes: null } } : answer;
}

function oidOf(text: string): Oid {
  if (!isOid(text)) throw new LineError('INVALID_ARGUMENT', `Bad commit ${JSON.stringify(text)}`);
  return text;
}
