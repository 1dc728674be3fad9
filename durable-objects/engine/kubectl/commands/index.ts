/** The commands that are simulated: a row each. */
import type { Command } from "../command.ts";
import { apiResources, apiVersions } from "./api-resources.ts";
import { apply } from "./apply/apply.ts";
import { applyLastAppliedCommands } from "./apply/last-applied.ts";
import { clusterInfoDump } from "./cluster-info-dump.ts";
import { completion } from "./completion.ts";
import { cp } from "./pod/cp.ts";
import { configSetCommands } from "./config-set.ts";
import { configViewCommands } from "./config-view.ts";
import { describeCommand } from "./describe.ts";
import { eventsCommand } from "./events.ts";
import { explainCommand } from "./explain.ts";
import { autoscale } from "./autoscale.ts";
import { authCommands } from "./auth.ts";
import { certificateCommands } from "./certificate.ts";
import { create } from "./create/create.ts";
import { createAccess } from "./create/access.ts";
import { createConfigs } from "./create/config.ts";
import { createPolicies } from "./create/policy.ts";
import { createServices } from "./create/service.ts";
import { createWorkloads } from "./create/workload.ts";
import { debug } from "./pod/debug.ts";
import { deleteCommand } from "./delete.ts";
import { nodeCommands } from "./drain.ts";
import { expose } from "./expose.ts";
import { get } from "./get.ts";
import { annotate, label } from "./label.ts";
import { pluginList } from "./plugin.ts";
import { topCommands } from "./top.ts";
import { rolloutCommands } from "./rollout.ts";
import { run } from "./pod/run.ts";
import { scale } from "./scale.ts";
import { setCommands } from "./set.ts";
import { taint } from "./taint.ts";
import { diff } from "./diff.ts";
import { editCommands } from "./edit.ts";
import { execCommands } from "./pod/exec.ts";
import { kubercCommands } from "./kuberc.ts";
import { kustomize } from "./kustomize.ts";
import { logs } from "./pod/logs.ts";
import { patch } from "./patch.ts";
import { portForward } from "./pod/port-forward.ts";
import { proxy } from "./proxy.ts";
import { replace } from "./replace.ts";
import { clusterInfo, options, version } from "./version.ts";
import { wait } from "./wait.ts";

const commands: readonly Command[] = [
  apiResources,
  apiVersions,
  apply,
  ...applyLastAppliedCommands,
  clusterInfo,
  clusterInfoDump,
  completion,
  cp,
  ...configSetCommands,
  ...configViewCommands,
  describeCommand,
  eventsCommand,
  explainCommand,
  annotate,
  ...authCommands,
  autoscale,
  ...certificateCommands,
  create,
  ...createAccess,
  ...createConfigs,
  ...createPolicies,
  ...createServices,
  ...createWorkloads,
  debug,
  deleteCommand,
  expose,
  get,
  label,
  ...nodeCommands,
  diff,
  ...editCommands,
  ...execCommands,
  ...kubercCommands,
  kustomize,
  logs,
  options,
  patch,
  pluginList,
  portForward,
  proxy,
  ...topCommands,
  ...rolloutCommands,
  run,
  scale,
  ...setCommands,
  taint,
  replace,
  version,
  wait,
];

const byPath = new Map(commands.map((command) => [command.path, command]));

/** A command by its words after `kubectl`; undefined: it only has subcommands, or is not simulated. */
export const commandAt = (path: string): Command | undefined => byPath.get(path);
