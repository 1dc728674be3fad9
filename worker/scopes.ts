/** What an API token may be allowed; a route names the one that it needs, and has none where no token may. */
export const scopes = [
  "account:read",
  "sandboxes:read",
  "sandboxes:write",
  "snapshots:read",
  "snapshots:write",
  "scenarios:read",
  "scenarios:write",
] as const;

export type Scope = (typeof scopes)[number];
