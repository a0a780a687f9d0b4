import { sourcesOf } from '@git-kv/protocol';
import { listRemotes, type RefUpdate, readRemote, resolveRef } from '@git-kv/repository';
import type { ConfigDocument } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import type { GitConfig } from './git-config.js';
import { reflogNote } from './ref-updates.js';
import { parseRefspecs } from './remote-names.js';

/** What a change of a remote works on. */
export interface RemoteChange {
  readonly repository: FileRepository;
  readonly console: Console;
  readonly config: GitConfig;
}

/** Call a remote by another name: its settings, its remote-tracking refs with their logs, and the branches that follow it. */
export async function renameRemote(
  { repository, console, config }: RemoteChange,
  from: string,
  to: string,
): Promise<void> {
  const { fetchRefspecs } = readRemote(config, from);
  const renamed = fetchRefspecs.map((refspec) =>
    refspec.replace(`:refs/remotes/${from}/`, () => `:refs/remotes/${to}/`),
  );
  await repository.config.update((document) => {
    document.renameSection(`remote.${from}`, `remote.${to}`);
    if (fetchRefspecs.length > 0) {
      document.unsetAll(`remote.${to}.fetch`);
      for (const refspec of renamed) document.add(`remote.${to}.fetch`, refspec);
    }
    eachBranch(document, (branch) => {
      if (branch.remote === from) document.replaceAll(`branch.${branch.name}.remote`, to);
      if (branch.pushRemote === from) document.replaceAll(`branch.${branch.name}.pushRemote`, to);
    });
    if (document.config.get('remote', 'pushdefault') === from) document.replaceAll('remote.pushDefault', to);
  });
  for (const [at, refspec] of renamed.entries()) {
    if (refspec !== fetchRefspecs[at]) continue;
    await console.stderr.write(
      `warning: Not updating non-default fetch refspec\n\t${refspec}\n\tPlease update the configuration manually if necessary.\n`,
    );
  }
  if (renamed.some((refspec, at) => refspec !== fetchRefspecs[at]))
    await renameRefs({ repository, console, config }, from, to);
}

async function renameRefs({ repository, console }: RemoteChange, from: string, to: string): Promise<void> {
  const { refs } = repository;
  const [before, after] = [`refs/remotes/${from}/`, `refs/remotes/${to}/`];
  const removals: RefUpdate[] = [];
  const creations: RefUpdate[] = [];
  const pointers: RefUpdate[] = [];
  const logs = new Map<string, Awaited<ReturnType<typeof refs.readLog>>>();
  for await (const { name, value } of refs.list(before)) {
    const newName = `${after}${name.slice(before.length)}`;
    const next =
      'target' in value && value.target.startsWith(before)
        ? { target: `${after}${value.target.slice(before.length)}` }
        : value;
    removals.push({ name, expected: value, next: null });
    ('target' in value ? pointers : creations).push({
      name: newName,
      expected: null,
      next,
      reflogMessage: `remote: renamed ${name} to ${newName}`,
    });
    if ('target' in value) continue;
    const log = await refs.findLog(name);
    logs.set(newName, log === undefined ? [] : await refs.readLog(log));
  }
  const options = { reflog: await reflogNote(repository, console, { message: '' }), signal: console.signal };
  // One name may need the other's place: `origin` and `origin/two`. What a symbolic ref points to is there before it.
  for (const updates of [removals, creations, pointers]) {
    const outcome = updates.length === 0 ? undefined : await refs.update(updates, options);
    if (outcome?.status === 'conflict') throw new CommandError(`renaming '${outcome.name}' failed`);
  }
  for (const [name, lines] of logs) {
    const place = await refs.findLog(name);
    if (place === undefined) continue;
    // The ref went on under another name: it did not begin there.
    await refs.editLog(place, (own) => [...lines, ...own.map((line) => ({ ...line, oldOid: line.newOid }))]);
  }
}

/** Forget a remote: its settings, its remote-tracking refs, and that branches follow it. */
export async function removeRemote({ repository, console, config }: RemoteChange, name: string): Promise<void> {
  const own = parseRefspecs(readRemote(config, name).fetchRefspecs, 'fetch');
  const others = listRemotes(config).filter((other) => other !== name);
  const kept = others.map((other) => parseRefspecs(readRemote(config, other).fetchRefspecs, 'fetch'));
  const removals: RefUpdate[] = [];
  const skipped: string[] = [];
  for await (const { name: ref, value } of repository.refs.list('refs/')) {
    if (sourcesOf(own, ref).length === 0 || kept.some((refspecs) => sourcesOf(refspecs, ref).length > 0)) continue;
    if (ref.startsWith('refs/remotes/')) removals.push({ name: ref, expected: value, next: null });
    else if (ref.startsWith('refs/heads/') && (await resolveRef(repository.refs, ref))?.oid !== undefined)
      skipped.push(ref.slice('refs/heads/'.length));
  }
  if (removals.length > 0) {
    const outcome = await repository.refs.update(removals, { signal: console.signal });
    if (outcome.status === 'conflict') throw new CommandError(`could not remove reference ${outcome.name}`);
  }
  await repository.config.update((document) => {
    eachBranch(document, (branch) => {
      if (branch.remote === name) {
        document.unsetAll(`branch.${branch.name}.remote`);
        document.unsetAll(`branch.${branch.name}.merge`);
      }
      if (branch.pushRemote === name) document.unsetAll(`branch.${branch.name}.pushremote`);
    });
    document.removeSection(`remote.${name}`);
    if (document.config.get('remote', 'pushdefault') === name) document.unsetAll('remote.pushDefault');
  });
  if (skipped.length === 0) return;
  const note =
    skipped.length === 1
      ? 'Note: A branch outside the refs/remotes/ hierarchy was not removed;\nto delete it, use:\n'
      : 'Note: Some branches outside the refs/remotes/ hierarchy were not removed;\nto delete them, use:\n';
  await console.stderr.write(`${note}${skipped.map((branch) => `  git branch -d ${branch}\n`).join('')}`);
}

interface FollowingBranch {
  readonly name: string;
  readonly remote: string | undefined;
  readonly pushRemote: string | undefined;
}

function eachBranch(document: ConfigDocument, body: (branch: FollowingBranch) => void): void {
  const { config } = document;
  for (const name of config.subsections('branch')) {
    body({
      name,
      remote: config.get('branch', 'remote', name),
      pushRemote: config.get('branch', 'pushremote', name),
    });
  }
}
