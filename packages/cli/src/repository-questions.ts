import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { type Place, placeOf } from './work-tree.js';

/** What `git rev-parse` tells about the repository and where one is in it. */
export class RepositoryQuestions {
  /** How paths are printed; by default each as git finds it. */
  pathFormat: 'absolute' | 'relative' | undefined;
  readonly #repository: FileRepository;
  readonly #console: Console;
  #place: Place | undefined;

  constructor(repository: FileRepository, console: Console) {
    this.#repository = repository;
    this.#console = console;
  }

  /** The lines that answer an option, or `undefined` where it asks nothing. */
  async answer(option: string): Promise<readonly string[] | undefined> {
    const { layout } = this.#repository;
    switch (option) {
      case '--is-bare-repository':
        return [`${layout.isBare}`];
      case '--is-shallow-repository':
        return [`${(await this.#repository.shallow.read()).size > 0}`];
      case '--is-inside-git-dir':
        return [`${(await this.#where()).isInsideGitDirectory}`];
      case '--is-inside-work-tree':
        return [`${(await this.#where()).workTree !== undefined}`];
      case '--show-toplevel': {
        const { workTree } = await this.#where();
        if (workTree === undefined) throw new CommandError('this operation must be run in a work tree');
        return [await this.#formatted(workTree)];
      }
      case '--show-prefix':
        return [(await this.#where()).prefix];
      case '--show-cdup': {
        const { workTree, prefix } = await this.#where();
        return workTree === undefined ? [] : ['../'.repeat(prefix.split('/').length - 1)];
      }
      case '--show-superproject-working-tree':
        return [];
      case '--git-dir':
        return [await this.#formatted(await this.#gitDirectory())];
      case '--absolute-git-dir':
        return [realpathSync(layout.gitDirectory)];
      case '--git-common-dir':
        return [await this.#formatted(await this.#gitDirectory(layout.commonDirectory))];
    }
    return undefined;
  }

  /** Where a file of the repository lies. */
  async gitPath(path: string): Promise<string> {
    const { layout } = this.#repository;
    const isShared = /^(?:objects|refs|packed-refs|config|hooks|info|logs\/refs|shallow|branches)(?:\/|$)/.test(path);
    const base = await this.#gitDirectory(isShared ? layout.commonDirectory : layout.gitDirectory);
    return await this.#formatted(base === '.' ? path : `${base}/${path}`);
  }

  async #where(): Promise<Place> {
    this.#place ??= await placeOf(this.#console, this.#repository);
    return this.#place;
  }

  /** As git was told of it, or as it found it. */
  async #gitDirectory(directory?: string): Promise<string> {
    const { layout } = this.#repository;
    const real = realpathSync(directory ?? layout.gitDirectory);
    if (directory !== undefined && directory !== layout.gitDirectory) return real;
    const given = this.#console.env.GIT_DIR;
    if (given !== undefined && given !== '') return given;
    const { cwd, workTree } = await this.#where();
    if (real === cwd) return '.';
    if (workTree !== undefined && real === `${workTree}/.git` && (cwd === workTree || directory !== undefined)) {
      return cwd === workTree ? '.git' : relative(cwd, real);
    }
    return real;
  }

  async #formatted(path: string): Promise<string> {
    if (this.pathFormat === undefined) return path;
    const { cwd } = await this.#where();
    const full = resolve(cwd, path);
    return this.pathFormat === 'absolute' ? full : relative(cwd, full) || './';
  }
}
