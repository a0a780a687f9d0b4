import { type PromptCommand, silent } from './command.js';
import { changesAnswer, HISTORY_COMMANDS } from './history-commands.js';
import { saveCommand } from './save.js';
import { STORE_COMMANDS } from './store-commands.js';
import { watchCommand } from './watch.js';

/** `pull`: take over what the remote has. */
const pullCommand: PromptCommand = {
  synopsis: '',
  summary: 'take over what others pushed, and show it: + added, - removed, * changed',
  takes: [],
  async run({ store, signal }) {
    const changes = await store.pull({ directories: true, signal });
    return changesAnswer(changes, { commit: store.commit?.oid ?? null });
  },
};

/** `push`: what the remote does not have, as a state that was saved may hold it, or a pull that made commits again. */
const pushCommand: PromptCommand = {
  synopsis: '',
  summary: 'push what the remote does not have: after a pull that made commits again, or from a saved state',
  takes: [],
  async run({ store, signal }) {
    await store.push({ signal });
    return silent({ commit: store.commit?.oid ?? null });
  },
};

/** Every command but those that the prompt itself is about: `fold`, `help` and `quit`. */
export const COMMANDS: ReadonlyMap<string, PromptCommand> = new Map(
  Object.entries({
    ...STORE_COMMANDS,
    pull: pullCommand,
    push: pushCommand,
    ...HISTORY_COMMANDS,
    watch: watchCommand,
    save: saveCommand,
  }),
);

/** The commands of the prompt itself. */
const LOOP_COMMANDS: readonly (readonly [call: string, summary: string])[] = [
  ['fold ... quit', 'fold the changes in between into one commit'],
  ['abandon', 'leave a fold, and its changes undone'],
  ['help', 'this'],
  ['quit', 'end'],
];

/** All of them, each with its arguments and what it does. */
export function commandHelp(): readonly { readonly call: string; readonly summary: string }[] {
  const rows = [...COMMANDS].map(([name, { synopsis, summary }]) => ({ call: `${name} ${synopsis}`.trim(), summary }));
  return [...rows, ...LOOP_COMMANDS.map(([call, summary]) => ({ call, summary }))];
}

/** What can stand at the start of a line. */
export function commandNames(): string[] {
  return [...COMMANDS.keys(), 'fold', 'abandon', 'help', 'quit'];
}
