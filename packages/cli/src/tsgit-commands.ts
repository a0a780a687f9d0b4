import type { CommandEntry } from './program.js';

/** The commands of `tsgit`, by name. Each is loaded when it is called: most of a small command's time is loading. */
export const tsgitCommands: readonly CommandEntry[] = [
  {
    name: 'bundle',
    summary: 'put refs and their objects into a file, and take them out',
    load: async () => (await import('./commands/bundle.js')).bundleCommand,
  },
  {
    name: 'cat-file',
    summary: 'print the content, type or size of objects',
    load: async () => (await import('./commands/cat-file.js')).catFileCommand,
  },
  {
    name: 'clone',
    summary: 'copy a remote repository into a new bare one',
    load: async () => (await import('./commands/clone.js')).cloneCommand,
  },
  {
    name: 'commit-graph',
    summary: 'write and check the file that lets walks pass over commits',
    load: async () => (await import('./commands/commit-graph.js')).commitGraphCommand,
  },
  {
    name: 'commit-tree',
    summary: 'make a commit of a tree',
    load: async () => (await import('./commands/commit-tree.js')).commitTreeCommand,
  },
  {
    name: 'config',
    summary: 'read and change settings',
    load: async () => (await import('./commands/config.js')).configCommand,
  },
  {
    name: 'diff-tree',
    summary: 'compare the trees of two commits',
    load: async () => (await import('./commands/diff-tree.js')).diffTreeCommand,
  },
  {
    name: 'fetch',
    summary: 'bring refs and objects of a remote here',
    load: async () => (await import('./commands/fetch.js')).fetchCommand,
  },
  {
    name: 'fetch-pack',
    summary: 'bring named refs of a repository here, and tell their object ids',
    load: async () => (await import('./commands/fetch-pack.js')).fetchPackCommand,
  },
  {
    name: 'for-each-ref',
    summary: 'list refs in any form and order',
    load: async () => (await import('./commands/for-each-ref.js')).forEachRefCommand,
  },
  {
    name: 'forced-command',
    summary: "serve what SSH_ORIGINAL_COMMAND asks for, as sshd's ForceCommand",
    load: async () => (await import('./commands/forced-command.js')).forcedCommandCommand,
  },
  {
    name: 'fsck',
    summary: 'check objects, the links between them, and what points to them',
    load: async () => (await import('./commands/fsck.js')).fsckCommand,
  },
  {
    name: 'gc',
    summary: 'bring a repository in order: pack refs and objects, drop what nothing leads to',
    load: async () => (await import('./commands/gc.js')).gcCommand,
  },
  {
    name: 'hash-object',
    summary: 'compute the object id of files, and store them',
    load: async () => (await import('./commands/hash-object.js')).hashObjectCommand,
  },
  {
    name: 'hash-raw',
    summary: 'compute the digest of files as they are',
    load: async () => (await import('./commands/hash-raw.js')).hashRawCommand,
  },
  {
    name: 'index-pack',
    summary: 'check a pack and write its index',
    load: async () => (await import('./commands/index-pack.js')).indexPackCommand,
  },
  {
    name: 'init',
    summary: 'create an empty repository, or bring one up to date',
    load: async () => (await import('./commands/init.js')).initCommand,
  },
  {
    name: 'log',
    summary: 'show commits and what they say',
    load: async () => (await import('./commands/log.js')).logCommand,
  },
  {
    name: 'ls-remote',
    summary: 'list the refs of a remote repository',
    load: async () => (await import('./commands/ls-remote.js')).lsRemoteCommand,
  },
  {
    name: 'ls-tree',
    summary: 'list the entries of a tree',
    load: async () => (await import('./commands/ls-tree.js')).lsTreeCommand,
  },
  {
    name: 'merge-base',
    summary: 'find where histories went apart',
    load: async () => (await import('./commands/merge-base.js')).mergeBaseCommand,
  },
  {
    name: 'merge-tree',
    summary: 'merge two commits, and write the tree',
    load: async () => (await import('./commands/merge-tree.js')).mergeTreeCommand,
  },
  {
    name: 'mktag',
    summary: 'make a tag of its text, checked',
    load: async () => (await import('./commands/mktag.js')).mktagCommand,
  },
  {
    name: 'mktree',
    summary: 'make a tree of a listing',
    load: async () => (await import('./commands/mktree.js')).mktreeCommand,
  },
  {
    name: 'multi-pack-index',
    summary: 'write and verify the index over several packs',
    load: async () => (await import('./commands/multi-pack-index.js')).multiPackIndexCommand,
  },
  {
    name: 'pack-objects',
    summary: 'write a pack of objects, with deltas',
    load: async () => (await import('./commands/pack-objects.js')).packObjectsCommand,
  },
  {
    name: 'pack-refs',
    summary: 'move loose refs into packed-refs',
    load: async () => (await import('./commands/pack-refs.js')).packRefsCommand,
  },
  {
    name: 'prune',
    summary: 'remove loose objects that nothing leads to',
    load: async () => (await import('./commands/prune.js')).pruneCommand,
  },
  {
    name: 'push',
    summary: 'send refs and objects to a remote',
    load: async () => (await import('./commands/push.js')).pushCommand,
  },
  {
    name: 'receive-pack',
    summary: 'take in a push over standard input and output',
    load: async () => (await import('./commands/serve-stdio.js')).receivePackCommand,
  },
  {
    name: 'reflog',
    summary: 'show and shorten the logs of refs',
    load: async () => (await import('./commands/reflog.js')).reflogCommand,
  },
  {
    name: 'remote',
    summary: 'list, add, change and remove remotes',
    load: async () => (await import('./commands/remote.js')).remoteCommand,
  },
  {
    name: 'repack',
    summary: 'put objects into fewer packs',
    load: async () => (await import('./commands/repack.js')).repackCommand,
  },
  {
    name: 'rev-list',
    summary: 'list the commits, and other objects, that some reach and others do not',
    load: async () => (await import('./commands/rev-list.js')).revListCommand,
  },
  {
    name: 'rev-parse',
    summary: 'read revisions, and tell about the repository',
    load: async () => (await import('./commands/rev-parse.js')).revParseCommand,
  },
  {
    name: 'send-pack',
    summary: 'send refs and objects to a repository, by its address',
    load: async () => (await import('./commands/send-pack.js')).sendPackCommand,
  },
  {
    name: 'serve',
    summary: 'serve the bare repositories under a folder over smart HTTP',
    load: async () => (await import('./commands/serve.js')).serveCommand,
  },
  {
    name: 'show-index',
    summary: 'list what an index of a pack holds',
    load: async () => (await import('./commands/show-index.js')).showIndexCommand,
  },
  {
    name: 'show-ref',
    summary: 'list the refs here, and look whether some are there',
    load: async () => (await import('./commands/show-ref.js')).showRefCommand,
  },
  {
    name: 'symbolic-ref',
    summary: 'read, change and delete refs that point to refs',
    load: async () => (await import('./commands/symbolic-ref.js')).symbolicRefCommand,
  },
  {
    name: 'unpack-objects',
    summary: 'write the objects of a pack on standard input one by one',
    load: async () => (await import('./commands/unpack-objects.js')).unpackObjectsCommand,
  },
  {
    name: 'update-ref',
    summary: 'change, create and delete refs, several at once',
    load: async () => (await import('./commands/update-ref.js')).updateRefCommand,
  },
  {
    name: 'upload-pack',
    summary: 'answer a fetch over standard input and output',
    load: async () => (await import('./commands/serve-stdio.js')).uploadPackCommand,
  },
  {
    name: 'verify-commit',
    summary: 'check the SSH signatures of commits',
    load: async () => (await import('./commands/verify-commit.js')).verifyCommitCommand,
  },
  {
    name: 'verify-pack',
    summary: 'check packs against their indexes, and list them',
    load: async () => (await import('./commands/verify-pack.js')).verifyPackCommand,
  },
  {
    name: 'verify-tag',
    summary: 'check the SSH signatures of tags',
    load: async () => (await import('./commands/verify-commit.js')).verifyTagCommand,
  },
];
