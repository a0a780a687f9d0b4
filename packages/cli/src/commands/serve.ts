import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeUtf8 } from '@git-kv/objects';
import type { Service } from '@git-kv/protocol';
import {
  type PushHooks,
  type ReceiveRules,
  type Repository,
  readHiddenRefs,
  type UploadRules,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { allowAll, createGitServer, readOnly, type ServerEvent } from '@git-kv/server';
import { type ListeningServer, listen, listenGit, listenSsh } from '@git-kv/server/node';
import { readAuthFile, readAuthorizedKeys } from '../auth-file.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { readGitConfig } from '../git-config.js';
import { hookPrograms } from '../hook-programs.js';
import { ioError, readAll } from '../input.js';
import { parseCount, parseOptions } from '../options.js';
import { hashPassword } from '../password-digest.js';
import { type Command, plain } from '../program.js';
import { readReceiveSettings } from '../receive-settings.js';
import { RepositoryDirectory } from '../repository-directory.js';
import { uploadRules } from '../upload-rules.js';

const OPTIONS = {
  port: { type: 'string', default: '0' },
  host: { type: 'string', default: '127.0.0.1' },
  'enable-receive-pack': { type: 'boolean', default: false },
  'enable-hooks': { type: 'boolean', default: false },
  'auth-file': { type: 'string' },
  tls: { type: 'string' },
  'tls-key': { type: 'string' },
  'git-port': { type: 'string' },
  'ssh-port': { type: 'string' },
  'ssh-host-key': { type: 'string', multiple: true },
  'authorized-keys': { type: 'string' },
  'hash-password': { type: 'boolean', default: false },
} as const;

/** A server for a folder of bare repositories: over smart HTTP, and where asked for over git:// and ssh. */
export const serveCommand: Command = {
  usage:
    'serve <directory> [--port <n>] [--host <address>] [--enable-receive-pack] [--enable-hooks]\n' +
    ' [--auth-file <file>] [--tls <certificate> [--tls-key <key>]] [--git-port <n>]\n' +
    ' [--ssh-port <n> --ssh-host-key <file> --authorized-keys <file>]\n' +
    'serve --hash-password',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, OPTIONS);
    const [directory, ...more] = positionals;
    if (values['hash-password']) return await printDigest(console, positionals);
    if (directory === undefined || more.length > 0) throw new UsageError('error: one directory is needed');
    if (values['git-port'] !== undefined && values['auth-file'] !== undefined)
      throw new UsageError('error: --git-port and --auth-file exclude each other: git:// does not know who asks');
    const port = parsePort('port', values.port);
    const root = resolve(console.cwd, directory);
    await assertDirectory(root, directory);

    const repositories = new RepositoryDirectory(root);
    const servers: ListeningServer[] = [];
    try {
      const paths = await repositories.list().catch((error: unknown) => {
        throw error instanceof CommandError ? new CommandError(`cannot serve '${directory}': ${error.message}`) : error;
      });
      const common = servings(console, repositories, values['enable-hooks']);
      const mayPush = values['enable-receive-pack'];
      const decide = mayPush ? allowAll : readOnly;
      const accounts = values['auth-file'] === undefined ? undefined : await authorizeBy(console, values['auth-file']);
      const { host } = values;
      const tls = await readTls(console, values);
      const login = values['ssh-port'] === undefined ? undefined : await readSsh(console, values);
      const http = await listenOn(host, port, () =>
        listen({
          host,
          port,
          ...(tls !== undefined && { tls }),
          server: createGitServer({
            ...common,
            authorize: async (access) => {
              const own = decide(access);
              return own.kind === 'allow' && accounts !== undefined ? await accounts(access) : own;
            },
          }),
        }),
      );
      servers.push(http);
      const pushes = mayPush ? 'fetches and pushes' : 'fetches';
      await console.stdout.write(
        `Serving ${paths.length} ${paths.length === 1 ? 'repository' : 'repositories'} for ${pushes} on ${http.url}/\n`,
      );
      for (const path of paths)
        await console.stdout.write(`  ${http.url}/${path.split('/').map(encodeURIComponent).join('/')}\n`);
      if (values['git-port'] !== undefined) {
        const gitPort = parsePort('git-port', values['git-port']);
        const git = await listenOn(host, gitPort, () =>
          listenGit({ host, port: gitPort, ...common, authorize: decide }),
        );
        servers.push(git);
        await console.stdout.write(`Serving them on ${git.url}/\n`);
      }
      if (values['ssh-port'] !== undefined && login !== undefined) {
        const sshPort = parsePort('ssh-port', values['ssh-port']);
        const ssh = await listenOn(host, sshPort, () =>
          listenSsh({ host, port: sshPort, ...common, ...login, authorize: decide }),
        );
        servers.push(ssh);
        await console.stdout.write(`Serving them on ${ssh.url}/\n`);
      }
      if (!console.signal.aborted) await once(console.signal, 'abort');
      return 0;
    } finally {
      await Promise.all(servers.map((server) => server.close()));
      await repositories.close();
    }
  },
};

interface Servings {
  readonly resolve: (path: string) => Promise<Repository | undefined>;
  readonly hidden: (repository: Repository, call: { readonly service: Service }) => Promise<readonly string[]>;
  readonly receive: (repository: Repository) => Promise<ReceiveRules>;
  readonly upload: (repository: Repository) => Promise<UploadRules>;
  readonly hooks?: (repository: Repository) => Promise<PushHooks>;
  readonly onEvent: (event: ServerEvent) => void;
}

/** What is served is the same over every transport, by the settings of each repository. */
function servings(console: Console, repositories: RepositoryDirectory, runsHooks: boolean): Servings {
  return {
    resolve: (path) => repositories.find(path),
    hidden: async (repository, { service }) => {
      const settings = await readGitConfig(console, repository as FileRepository);
      return readHiddenRefs(settings, service === 'git-receive-pack' ? 'receive' : 'uploadpack');
    },
    receive: async (repository) => (await readReceiveSettings(console, repository as FileRepository)).rules,
    upload: async (repository) => uploadRules(await readGitConfig(console, repository as FileRepository)),
    ...(runsHooks && { hooks: (repository: Repository) => hookPrograms(console, repository as FileRepository) }),
    onEvent: (event) => {
      if (event.kind !== 'error') return;
      const message = event.error instanceof Error ? event.error.message : String(event.error);
      console.stderr.write(`error: ${plain(event.path)}: ${plain(message)}\n`).catch(() => undefined); // nobody reads: keep serving
    },
  };
}

function parsePort(option: string, text: string): number {
  const port = parseCount(option, text);
  if (port > 65535) throw new UsageError(`error: option \`${option}' expects a number of at most 65535`);
  return port;
}

/** A digest for the file of accounts, of the password on standard input. */
async function printDigest(console: Console, positionals: readonly string[]): Promise<number> {
  if (positionals.length > 0) throw new UsageError('error: --hash-password reads the password from standard input');
  const password = decodeUtf8(await readAll(console.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new CommandError('there is no password on standard input');
  await console.stdout.write(`${await hashPassword(password)}\n`);
  return 0;
}

async function authorizeBy(console: Console, file: string): ReturnType<typeof readAuthFile> {
  return await readAuthFile(resolve(console.cwd, file), file);
}

async function readText(console: Console, file: string): Promise<string> {
  return await readFile(resolve(console.cwd, file), 'utf8').catch((error: unknown) => {
    throw ioError(`could not read '${file}'`, error);
  });
}

/** The key may lie in the same file as the certificates. */
async function readTls(
  console: Console,
  values: { readonly tls?: string | undefined; readonly 'tls-key'?: string | undefined },
): Promise<{ readonly cert: string; readonly key: string } | undefined> {
  const { tls, 'tls-key': keyFile } = values;
  if (tls === undefined && keyFile !== undefined) throw new UsageError('error: --tls-key needs --tls');
  if (tls === undefined) return undefined;
  const cert = await readText(console, tls);
  return { cert, key: keyFile === undefined ? cert : await readText(console, keyFile) };
}

/** Host keys, and whose keys may log in, by whatever name. */
async function readSsh(
  console: Console,
  values: { readonly 'ssh-host-key'?: readonly string[] | undefined; readonly 'authorized-keys'?: string | undefined },
): Promise<Pick<Parameters<typeof listenSsh>[0], 'hostKeys' | 'authenticate'>> {
  const { 'ssh-host-key': hostKeyFiles = [], 'authorized-keys': keysFile } = values;
  if (hostKeyFiles.length === 0 || keysFile === undefined)
    throw new UsageError('error: --ssh-port needs --ssh-host-key and --authorized-keys');
  const keys = await readAuthorizedKeys(resolve(console.cwd, keysFile), keysFile);
  return {
    hostKeys: await Promise.all(hostKeyFiles.map((file) => readText(console, file))),
    authenticate: (login) => {
      if (login.method !== 'publickey') return undefined;
      const key = `${login.keyType} ${Buffer.from(login.key).toString('base64')}`;
      return keys.has(key) ? login.fingerprint : undefined;
    },
  };
}

async function assertDirectory(root: string, shown: string): Promise<void> {
  const found = await stat(root).catch((error: unknown) => {
    throw ioError(`cannot serve '${shown}'`, error);
  });
  if (!found.isDirectory()) throw new CommandError(`cannot serve '${shown}': Not a directory`);
}

async function listenOn(host: string, port: number, start: () => Promise<ListeningServer>): Promise<ListeningServer> {
  try {
    return await start();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'EADDRINUSE' ? 'the address is in use' : error instanceof Error ? error.message : String(error);
    throw new CommandError(`cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
}
