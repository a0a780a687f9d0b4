import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AccessDecision, Authorize } from '@git-kv/server';
import { CommandError } from './console.js';
import { ioError } from './input.js';

/** Somebody who may come in. */
interface Account {
  readonly mayPush: boolean;
  /** SHA-256 of the password. */
  readonly digest: Uint8Array;
}

const REALM = 'git';

/**
 * Read who may come in: a line each.
 *
 *     line = name ":" ("r" / "rw") ":" 64 hex digits   ; SHA-256 of the password; "#" begins a comment
 *
 * The digest is without salt: passwords have to be long and random, as tokens are.
 * @throws {CommandError} for a line that is none
 */
export async function readAuthFile(path: string, shown: string): Promise<Authorize<string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw ioError(`could not read '${shown}'`, error);
  });
  const accounts = new Map<string, Account>();
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, rights, digest] = /^([^:\s]+):(rw?):([0-9a-f]{64})\s*$/.exec(line) ?? [];
    if (name === undefined || digest === undefined)
      throw new CommandError(`line ${at + 1} of '${shown}' is not NAME:r:SHA256 or NAME:rw:SHA256`);
    accounts.set(name, { mayPush: rights === 'rw', digest: Buffer.from(digest, 'hex') });
  }
  return ({ service, request }): AccessDecision<string> => {
    const given = basicCredentials(request.headers.get('authorization'));
    const account = given && accounts.get(given.name);
    const digest = createHash('sha256')
      .update(given?.password ?? '')
      .digest();
    // Compared for unknown names, too: how long it takes tells nothing.
    const isRight = timingSafeEqual(digest, account?.digest ?? new Uint8Array(digest.length));
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
