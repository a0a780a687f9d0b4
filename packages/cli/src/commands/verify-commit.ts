import {
  decodeUtf8,
  findHeader,
  parseHeaderBlock,
  parseIdentity,
  type SignedObject,
  splitSignedCommit,
  splitSignedTag,
} from '@git-kv/objects';
import { type SignatureVerdict, verifyCommitBody, verifyTagBody } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { findNamed } from '../find-named.js';
import { type GitConfig, readGitConfig } from '../git-config.js';
import { parseOptions } from '../options.js';
import { type Command, plain } from '../program.js';
import { openHere, using } from '../repository.js';
import { readTrustFiles, reportSignature } from '../signature-report.js';

/** git-verify-commit(1), for signatures of SSH. */
export const verifyCommitCommand: Command = verifyCommand('commit');

/** git-verify-tag(1), for signatures of SSH. */
export const verifyTagCommand: Command = verifyCommand('tag');

interface VerifyFlags {
  readonly isVerbose: boolean;
  readonly isStrict: boolean;
}

function verifyCommand(kind: 'commit' | 'tag'): Command {
  return {
    usage: `verify-${kind} [-v | --verbose] [--raw] [--strict] <${kind}>...`,
    async run(args, console) {
      const { values, positionals } = parseOptions(args, {
        verbose: { type: 'boolean', short: 'v' },
        raw: { type: 'boolean' },
        strict: { type: 'boolean' },
      });
      if (positionals.length === 0) throw new UsageError(`error: a ${kind} is needed`);
      const flags = { isVerbose: values.verbose === true, isStrict: values.strict === true };
      return await using(openHere(console), async (repository) => {
        const config = await readGitConfig(console, repository);
        let exitCode = 0;
        for (const name of positionals) {
          if (!(await verifyNamed(console, config, repository, kind, name, flags))) exitCode = 1;
        }
        return exitCode;
      });
    },
  };
}

async function verifyNamed(
  console: Console,
  config: GitConfig,
  repository: FileRepository,
  kind: 'commit' | 'tag',
  name: string,
  flags: VerifyFlags,
): Promise<boolean> {
  const fail = async (problem: string): Promise<false> => {
    await console.stderr.write(`error: ${problem}\n`);
    return false;
  };
  const oid = await findNamed(repository, name);
  if (oid === undefined) return await fail(`${kind} '${name}' not found.`);
  const object = await repository.objects.read(oid);
  if (object === undefined) return await fail(`${name}: unable to read file.`);
  if (object.kind !== kind) return await fail(`${name}: cannot verify a non-${kind} object of type ${object.kind}.`);
  const { body } = object;
  const signed = kind === 'commit' ? splitSignedCommit(body, repository.algorithm) : splitSignedTag(body);
  if (signed === undefined) {
    if (kind === 'commit') return false;
    if (flags.isVerbose) await console.stdout.write(body);
    return await fail('no signature found');
  }
  const timestamp = dateOf(signed, kind);
  if (timestamp === undefined) {
    if (flags.isVerbose) await console.stdout.write(signed.payload);
    return false;
  }
  const trust = await readTrustFiles(console, config);
  if (trust === undefined) {
    await fail('gpg.ssh.allowedSignersFile needs to be configured and exist for ssh signature verification');
    if (flags.isVerbose) await console.stdout.write(signed.payload);
    return false;
  }
  const options = {
    allowedSigners: trust.allowedSigners,
    ...(typeof trust.revokedKeys === 'object' && { revokedKeys: trust.revokedKeys }),
    timestamp,
    isStrict: flags.isStrict,
  };
  const verdict =
    kind === 'commit'
      ? await verifyCommitBody(body, repository.algorithm, options)
      : await verifyTagBody(body, options);
  if (flags.isVerbose) await console.stdout.write(signed.payload);
  if (verdict.status === 'ambiguous') return await fail(`${name}: ${ambiguity(verdict)}`);
  if (verdict.signer === undefined) {
    const firstLine = plain(decodeUtf8(signed.signature.subarray(0, 80)).split('\n')[0] as string);
    if (verdict.status === 'unsupported') throw new CommandError(`bad/incompatible signature '${firstLine}'`);
  }
  const report = reportSignature(verdict, trust, timestamp);
  await console.stderr.write(report.text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, ''));
  return report.isGood && config.get('gpg', 'minTrustLevel')?.toLowerCase() !== 'ultimate';
}

/** When the object says it was made: now where it says 1970; `undefined` where nobody made it, which git takes for unsigned. */
function dateOf({ payload }: SignedObject, kind: 'commit' | 'tag'): number | undefined {
  const header = findHeader(parseHeaderBlock(payload, kind), kind === 'commit' ? 'committer' : 'tagger');
  if (header === undefined) return undefined;
  return parseIdentity(header.value).timestamp || Math.floor(Date.now() / 1000);
}

function ambiguity({ findings = [] }: SignatureVerdict): string {
  return findings.map(({ problem, offset }) => `${problem} at byte ${offset}`).join(', ');
}
