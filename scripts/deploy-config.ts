/** What `npm run deploy` makes of wrangler.toml for one account. */

export interface Deployment {
  databaseId: string;
  /** Host of the service; absent: its workers.dev name. */
  domain: string | undefined;
  /** Values for variables of `[vars]`, by name; others stay as they are. */
  variables: Record<string, string | undefined>;
}

export const noDatabase = "00000000-0000-0000-0000-000000000000";

/** A secret is asked for where the variable beside it is set. */
const secretOf: Record<string, string> = {
  TURNSTILE_SITE_KEY: "TURNSTILE_SECRET",
  GITHUB_CLIENT_ID: "GITHUB_CLIENT_SECRET",
  OIDC_CLIENT_ID: "OIDC_CLIENT_SECRET",
};

export function configFor(
  wanted: string,
  { databaseId, domain, variables }: Deployment,
): { text: string; secrets: string[]; buckets: string[] } {
  const set = new Map<string, string>();
  let text = wanted
    .replace(noDatabase, databaseId)
    .replaceAll(/^([A-Z][A-Z0-9_]+) = "(.*)"$/gm, (_line, name: string, preset: string) => {
      // The mode decides who is let in without a secret: it is never taken from somebody's shell.
      const value = name === "MODE" ? preset : (variables[name] ?? preset);
      set.set(name, value);
      return `${name} = ${JSON.stringify(value)}`;
    });
  const secrets = Object.entries(secretOf)
    .filter(([name]) => (set.get(name) ?? "") !== "")
    .map(([, secret]) => secret);
  const buckets = [...wanted.matchAll(/^bucket_name = "(.+)"$/gm)].map(([, name]) => name!);
  // Top-level keys stand before the first table.
  if (domain !== undefined) {
    const route = `routes = [{ pattern = ${JSON.stringify(domain)}, custom_domain = true }]`;
    text = text.replace(/^main = .*$/m, (line) => `${line}\n${route}\nworkers_dev = false`);
  }
  if (secrets.length > 0) text += `\n[secrets]\nrequired = ${JSON.stringify(secrets)}\n`;
  return { text, secrets, buckets };
}
