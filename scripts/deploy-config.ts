/** What `npm run deploy` makes of wrangler.toml for one account. */

export interface Deployment {
  databaseId: string;
  /** Host of the service; absent: its workers.dev name. */
  domain: string | undefined;
  /** Zone of the account in which USER_CONTENT_DOMAIN lies; absent: it is a zone itself. */
  contentZone?: string | undefined;
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
  { databaseId, domain, contentZone, variables }: Deployment,
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
  const routes = routesFor(domain, set.get("USER_CONTENT_DOMAIN") ?? "", contentZone);
  if (routes.length > 0) {
    // With a route alone the name below workers.dev would go.
    const more = `routes = [${routes.join(", ")}]\nworkers_dev = ${domain === undefined}`;
    text = text.replace(/^main = .*$/m, (line) => `${line}\n${more}`);
  }
  if (secrets.length > 0) text += `\n[secrets]\nrequired = ${JSON.stringify(secrets)}\n`;
  return { text, secrets, buckets };
}

/** A Custom Domain takes no wildcard: hosts of users' content are a route, whose DNS record the operator makes. */
function routesFor(
  domain: string | undefined,
  content: string,
  zone: string | undefined,
): string[] {
  const routes: string[] = [];
  if (domain !== undefined) {
    routes.push(`{ pattern = ${JSON.stringify(domain)}, custom_domain = true }`);
  }
  if (content !== "") {
    const [pattern, name] = [`*.${content}/*`, zone ?? content].map((text) => JSON.stringify(text));
    routes.push(`{ pattern = ${pattern}, zone_name = ${name} }`);
  }
  return routes;
}
