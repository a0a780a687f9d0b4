import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import {
  type CredentialsProvider,
  type CredentialsRequest,
  type CredentialsStore,
  chainCredentials,
} from '@git-kv/protocol';
import { createHelperCredentials, createNetrcCredentials, credentialSettings } from '@git-kv/protocol/node';
import { CommandError, type Console } from './console.js';
import type { OwnSettings } from './git-config.js';
import { readConfigHere } from './repository.js';

/**
 * Credentials for a remote: of the environment, of netrc, of the helpers that the configuration names, of the person, whom a program asks
 * or the terminal. `own` are the settings of a repository that is being made. Helpers keep what they gave or the person typed, where it was good: what stands before them is not theirs to keep.
 */
export function remoteCredentials(console: Console, own?: OwnSettings): CredentialsStore {
  return chainCredentials(
    environmentCredentials(console),
    createNetrcCredentials({ environment: console.env }),
    helperCredentials(console, own),
    askpassCredentials(console, own),
    terminalCredentials(console),
  );
}

/** The helpers of the configuration, which is read when somebody asks. */
function helperCredentials(console: Console, own: OwnSettings | undefined): CredentialsStore {
  let store: Promise<CredentialsStore> | undefined;
  const helpers = ({ url, username }: CredentialsRequest): Promise<CredentialsStore> => {
    store ??= (async () => {
      const { entries } = await readConfigHere(console, own);
      return createHelperCredentials({ ...credentialSettings(url, entries, username), environment: console.env });
    })();
    return store;
  };
  return {
    get: async (request) => await (await helpers(request)).get(request),
    approve: async (credentials, request) => await (await helpers(request)).approve?.(credentials, request),
    reject: async (credentials, request) => await (await helpers(request)).reject?.(credentials, request),
  };
}

/** GIT_KV_USERNAME and GIT_KV_PASSWORD, once. */
function environmentCredentials(console: Console): CredentialsProvider {
  let hasGiven = false;
  return async (request) => {
    const { GIT_KV_USERNAME: username, GIT_KV_PASSWORD: password } = console.env;
    if (hasGiven || password === undefined) return undefined;
    hasGiven = true;
    return { username: username ?? request.username ?? '', password };
  };
}

/** The program that GIT_ASKPASS, core.askPass or SSH_ASKPASS names. A refusal is final: it would be asked the same again. */
function askpassCredentials(console: Console, own: OwnSettings | undefined): CredentialsProvider {
  let hasGiven = false;
  return async ({ url, username, attempt, signal }) => {
    if (attempt === 1) hasGiven = false;
    const program = console.env.GIT_ASKPASS ?? (await configuredAskpass(console, own)) ?? console.env.SSH_ASKPASS;
    if (hasGiven || !program) return undefined;
    const { protocol, host, pathname } = new URL(url);
    const { entries } = await readConfigHere(console, own);
    const settings = credentialSettings(url, entries, username);
    const path = settings.useHttpPath === true && pathname !== '/' ? pathname : '';
    const where = (name = ''): string => `'${protocol}//${name === '' ? '' : `${shownName(name)}@`}${host}${path}': `;
    const options = { console, signal: signal ?? console.signal };
    const name = username ?? settings.username ?? (await runAskpass(program, `Username for ${where()}`, options));
    const password = name === undefined ? undefined : await runAskpass(program, `Password for ${where(name)}`, options);
    if (name === undefined || password === undefined) return undefined;
    hasGiven = true;
    return { username: name, password };
  };
}

/** A name as a URL has it: one that came in a URL may hold what steers a terminal, or looks like the end of the question. */
function shownName(name: string): string {
  return encodeURIComponent(name).replace(/['()*!]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}

async function configuredAskpass(console: Console, own: OwnSettings | undefined): Promise<string | undefined> {
  return (await readConfigHere(console, own)).get('core', 'askpass');
}

/** The first line of what the program prints; `undefined`, and a word about it, where it fails. It has no input of ours. */
async function runAskpass(
  program: string,
  question: string,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const answer = await new Promise<string | undefined>((resolve) => {
    const options = { cwd: console.cwd, env: { ...console.env }, signal, maxBuffer: MAX_ANSWER_BYTES };
    const child = execFile(program, [question], options, (error, stdout) => resolve(error ? undefined : stdout));
    child.stdin?.end();
  });
  signal.throwIfAborted();
  if (answer === undefined) await console.stderr.write(`error: unable to read askpass response from '${program}'\n`);
  return answer?.split(/[\r\n]/, 1)[0];
}

const MAX_ANSWER_BYTES = 64 * 1024;

/** Asks the person at the terminal; gives up where there is none. */
function terminalCredentials(console: Console): CredentialsProvider {
  return async ({ url, username }) => {
    const isForbidden = /^(?:0|false|no|off|)$/i.test(console.env.GIT_TERMINAL_PROMPT ?? '1');
    if (isForbidden || console.stdin.isTTY !== true || !console.stderr.isTTY) return undefined;
    const name = username ?? console.env.GIT_KV_USERNAME ?? (await ask(console, `Username for '${url}': `, false));
    return { username: name, password: await ask(console, `Password for '${shownName(name)}' at '${url}': `, true) };
  };
}

/** One answer from the terminal; a hidden one is not echoed. */
async function ask(console: Console, question: string, isHidden: boolean): Promise<string> {
  const output = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (isHidden) done();
      else console.stderr.write(chunk).then(() => done(), done);
    },
  });
  const prompt = createInterface({ input: console.stdin, output, terminal: true });
  // The terminal hands over each key as it is, so Ctrl-C is no signal until somebody makes it one.
  prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<never>((_resolve, reject) => {
    prompt.once('close', () => reject(new CommandError('no answer on the terminal')));
  });
  try {
    // Only now: by this time the terminal has stopped to echo by itself.
    if (isHidden) await console.stderr.write(question);
    // What is echoed starts by clearing its line, so the question has to be part of it.
    const answer = prompt.question(isHidden ? '' : question, { signal: console.signal });
    return await Promise.race([answer, closed]);
  } finally {
    closed.catch(() => {}); // closed below where it was not by Ctrl-D
    prompt.close();
    await new Promise<void>((resolve) => output.end(resolve)); // the echo is out before the next question
    if (isHidden) await console.stderr.write('\n');
  }
}
