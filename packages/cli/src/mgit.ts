import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { type ConnectOptions, GitKv, parseRemoteUrl } from '@git-kv/kv';
import { parseRemoteAddress, type Transport } from '@git-kv/protocol';
import { ClosedPipeError, type Console, UsageError } from './console.js';
import { ioError } from './input.js';
import { failureOf } from './mgit/answer.js';
import type { Session } from './mgit/command.js';
import { HistoryFile } from './mgit/history-file.js';
import { Line } from './mgit/line.js';
import { givenLines, type LineSource, streamLines } from './mgit/line-source.js';
import { Prompt } from './mgit/prompt.js';
import { RemoteHistory } from './mgit/remote-history.js';
import { TerminalLines } from './mgit/terminal-lines.js';
import { parseCount, parseOptions } from './options.js';
import { runProgram } from './program.js';
import { withRemote } from './remote.js';
import { TransferProgress } from './transfer-progress.js';
import { version } from './version.js';

const USAGE = `usage: mgit <remote> [<filename>]
   or: mgit [<options>] <remote> [<filename>] -c <line>...
   or: mgit [<options>] <remote> [<filename>] -- <command> [<argument>...]`;

const HELP = `${USAGE}

A prompt on a key-value store in a git repository.

  <remote>              URL[#branch]: http(s), ssh, git or file, user@host:path, or a path; the branch is main by default
  <filename>            a state that 'save' wrote: it is read, and nothing is fetched until 'pull'

  -c, --command=<line>  do this instead of reading lines; as often as wanted
  -e, --stop-on-error   end with the first command that fails
  --json                one JSON object a line for each command, errors too
  --no-history          neither read nor keep what is typed
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

/** What a command line asks for. */
interface Wish {
  readonly remote: string;
  readonly file: string | undefined;
  /** Absent where lines are to be read. */
  readonly given: readonly Line[] | undefined;
  readonly json: boolean;
  readonly stopsOnError: boolean;
  readonly keepsHistory: boolean;
  readonly showsProgress: boolean;
  readonly pollMs: number | undefined;
}

/** The same over a {@link Console}, without ending the process. */
export async function mgit(args: readonly string[], console: Console): Promise<number> {
  const { values, positionals, words } = parseMgitOptions(args);
  if (values.help || values.version) {
    await console.stdout.write(values.help ? HELP : `mgit version ${version}\n`);
    return 0;
  }
  const [remote, file, ...more] = positionals;
  if (remote === undefined || more.length > 0 || (words.length > 0 && values.command.length > 0))
    throw new UsageError(USAGE);
  const lines = words.length > 0 ? [Line.of(words)] : values.command.map((text) => Line.parse(text));
  const wish: Wish = {
    remote,
    file,
    given: lines.length > 0 ? lines : undefined,
    json: values.json,
    stopsOnError: values['stop-on-error'],
    keepsHistory: !values['no-history'],
    pollMs: values.poll === undefined ? undefined : parseCount('poll', values.poll, 1),
    showsProgress: values.progress || (console.stderr.isTTY && !values['no-progress'] && !values.json),
  };
  try {
    return await runOn(wish, console);
  } catch (error) {
    const failure = failureOf(error);
    if (!wish.json || failure === undefined || error instanceof ClosedPipeError || console.signal.aborted) throw error;
    await console.stdout.write(`${JSON.stringify({ command: 'connect', ok: false, error: failure })}\n`);
    return 128;
  }
}

function parseMgitOptions(args: readonly string[]): {
  values: {
    help: boolean;
    version: boolean;
    json: boolean;
    command: string[];
    'stop-on-error': boolean;
    'no-history': boolean;
    progress: boolean;
    'no-progress': boolean;
    poll?: string | undefined;
  };
  positionals: string[];
  /** What stands behind `--`: one command. */
  words: readonly string[];
} {
  const end = args.indexOf('--');
  try {
    const options = end < 0 ? args : args.slice(0, end);
    const parsed = parseOptions(options, {
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      command: { type: 'string', short: 'c', multiple: true, default: [] },
      'stop-on-error': { type: 'boolean', short: 'e', default: false },
      'no-history': { type: 'boolean', default: false },
      progress: { type: 'boolean', default: false },
      'no-progress': { type: 'boolean', default: false },
      poll: { type: 'string' },
    });
    return { ...parsed, words: end < 0 ? [] : args.slice(end + 1) };
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${error.message}\n${USAGE}`);
    throw error;
  }
}

async function runOn(wish: Wish, console: Console): Promise<number> {
  const { url, storeUrl } = addressOf(wish.remote, console);
  return await withRemote(url, console, async (transport, connect) => {
    const progress = wish.showsProgress ? new TransferProgress(console) : undefined;
    const onProgress = progress?.callbacks.onProgress;
    const options = { transport, signal: console.signal, ...(onProgress && { onProgress }) };
    const store = await openStore(storeUrl, wish.file, options, console);
    await progress?.end();
    const history = new RemoteHistory(connect, wish.showsProgress ? () => new TransferProgress(console) : undefined);
    const session: Session = { console, store, history, pollMs: wish.pollMs };
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
