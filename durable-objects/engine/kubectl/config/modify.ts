/** Changes of kubeconfigs, each written to the file where its entry lies. k8s: client-go/tools/clientcmd/config.go ModifyConfig */
import { equal } from "../../core/equal.ts";
import { folderOf, trimEndOf } from "../../core/trim.ts";
import { stat, workingFolder } from "../asks.ts";
import type { Flags } from "../flags.ts";
import type { Work } from "../work.ts";
import {
  configFiles,
  loadConfig,
  loadFile,
  saveFile,
  type ConfigFiles,
  type KubeConfig,
} from "./kubeconfig.ts";

export interface Opened {
  files: ConfigFiles;
  config: KubeConfig;
  /** Where new entries go: the file that messages name. */
  target: string;
}

/** What the files of a command line say, to be changed. */
export function* openConfig(flags: Flags): Work<Opened> {
  const files = yield* configFiles(flags);
  const { config } = yield* loadConfig(files);
  return { files, config, target: yield* targetOf(files) };
}

function* targetOf(files: ConfigFiles): Work<string> {
  if (files.explicit) return files.explicit;
  for (const file of files.precedence) if (file !== "" && (yield* stat(file))) return file;
  return files.precedence.at(-1) ?? "";
}

export const copyOf = (config: KubeConfig): KubeConfig =>
  JSON.parse(JSON.stringify(config)) as KubeConfig;

const lists = ["clusters", "contexts", "users"] as const;

/** Writes what differs. */
export function* saveChanges(opened: Opened, changed: KubeConfig): Work<void> {
  const { config, target, files } = opened;
  const byFile = new Map<string, KubeConfig>();
  const open = function* (file: string): Work<KubeConfig> {
    const known = byFile.get(file) ?? (yield* loadFile(file));
    byFile.set(file, known);
    return known;
  };
  if (config.currentContext !== changed.currentContext) {
    const file = changed.currentContext === "" ? yield* holderOf(files, target) : target;
    (yield* open(file)).currentContext = changed.currentContext;
  }
  for (const list of lists) {
    const names = new Set([...Object.keys(config[list]), ...Object.keys(changed[list])]);
    for (const name of names) {
      const [before, after] = [config[list][name], changed[list][name]];
      if (equal(before, after)) continue;
      const file = config.origin[`${list}/${name}`] || target;
      const one = yield* open(file);
      if (after === undefined) delete one[list][name];
      else one[list][name] = (yield* relative(after, file)) as never;
    }
  }
  for (const [file, one] of byFile) yield* saveFile(file, one);
}

/** The first file that sets the current context. */
function* holderOf(files: ConfigFiles, target: string): Work<string> {
  if (files.explicit) return files.explicit;
  for (const file of files.precedence)
    if ((yield* stat(file)) && (yield* loadFile(file)).currentContext !== "") return file;
  return target;
}

const pathFields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/** Paths below the file's folder are written as seen from there. */
function* relative(entry: Record<string, unknown>, file: string): Work<Record<string, unknown>> {
  const folder = trimEndOf(folderOf(yield* absolute(file)), "/");
  const out = { ...entry };
  for (const field of pathFields) {
    const value = out[field];
    if (typeof value !== "string" || value === "") continue;
    const full = yield* absolute(value);
    out[field] = full.startsWith(`${folder}/`) ? full.slice(folder.length + 1) : value;
  }
  return out;
}

/** filepath.Abs */
export function* absolute(path: string): Work<string> {
  if (path === "") return "";
  const full = path.startsWith("/") ? path : `${yield* workingFolder()}/${path}`;
  const parts: string[] = [];
  for (const part of full.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
