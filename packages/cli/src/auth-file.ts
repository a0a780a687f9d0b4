import { readFile } from 'node:fs/promises';
import type { AccessDecision, Authorize } from '@git-kv/server';
import { CommandError } from './console.js';
import { ioError } from './input.js';
import { type PasswordDigest, parsePasswordDigest } from './password-digest.js';

/** Somebody who may come in. */
interface Account {
  readonly mayPush: boolean;
  readonly digest: PasswordDigest;
}

const REALM = 'git';

/**
 * Read who may come in: a line each.
 *
 *     line   = name ":" ("r" / "rw") ":" digest   ; "#" begins a comment
 *     digest = what hashPassword makes / 64 hex digits   ; the latter SHA-256 of the password
 *
 * A digest by SHA-256 is without salt: such passwords have to be long and random, as tokens are.
 * @throws {CommandError} for a line that is none
 */
export async function readAuthFile(path: string, shown: string): Promise<Authorize<string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw ioError(`could not read '${shown}'`, error);
  });
  const accounts = new Map<string, Account>();
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, rights, text = ''] = /^([^:\s]+):(rw?):(\S+)\s*$/.exec(line) ?? [];
    const digest = parsePasswordDigest(text);
    if (name === undefined || digest === undefined)
      throw new CommandError(`line ${at + 1} of '${shown}' is not NAME:r:DIGEST or NAME:rw:DIGEST`);
    accounts.set(name, { mayPush: rights === 'rw', digest });
  }
  // Unknown names are held against something, too: how long it takes tells nothing, where all digests are of one kind.
  const [someone] = accounts.values();
  const decoy = someone?.digest.decoy();
  return async ({ service, request }): Promise<AccessDecision<string>> => {
    const given = basicCredentials(request.headers.get('authorization'));
    const account = given && accounts.get(given.name);
    const isRight = given !== undefined && (await (account?.digest ?? decoy)?.matches(given.password)) === true;
    if (given === undefined || account === undefined || !isRight) return { kind: 'authenticate', realm: REALM };
    if (service === 'git-receive-pack' && !account.mayPush)
      return { kind: 'deny', reason: `${given.name} may not push` };
    return { kind: 'allow', identity: given.name };
  };
}

function basicCredentials(header: string | null): { readonly name: string; readonly password: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * Public keys that may log in, as authorized_keys(5) has them, a line each; what stands behind a key is passed over.
 * @throws {CommandError} for a line that is no key, and for options before one: who passed them over would let in whom they keep out
 */
export async function readAuthorizedKeys(path: string, shown: string): Promise<ReadonlySet<string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw ioError(`could not read '${shown}'`, error);
  });
  const keys = new Set<string>();
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const key = /^\s*((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+)\s+([A-Za-z0-9+/]+=*)(?=\s|$)/.exec(line);
    if (key === null)
      throw new CommandError(
        `line ${at + 1} of '${shown}' is not a public key alone: options before a key are not supported`,
      );
    keys.add(`${key[1]} ${key[2]}`);
  }
  return keys;
}
