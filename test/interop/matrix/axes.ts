// What is combined, and what cannot be.
import type { ProtocolVersion } from '@git-kv/protocol';
import type { ObjectFormat } from '../../support/git-process.js';

/** Who asks. */
export const CLIENTS = ['git', 'isomorphic-git', 'ours'] as const;

/** Who answers: by whom it is made, and what it speaks over. */
export const SERVERS = [
  { name: 'git-http-backend', maker: 'git', transport: 'http' },
  { name: 'git-daemon', maker: 'git', transport: 'git' },
  { name: 'sshd', maker: 'git', transport: 'ssh' },
  { name: 'our-http', maker: 'ours', transport: 'http' },
  { name: 'our-ssh', maker: 'ours', transport: 'ssh' },
  { name: 'our-git', maker: 'ours', transport: 'git' },
  { name: 'our-stdio', maker: 'ours', transport: 'stdio' },
] as const;

/** What is done. */
export const OPERATIONS = [
  'clone',
  'fetch',
  'incremental fetch',
  'push',
  'delete',
  'shallow',
  'deepen',
  'unshallow',
  'partial',
  'tags',
  '10,000 refs',
  'empty repository',
  'unborn HEAD',
] as const;

export const VERSIONS: readonly ProtocolVersion[] = [0, 1, 2];
export const FORMATS: readonly ObjectFormat[] = ['sha1', 'sha256'];

export type ClientName = (typeof CLIENTS)[number];
export type ServerKind = (typeof SERVERS)[number];
export type ServerName = ServerKind['name'];
export type Operation = (typeof OPERATIONS)[number];

/** One cell of the matrix. */
export interface Combination {
  readonly client: ClientName;
  readonly server: ServerKind;
  readonly version: ProtocolVersion;
  readonly format: ObjectFormat;
  readonly operation: Operation;
}

/** What stands in the titles of tests, and in results. */
export const describeCombination = ({ client, server, version, format, operation }: Combination): string =>
  `${operation}: ${client} of ${server.name}, v${version}, ${format}`;

/** Why a cell is empty: the first that holds is told. */
const RULES: readonly (readonly [reason: string, holds: (one: Combination) => boolean])[] = [
  [
    'isomorphic-git speaks HTTP only',
    ({ client, server }) => client === 'isomorphic-git' && server.transport !== 'http',
  ],
  ['isomorphic-git knows no sha256', ({ client, format }) => client === 'isomorphic-git' && format === 'sha256'],
  ['isomorphic-git never asks for version 1', ({ client, version }) => client === 'isomorphic-git' && version === 1],
  [
    'isomorphic-git asks for version 2 where it lists refs, and for nothing else',
    ({ client, version, operation }) => client === 'isomorphic-git' && version === 2 && operation !== '10,000 refs',
  ],
  [
    'isomorphic-git clones nothing where HEAD names no branch',
    ({ client, operation }) => client === 'isomorphic-git' && operation === 'unborn HEAD',
  ],
  ['isomorphic-git has no filters', ({ client, operation }) => client === 'isomorphic-git' && operation === 'partial'],
  [
    'version 2 has no push: clients ask for version 0, which is another cell',
    ({ version, operation }) => version === 2 && (operation === 'push' || operation === 'delete'),
  ],
];

/** Every cell, or those of some servers, and how many are empty for which reason. */
export function allCombinations(servers: readonly ServerKind[] = SERVERS): {
  readonly valid: readonly Combination[];
  readonly excluded: ReadonlyMap<string, number>;
} {
  const valid: Combination[] = [];
  const excluded = new Map<string, number>();
  for (const client of CLIENTS)
    for (const server of servers)
      for (const version of VERSIONS)
        for (const format of FORMATS)
          for (const operation of OPERATIONS) {
            const one = { client, server, version, format, operation };
            const reason = RULES.find(([, holds]) => holds(one))?.[0];
            if (reason === undefined) valid.push(one);
            else excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
          }
  return { valid, excluded };
}
