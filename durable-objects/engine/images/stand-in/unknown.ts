/** Images nobody described: what is in them, by the table of those of which something is known. */
import { buildLayer, type Layer } from "../../runtime/fs/layer.ts";
import type { Program } from "../../runtime/kernel/types.ts";
import type { ImageReference } from "../../machinery/image-reference.ts";
import {
  alpineFiles,
  busyboxFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
  type FileTable,
} from "../../runtime/image/base-files.ts";
import { argocdPrograms } from "../argocd.ts";
import { metallbPrograms } from "../metallb.ts";
import { vaultPrograms } from "../vault.ts";
import { quorumPrograms } from "../quorums.ts";
import { commandEntry } from "../command-entry.ts";
import type { ImageVersion } from "../../runtime/image/image.ts";
import { describedImage } from "../described-image.ts";
import { oneShot } from "./one-shot.ts";
import { redhatFiles, redhatReleases } from "../distributions/redhat.ts";
import { standInServer } from "./stand-in.ts";
import { standIns, type Base, type StandIn } from "./image-facts.ts";
import { tcpEcho } from "../tcp-echo.ts";

/** User of an image that may run as any, where a Pod wants none that is root. */
const anyUser = "1000";

const rows = new Map<string, StandIn>();
for (const row of standIns)
  for (const name of row.names.split(" "))
    rows.set(/^[^/]*\./.test(name) ? name : `docker.io/${name}`, row);

/** What is known of a repository that is not simulated. */
export const standInOf = (repository: string): StandIn | undefined => rows.get(repository);

const usualTools = "curl dig host getent ss bash".split(" ");

function filesOf(base: Base): FileTable {
  switch (base) {
    case "busybox":
      return busyboxFiles;
    case "alpine":
      return alpineFiles("3.22.2");
    case "debian":
      return debianFiles(debianReleases.bookworm!);
    case "ubuntu":
      return debianFiles({ version: "24.04.3", codename: "noble", id: "ubuntu" });
    default:
      return redhatFiles(redhatReleases[base]!);
  }
}

function toolFiles(tools: readonly string[], base: Base): FileTable {
  const gnu = base !== "busybox" && base !== "alpine";
  const others: Record<string, string> = gnu ? { nslookup: "bind-nslookup", nc: "nc.openbsd" } : {};
  const files: FileTable = {};
  for (const word of tools) {
    const [name = "", program = name] = word.split("=");
    files[`/usr/bin/${name}`] = { program: others[program] ?? program };
  }
  return files;
}

/** What manifests copy out of an image: programs that stand in for it, and data that is nothing but there. */
function ownFiles(names = ""): FileTable {
  const files: FileTable = {};
  for (const word of names.split(" ").filter(Boolean)) {
    const [name = "", program] = word.split("=");
    if (program !== undefined) files[name] = { program };
    else if (name.endsWith("/")) files[name.slice(0, -1)] = { dir: true, mode: 0o777 };
    else files[name] = /\.\w+$/.test(name) ? "" : { program: "stand-in" };
  }
  return files;
}

const layers = new Map<string, Layer>();

/** Many images share a layer: it is its base and its tools that make one. */
function layerOf(row: StandIn | undefined): Layer {
  const base = row?.base ?? "busybox";
  const tools = [
    ...(row?.closed ? [] : usualTools),
    ...(row?.tools?.split(" ").filter(Boolean) ?? []),
  ];
  const user = /^[a-z]/.test(row?.user ?? "") && row?.user !== "nobody" ? row?.user : undefined;
  const accounts = [user, ...(row?.accounts?.split(" ") ?? [])].filter((one) => one !== undefined);
  const key = [base, accounts.join(), ...tools, row?.files ?? "", row?.workingDir ?? ""].join(" ");
  let layer = layers.get(key);
  if (!layer) {
    const files = filesOf(base);
    const passwd = files["/etc/passwd"] as string;
    layer = buildLayer(
      files,
      toolFiles(tools, base),
      { "/entrypoint": { program: "stand-in" } },
      ownFiles(row?.files),
      // A read-only root could not be given it.
      row?.workingDir ? { [row.workingDir]: { dir: true } } : {},
      accounts.length === 0
        ? {}
        : {
            "/etc/passwd": `${passwd}${accounts.map((one, i) => `${one}:x:${1000 + i}:${1000 + i}::/home/${one}:/bin/sh\n`).join("")}`,
          },
      runtimeFiles,
    );
    layers.set(key, layer);
  }
  return layer;
}

const versions = new Map<StandIn | undefined, Omit<ImageVersion, "version">>();

/** What an image that nobody described is taken to be: what is known of its name, and a server's outline. */
export function unknownVersion(reference?: ImageReference): ImageVersion {
  const row = reference && rows.get(`${reference.domain}/${reference.path}`);
  let common = versions.get(row);
  if (!common) {
    common = {
      entrypoint: row?.entrypoint ?? (row?.cmd ? [] : ["/entrypoint"]),
      cmd: row?.cmd ?? [],
      env: row?.env ?? {},
      ...(row?.user ? { user: row.user } : { nonRootUser: anyUser }),
      ...(row?.workingDir ? { workingDir: row.workingDir } : {}),
      ...(row?.ports ? { ports: row.ports } : {}),
      ...(row?.closed ? { complete: true as const } : {}),
      layer: layerOf(row),
      sizeBytes: 50_000_000,
    };
    versions.set(row, common);
  }
  return { version: reference?.tag ?? "latest", ...common };
}

export const unknownPrograms: Program[] = [
  standInServer,
  ...argocdPrograms,
  ...metallbPrograms,
  ...vaultPrograms,
  ...quorumPrograms,
  describedImage,
  oneShot,
  tcpEcho,
  commandEntry("bash-entrypoint", "/usr/local/bin/docker-entrypoint.sh: line 11", "bash"),
  commandEntry("stand-in-php-entrypoint", "/usr/local/bin/docker-php-entrypoint: 9", "php"),
];
