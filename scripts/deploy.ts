import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { configFor, noDatabase, type Deployment } from "./deploy-config.ts";
import { root } from "./root.ts";
import { measureStartUp, toldStartUp } from "./start-up.ts";

/**
 * `npm run deploy`: from an empty Cloudflare account to a running service. Safe to repeat: what is there is found again.
 * PODYARD_DOMAIN and the variables of DEPLOY.md in the environment are taken over. What it finds is written into
 * wrangler.deploy.toml, never into wrangler.toml.
 */

const wrangler = path.join(root, "node_modules/.bin/wrangler");
const file = path.join(root, "wrangler.deploy.toml");

/** Asks in the terminal where wrangler asks; with `read`, answers what it printed. */
function run(args: string[], read = false): string {
  const done = spawnSync(wrangler, args, {
    cwd: root,
    stdio: ["inherit", read ? "pipe" : "inherit", "inherit"],
    encoding: "utf8",
  });
  if (done.status !== 0) {
    console.error(`wrangler ${args.join(" ")} failed; mend what it says and repeat npm run deploy`);
    process.exit(1);
  }
  return done.stdout ?? "";
}

function signIn(): void {
  if (process.env["CLOUDFLARE_API_TOKEN"]) return;
  const known = spawnSync(wrangler, ["whoami"], { cwd: root, encoding: "utf8" });
  if (known.status !== 0 || /not authenticated/i.test(known.stdout)) run(["login"]);
}

function databaseId(name: string): string {
  const find = (): string | undefined => {
    const all = JSON.parse(run(["d1", "list", "--json"], true)) as { name: string; uuid: string }[];
    return all.find((one) => one.name === name)?.uuid;
  };
  const before = find();
  if (before !== undefined) return before;
  run(["d1", "create", name]);
  const made = find();
  if (made === undefined) throw new Error(`the database ${name} was made and is not listed`);
  return made;
}

function makeBuckets(names: string[]): void {
  if (names.length === 0) return;
  const listed = run(["r2", "bucket", "list"], true);
  const there = new Set([...listed.matchAll(/^name:\s*(\S+)$/gm)].map(([, name]) => name));
  for (const name of names) if (!there.has(name)) run(["r2", "bucket", "create", name]);
}

const wanted = readFileSync(path.join(root, "wrangler.toml"), "utf8");
const deployment: Deployment = {
  databaseId: noDatabase,
  domain: process.env["PODYARD_DOMAIN"] || undefined,
  contentZone: process.env["USER_CONTENT_ZONE"] || undefined,
  variables: process.env,
};
if (process.argv.includes("--dry-run")) {
  writeFileSync(file, configFor(wanted, deployment).text);
  run(["deploy", "--dry-run", "--config", file]);
  console.log(toldStartUp(measureStartUp(file)));
} else {
  signIn();
  // The button of DEPLOY.md has provisioned one already, and written it down.
  if (wanted.includes(noDatabase)) deployment.databaseId = databaseId("podyard");
  const { text, buckets, secrets } = configFor(wanted, deployment);
  makeBuckets(buckets);
  writeFileSync(file, text);
  run(["d1", "migrations", "apply", "DB", "--remote", "--config", file]);
  const listed = spawnSync(wrangler, ["secret", "list", "--config", file], {
    cwd: root,
    encoding: "utf8",
  });
  for (const name of secrets) {
    // A Worker that was never deployed has none.
    if (listed.status !== 0 || !listed.stdout.includes(`"${name}"`)) {
      run(["secret", "put", name, "--config", file]);
    }
  }
  if (!existsSync(path.join(root, "dist/web/index.html"))) throw new Error("npm run build first");
  run(["deploy", "--config", file]);
}
