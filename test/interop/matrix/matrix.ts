// Runs cells of the matrix, and holds what they came to against what git alone comes to.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectFormat } from '../../support/git-process.js';
import type { Combination, ServerName } from './axes.js';
import { MATRIX_CLIENTS } from './clients.js';
import { type Fixtures, makeFixtures } from './fixtures.js';
import { type Outcome, PERFORM } from './operations.js';
import { type RunningServer, startServer } from './servers.js';
import { asBare } from './state.js';

/** Servers and repositories that cells share. Close it. */
export class Matrix {
  readonly #root: string;
  readonly #scratch: string;
  readonly #tsgit: string;
  readonly #fixtures = new Map<ObjectFormat, Fixtures>();
  readonly #servers = new Map<ServerName, Promise<RunningServer>>();
  readonly #expected = new Map<string, Promise<Outcome>>();
  #count = 0;

  /** @param directory an empty one, for everything; @param tsgit the command that serves over stdio */
  constructor(directory: string, tsgit: string) {
    this.#root = join(directory, 'served');
    this.#scratch = join(directory, 'keys');
    this.#tsgit = tsgit;
    mkdirSync(this.#root);
    mkdirSync(this.#scratch);
  }

  /** What a cell came to, and what it should have. */
  async run(one: Combination): Promise<{ readonly actual: Outcome; readonly expected: Outcome }> {
    const expected = await this.#expect(one);
    const server = await this.#server(one.server.name);
    const outcome = await this.#perform(one, server);
    if (one.client !== 'isomorphic-git') return { actual: outcome, expected };
    return { actual: bareOutcome(outcome), expected: bareOutcome(expected) };
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) await (await server).close();
  }

  #server(name: ServerName): Promise<RunningServer> {
    const known = this.#servers.get(name) ?? startServer(name, this.#root, this.#scratch, this.#tsgit);
    this.#servers.set(name, known);
    return known;
  }

  /** git as the client, and git's own program at the other end of a pipe, in the same version. */
  #expect(one: Combination): Promise<Outcome> {
    const { operation, format } = one;
    // Only what there is no ref for do versions tell in their own ways.
    const tells = operation === 'empty repository' || operation === 'unborn HEAD';
    const version = tells ? one.version : 2;
    const key = `${operation} ${version} ${format}`;
    const alone: RunningServer = {
      url: (path) => `file://${join(this.#root, path)}`,
      forget: async () => {},
      close: async () => {},
    };
    const known = this.#expected.get(key) ?? this.#perform({ ...one, version, client: 'git' }, alone, true);
    this.#expected.set(key, known);
    return known;
  }

  async #perform(one: Combination, server: RunningServer, isTrusted = false): Promise<Outcome> {
    const { client, version, format, operation } = one;
    const fixtures = this.#fixtures.get(format) ?? makeFixtures(this.#root, format);
    this.#fixtures.set(format, fixtures);
    return await PERFORM[operation](MATRIX_CLIENTS[client], {
      fixtures,
      root: this.#root,
      id: String(this.#count++),
      remote: (path) => ({ url: server.url(path), server, version, format }),
      forget: (path) => server.forget(path),
      isTrusted,
    });
  }
}

function bareOutcome(outcome: Outcome): Outcome {
  return Object.fromEntries(
    Object.entries(outcome).map(([name, value]) => [name, isState(value) ? asBare(value) : value]),
  );
}

const isState = (value: Outcome[string]): value is Exclude<Outcome[string], readonly string[]> => 'refs' in value;
