/** The commands that are simulated: a row each. */
import type { Command } from "../command.ts";
import { apiResources, apiVersions } from "./api-resources.ts";
import { completion } from "./completion.ts";
import { configSetCommands } from "./config-set.ts";
import { configViewCommands } from "./config-view.ts";
import { describeCommand } from "./describe.ts";
import { eventsCommand } from "./events.ts";
import { explainCommand } from "./explain.ts";
import { get } from "./get.ts";
import { pluginList } from "./plugin.ts";
import { topCommands } from "./top.ts";
import { clusterInfo, options, version } from "./version.ts";

const commands: readonly Command[] = [
  apiResources,
  apiVersions,
  clusterInfo,
  completion,
  ...configSetCommands,
  ...configViewCommands,
  describeCommand,
  eventsCommand,
  explainCommand,
  get,
  options,
  pluginList,
  ...topCommands,
  version,
];

const byPath = new Map(commands.map((command) => [command.path, command]));

/** A command by its words after `kubectl`; undefined: it only has subcommands, or is not simulated. */
export const commandAt = (path: string): Command | undefined => byPath.get(path);
