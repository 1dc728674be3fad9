/** The commands that are simulated: a row each. */
import type { Command } from "../command.ts";
import { apiResources, apiVersions } from "./api-resources.ts";
import { apply } from "./apply.ts";
import { applyLastAppliedCommands } from "./apply-last-applied.ts";
import { completion } from "./completion.ts";
import { configSetCommands } from "./config-set.ts";
import { configViewCommands } from "./config-view.ts";
import { diff } from "./diff.ts";
import { editCommands } from "./edit.ts";
import { execCommands } from "./exec.ts";
import { get } from "./get.ts";
import { kustomize } from "./kustomize.ts";
import { logs } from "./logs.ts";
import { patch } from "./patch.ts";
import { pluginList } from "./plugin.ts";
import { replace } from "./replace.ts";
import { clusterInfo, options, version } from "./version.ts";
import { wait } from "./wait.ts";

const commands: readonly Command[] = [
  apiResources,
  apiVersions,
  apply,
  ...applyLastAppliedCommands,
  clusterInfo,
  completion,
  ...configSetCommands,
  ...configViewCommands,
  diff,
  ...editCommands,
  ...execCommands,
  get,
  kustomize,
  logs,
  options,
  patch,
  pluginList,
  replace,
  version,
  wait,
];

const byPath = new Map(commands.map((command) => [command.path, command]));

/** A command by its words after `kubectl`; undefined: it only has subcommands, or is not simulated. */
export const commandAt = (path: string): Command | undefined => byPath.get(path);
