import {
  type CheckFinding,
  type CheckId,
  type CheckSeverity,
  checkObject,
  decodeUtf8,
  findCheckId,
  parseTagLinks,
} from '@git-kv/objects';
import { CommandError, UsageError } from '../console.js';
import { readGitConfig } from '../git-config.js';
import { readAll } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

/** git-mktag(1). */
export const mktagCommand: Command = {
  usage: 'mktag [--[no-]strict]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      strict: { type: 'boolean', default: false },
      'no-strict': { type: 'boolean', default: false },
    });
    if (positionals.length > 0) throw new UsageError('error: mktag takes no arguments');
    const isStrict = !values['no-strict'] || args.lastIndexOf('--strict') > args.lastIndexOf('--no-strict');
    return await using(openHere(console), async (repository) => {
      const body = await readAll(console.stdin);
      const config = await readGitConfig(console, repository);
      // What is a warning elsewhere ends the check here.
      const warning = isStrict ? 'error' : 'warn';
      const severities: Partial<Record<CheckId, CheckSeverity>> = {
        badTagName: warning,
        missingTaggerEntry: warning,
        extraHeaderEntry: warning,
      };
      for (const [name, value] of config.all('fsck')) {
        const id = findCheckId(name);
        if (id !== undefined && isSeverity(value)) severities[id] = value === 'warn' ? warning : value;
      }
      const findings = checkObject('tag', body, { algorithm: repository.algorithm, strict: true, severities });
      for (const finding of findings) {
        const said = `tag input does not pass fsck: ${finding.id}: ${messageOf(finding, body)}`;
        await console.stderr.write(`${finding.severity === 'error' ? 'error' : 'warning'}: ${said}\n`);
      }
      if (findings.some(({ severity }) => severity === 'error')) {
        throw new CommandError('tag on stdin did not pass our strict fsck check');
      }
      const { targetOid, targetKind } = parseTagLinks(body);
      const target = await repository.objects.stat(targetOid);
      if (target === undefined) throw new CommandError(`could not read tagged object '${targetOid}'`);
      if (target.kind !== targetKind) {
        throw new CommandError(`object '${targetOid}' tagged as '${targetKind}', but is a '${target.kind}' type`);
      }
      await console.stdout.write(`${await repository.objects.write({ kind: 'tag', body })}\n`);
      return 0;
    });
  },
};

function isSeverity(text: string): text is CheckSeverity {
  return text === 'error' || text === 'warn' || text === 'ignore';
}

const IDENTITY = 'invalid author/committer line - ';

/** git's words, by id: scripts have been written to look for them. */
const MESSAGES: Partial<Record<CheckId, string>> = {
  unterminatedHeader: 'unterminated header',
  missingObject: "invalid format - expected 'object' line",
  badObjectSha1: "invalid 'object' line format - bad sha1",
  missingTypeEntry: "invalid format - expected 'type' line",
  badType: "invalid 'type' value",
  missingTagEntry: "invalid format - expected 'tag' line",
  missingTaggerEntry: "invalid format - expected 'tagger' line",
  extraHeaderEntry: "invalid format - extra header(s) after 'tagger'",
  missingNameBeforeEmail: `${IDENTITY}missing space before email`,
  badName: `${IDENTITY}bad name`,
  missingEmail: `${IDENTITY}missing email`,
  missingSpaceBeforeEmail: `${IDENTITY}missing space before email`,
  badEmail: `${IDENTITY}bad email`,
  missingSpaceBeforeDate: `${IDENTITY}missing space before date`,
  zeroPaddedDate: `${IDENTITY}zero-padded date`,
  badDateOverflow: `${IDENTITY}date causes integer overflow`,
  badDate: `${IDENTITY}bad date`,
  badTimezone: `${IDENTITY}bad time zone`,
};

function messageOf({ id, message, offset = 0 }: CheckFinding, body: Uint8Array): string {
  if (id === 'nulInHeader') return `unterminated header: NUL at offset ${offset}`;
  if (id === 'badTagName')
    return `invalid 'tag' name: ${decodeUtf8(body.subarray(offset, body.indexOf(0x0a, offset)))}`;
  return MESSAGES[id] ?? message;
}
