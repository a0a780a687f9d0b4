import type { PushCommand, Service } from '@git-kv/protocol';

/** One ref change a push asks for; `null` where the ref is (to be) absent. */
export type RequestedChange = PushCommand;

/** What somebody asks to do. */
export interface Access {
  readonly service: Service;
  /** The repository's path as it stands in the URL, without a slash at either end. */
  readonly path: string;
  readonly request: Request;
  /**
   * The ref changes of a push. Absent while only the route is known: a push is asked about twice, once for the route and once,
   * when the whole request is parsed, with every ref it would change.
   */
  readonly changes?: readonly RequestedChange[];
}

/**
 * `allow` may say who it is, for the hooks of a push. `authenticate` answers 401 and makes the client ask for credentials; `deny`
 * answers 403 with the reason.
 */
export type AccessDecision<Identity = unknown> =
  | { readonly kind: 'allow'; readonly identity?: Identity }
  | { readonly kind: 'authenticate'; readonly realm: string }
  | { readonly kind: 'deny'; readonly reason: string };

/** Decides what a request may do. An error thrown while deciding is a refusal. */
export type Authorize<Identity = unknown> = (
  access: Access,
) => AccessDecision<Identity> | Promise<AccessDecision<Identity>>;

/** The default: everybody may fetch, nobody may push. */
export const readOnly = ({ service }: { readonly service: Service }): AccessDecision<never> =>
  service === 'git-upload-pack' ? { kind: 'allow' } : { kind: 'deny', reason: 'pushes are not enabled on this server' };

/** Everybody may fetch and push. For loopback, tests and demos. */
export const allowAll = (): AccessDecision<never> => ({ kind: 'allow' });
