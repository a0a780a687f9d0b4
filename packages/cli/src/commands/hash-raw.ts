import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import {
  createCheckedHasher,
  type HashAlgorithm,
  type HashPolicy,
  hashAlgorithm,
  isGitError,
  oidFromBytes,
} from '@git-kv/objects';
import { CommandError, type Console, UsageError } from '../console.js';
import { ioError } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';

/**
 * The digest of bare bytes, without the header that makes an object of them. Not one of git's own: what `sha1sum` prints,
 * and a look for collision attacks.
 */
export const hashRawCommand: Command = {
  usage: 'hash-raw [--algorithm=(sha1 | sha256)] [--hash-policy=(detect | trust)] [--stdin] [--] <file>...',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      algorithm: { type: 'string', default: 'sha1' },
      'hash-policy': { type: 'string', default: 'detect' },
      stdin: { type: 'boolean', default: false },
    });
    const policy = values['hash-policy'];
    if (policy !== 'detect' && policy !== 'trust') {
      throw new UsageError("error: option `hash-policy' expects detect or trust");
    }
    const algorithm = parseAlgorithm(values.algorithm);
    if (positionals.length === 0 && !values.stdin) throw new UsageError('error: a file is needed');
    let exitCode = 0;
    const hash = async (name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
      const { digest, foundCollision } = await digestOf(bytes, algorithm, policy, console);
      await console.stdout.write(`${digest}\n`);
      if (!foundCollision) return;
      await console.stderr.write(`error: ${name}: SHA-1 collision attack detected\n`);
      exitCode = 1;
    };
    if (values.stdin) await hash('standard input', console.stdin);
    for (const path of positionals) {
      try {
        await hash(path, createReadStream(resolve(console.cwd, path)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
        throw ioError(`could not open '${path}' for reading`, error);
      }
    }
    return exitCode;
  },
};

function parseAlgorithm(name: string): HashAlgorithm {
  try {
    return hashAlgorithm(name);
  } catch (error) {
    if (!isGitError(error, 'UNSUPPORTED')) throw error;
    throw new CommandError(`unknown hash algorithm '${name}'`, { cause: error });
  }
}

async function digestOf(
  bytes: AsyncIterable<Uint8Array>,
  algorithm: HashAlgorithm,
  policy: HashPolicy,
  console: Console,
): Promise<{ readonly digest: string; readonly foundCollision: boolean }> {
  const hasher = createCheckedHasher(algorithm, policy);
  for await (const chunk of bytes) {
    console.signal.throwIfAborted();
    hasher.update(chunk);
  }
  const digest = oidFromBytes(hasher.digest(), 0, algorithm.oidLength);
  return { digest, foundCollision: hasher.foundCollision };
}
