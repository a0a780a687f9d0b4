import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readHiddenRefs } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { allowAll, createGitServer, readOnly } from '@git-kv/server';
import { type ListeningServer, type ListenOptions, listen } from '@git-kv/server/node';
import { CommandError, UsageError } from '../console.js';
import { readGitConfig } from '../git-config.js';
import { ioError } from '../input.js';
import { parseCount, parseOptions } from '../options.js';
import { type Command, plain } from '../program.js';
import { readReceiveSettings } from '../receive-settings.js';
import { RepositoryDirectory } from '../repository-directory.js';
import { uploadRules } from '../upload-rules.js';

/** A smart-HTTP server for a folder of bare repositories. */
export const serveCommand: Command = {
  usage: 'serve <directory> [--port <n>] [--host <address>] [--enable-receive-pack]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      'enable-receive-pack': { type: 'boolean', default: false },
    });
    const [directory, ...more] = positionals;
    if (directory === undefined || more.length > 0) throw new UsageError('error: one directory is needed');
    const port = parseCount('port', values.port);
    if (port > 65535) throw new UsageError("error: option `port' expects a number of at most 65535");
    const root = resolve(console.cwd, directory);
    await assertDirectory(root, directory);

    const repositories = new RepositoryDirectory(root);
    try {
      const paths = await repositories.list().catch((error: unknown) => {
        throw error instanceof CommandError ? new CommandError(`cannot serve '${directory}': ${error.message}`) : error;
      });
      const server = await listenOn({
        host: values.host,
        port,
        server: createGitServer({
          resolve: (path) => repositories.find(path),
          authorize: values['enable-receive-pack'] ? allowAll : readOnly,
          hidden: async (repository, { service }) => {
            const settings = await readGitConfig(console, repository as FileRepository);
            return readHiddenRefs(settings, service === 'git-receive-pack' ? 'receive' : 'uploadpack');
          },
          receive: async (repository) => (await readReceiveSettings(console, repository as FileRepository)).rules,
          upload: async (repository) => uploadRules(await readGitConfig(console, repository as FileRepository)),
          onEvent: (event) => {
            if (event.kind !== 'error') return;
            const message = event.error instanceof Error ? event.error.message : String(event.error);
            console.stderr.write(`error: ${event.path}: ${plain(message)}\n`).catch(() => undefined); // nobody reads: keep serving
          },
        }),
      });
      const pushes = values['enable-receive-pack'] ? 'fetches and pushes' : 'fetches';
      await console.stdout.write(
        `Serving ${paths.length} ${paths.length === 1 ? 'repository' : 'repositories'} for ${pushes} on ${server.url}/\n`,
      );
      for (const path of paths)
        await console.stdout.write(`  ${server.url}/${path.split('/').map(encodeURIComponent).join('/')}\n`);
      if (!console.signal.aborted) await once(console.signal, 'abort');
      await server.close();
      return 0;
    } finally {
      await repositories.close();
    }
  },
};

async function assertDirectory(root: string, shown: string): Promise<void> {
  const found = await stat(root).catch((error: unknown) => {
    throw ioError(`cannot serve '${shown}'`, error);
  });
  if (!found.isDirectory()) throw new CommandError(`cannot serve '${shown}': Not a directory`);
}

async function listenOn(options: ListenOptions): Promise<ListeningServer> {
  try {
    return await listen(options);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'EADDRINUSE' ? 'the address is in use' : error instanceof Error ? error.message : String(error);
    throw new CommandError(`cannot listen on ${options.host}:${options.port}: ${reason}`, { cause: error });
  }
}
