import { resolve } from 'node:path';
import { type Connection, requestedVersion } from '@git-kv/protocol';
import { readHiddenRefs } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { allowAll, answerConnection, parseGitCommand, readOnly } from '@git-kv/server';
import { CommandError, type Console, UsageError } from '../console.js';
import { readGitConfig } from '../git-config.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { readReceiveSettings } from '../receive-settings.js';
import { RepositoryDirectory } from '../repository-directory.js';
import { uploadRules } from '../upload-rules.js';

/** What sshd runs in place of what a client asks for: git's two services for the repositories under a folder, and nothing else. */
export const forcedCommandCommand: Command = {
  usage: 'forced-command [--enable-receive-pack] <directory>',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, { 'enable-receive-pack': { type: 'boolean', default: false } });
    const [directory, ...more] = positionals;
    if (directory === undefined || more.length > 0) throw new UsageError('error: one directory is needed');
    const call = parseGitCommand(console.env.SSH_ORIGINAL_COMMAND ?? '');
    if (call === undefined) throw new CommandError('only git-upload-pack and git-receive-pack can be run here');

    const repositories = new RepositoryDirectory(resolve(console.cwd, directory));
    try {
      const outcome = await answerConnection(
        {
          resolve: (path) => repositories.find(path),
          authorize: values['enable-receive-pack'] ? allowAll : readOnly,
          hidden: async (repository, { service }) => {
            const settings = await readGitConfig(console, repository as FileRepository);
            return readHiddenRefs(settings, service === 'git-receive-pack' ? 'receive' : 'uploadpack');
          },
          upload: async (repository) => uploadRules(await readGitConfig(console, repository as FileRepository)),
          receive: async (repository) => (await readReceiveSettings(console, repository as FileRepository)).rules,
        },
        {
          ...call,
          version: requestedVersion(console.env.GIT_PROTOCOL),
          peer: {
            transport: 'stdio',
            username: console.env.USER,
            remoteAddress: console.env.SSH_CONNECTION?.split(' ')[0],
          },
          signal: console.signal,
        },
        stdioConnection(console),
      );
      if (outcome.kind === 'refused') throw new CommandError(outcome.reason);
      if (outcome.kind === 'failed') throw outcome.error;
      return 0;
    } finally {
      await repositories.close();
    }
  },
};

/** The program's own input and output, which end with it. */
function stdioConnection(console: Console): Connection {
  return {
    incoming: console.stdin,
    send: async (bytes) => {
      await console.stdout.write(bytes);
    },
    finish: async () => {},
    close: async () => {},
  };
}
