/** Who may do what with a sandbox: the one table. What happens inside the cluster its RBAC decides by the role's group. */

export type Role = "owner" | "editor" | "viewer";
export const roles: readonly Role[] = ["owner", "editor", "viewer"];

/** What a route may ask for; a route without a row here does not exist. */
const table = {
  /** Its description, timeline, past, and the Kubernetes API, where RBAC says the rest. */
  read: ["owner", "editor", "viewer"],
  fork: ["owner", "editor", "viewer"],
  /** Leave it, make keys of one's own for one's own role. */
  belong: ["owner", "editor", "viewer"],
  /** Run a command, open a terminal, see what its Services serve. */
  use: ["owner", "editor"],
  undo: ["owner", "editor"],
  snapshot: ["owner", "editor"],
  share: ["owner", "editor"],
  /** Members, keys of others, rename, reset, delete. */
  manage: ["owner"],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof table;
export const actions = Object.keys(table) as Action[];

export const mayDo = (role: Role, action: Action): boolean =>
  (table[action] as readonly Role[]).includes(role);

/** Whether who has the one may hand out the other. */
export const mayGrant = (own: Role, other: Role): boolean =>
  roles.indexOf(own) <= roles.indexOf(other);

/** Whether it may read Secrets, and so tokens of service accounts, which open the sandbox for whoever has them. */
export const knowsTokens = (role: Role): boolean => mayDo(role, "use");

export const isRole = (text: unknown): text is Role =>
  typeof text === "string" && (roles as readonly string[]).includes(text);
