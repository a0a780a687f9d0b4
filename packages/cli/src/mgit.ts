import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { type Change, type ConnectOptions, GitKv, parseRemoteUrl } from '@git-kv/kv';
import { parseRemoteAddress, type Transport } from '@git-kv/protocol';
import { ClosedPipeError, type Console } from './console.js';
import { ioError } from './input.js';
import { failureOf } from './mgit/answer.js';
import type { Session } from './mgit/command.js';
import { HistoryFile } from './mgit/history-file.js';
import { givenLines, type LineSource, streamLines } from './mgit/line-source.js';
import { Prompt } from './mgit/prompt.js';
import { RemoteHistory } from './mgit/remote-history.js';
import { TerminalLines } from './mgit/terminal-lines.js';
import { parseWish, USAGE, type Wish } from './mgit/wish.js';
import { runProgram } from './program.js';
import { withRemote } from './remote.js';
import { TransferProgress } from './transfer-progress.js';
import { version } from './version.js';

const HELP = `${USAGE}

A prompt on a key-value store in a git repository.

  <remote>              URL[#branch]: http(s), ssh, git or file, user@host:path, or a path; the branch is main by default
  <filename>            a state that 'save' wrote: it is read, and nothing is fetched until 'pull'

  -c, --command=<line>  do this instead of reading lines; as often as wanted
  -e, --stop-on-error   end with the first command that fails
  --json                one JSON object a line for each command, errors too
  --no-history          neither read nor keep what is typed
  --on-conflict=rebase|fail
                        what a write does that others were faster than: make it again on top (default), or fail
  --on-unpushed=reject|rebase|merge|theirs
                        what 'pull' does with commits that the remote cannot take: refuse (default), make them again on top,
                        merge, or give them up
  --merge=[<key>=]ours|theirs|later|counter|set|text|json
                        how values are merged that both sides changed; the first that fits a key holds, without one it is
                        a conflict
  --poll=<ms>           how often 'watch' asks the remote, in milliseconds (5000, and less often while nothing happens)
  --[no-]progress       show how far a fetch is; on a terminal by default

Credentials come from the URL (https://USER:PASSWORD@HOST/...), from GIT_KV_USERNAME and GIT_KV_PASSWORD, from netrc and git's
credential helpers, or are asked for on a terminal. HTTPS_PROXY, NO_PROXY and GIT_SSL_CAINFO are honoured. Type 'help' at
the prompt for its commands.
`;

/** The `mgit` program: a prompt on a key-value store in a git repository. */
export async function main(): Promise<never> {
  return await runProgram((console) => mgit(process.argv.slice(2), console));
}

/** The same over a {@link Console}, without ending the process. */
export async function mgit(args: readonly string[], console: Console): Promise<number> {
  const wish = parseWish(args, console);
  if (typeof wish === 'string') {
    await console.stdout.write(wish === 'help' ? HELP : `mgit version ${version}\n`);
    return 0;
  }
  try {
    return await runOn(wish, console);
  } catch (error) {
    const failure = failureOf(error);
    if (!wish.json || failure === undefined || error instanceof ClosedPipeError || console.signal.aborted) throw error;
    await console.stdout.write(`${JSON.stringify({ command: 'connect', ok: false, error: failure })}\n`);
    return 128;
  }
}

async function runOn(wish: Wish, console: Console): Promise<number> {
  const { url, storeUrl } = addressOf(wish.remote, console);
  return await withRemote(url, console, async (transport, connect) => {
    const progress = wish.showsProgress ? new TransferProgress(console) : undefined;
    const onProgress = progress?.callbacks.onProgress;
    const others: Change[] = [];
    const options = {
      ...wish.policies,
      transport,
      signal: console.signal,
      onRebase: (changes: readonly Change[]) => void others.push(...changes),
      ...(onProgress && { onProgress }),
    };
    const store = await openStore(storeUrl, wish.file, options, console);
    await progress?.end();
    const history = new RemoteHistory(connect, wish.showsProgress ? () => new TransferProgress(console) : undefined);
    const session: Session = { console, store, history, others, pollMs: wish.pollMs };
    const { json, stopsOnError } = wish;
    return await new Prompt(session, { lines: linesOf(wish, console), json, stopsOnError }).run();
  });
}

/** Where the remote is, without the branch; and the same for the store, which takes no bare paths. @throws {GitError} */
function addressOf(remote: string, console: Console): { readonly url: string; readonly storeUrl: string } {
  const parts = remote.split('#');
  const [url, branch] = parts.length === 2 ? (parts as [string, string]) : [remote];
  const address = parseRemoteAddress(url);
  const name = branch === undefined ? '' : `#${branch}`;
  const storeUrl =
    address.kind === 'path'
      ? `file://${encodeURI(resolve(console.cwd, address.path)).replaceAll('#', '%23')}${name}`
      : remote;
  parseRemoteUrl(storeUrl);
  return { url, storeUrl };
}

async function openStore(
  storeUrl: string,
  file: string | undefined,
  options: ConnectOptions & { readonly transport: Transport },
  console: Console,
): Promise<GitKv> {
  if (file === undefined) return await GitKv.connect(storeUrl, options);
  return await GitKv.ofOctets(readState(resolve(console.cwd, file), file), { ...options, remote: storeUrl });
}

async function* readState(path: string, shown: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw ioError(`could not open '${shown}' for reading`, error);
  }
}

/** Prompts are for people: they go where no program reads. */
function linesOf({ given, json, keepsHistory }: Wish, console: Console): LineSource {
  if (given !== undefined) return givenLines(given);
  const { stdin, stdout, stderr } = console;
  const output = json ? stderr : stdout;
  if (stdin.isTTY !== true) return streamLines(stdin);
  if (!output.isTTY) return streamLines(stdin, output);
  return new TerminalLines(console, output, keepsHistory ? HistoryFile.for(console) : undefined);
}
