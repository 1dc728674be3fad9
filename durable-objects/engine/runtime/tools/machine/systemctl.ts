/** systemctl: services of the node. systemd: src/systemctl */
import type { Program } from "../../kernel/types.ts";
import { journalLines } from "../../node/journal.ts";
import {
  enableService,
  isActive,
  service,
  serviceRecord,
  startService,
  stopService,
} from "../../node/services.ts";
import { type Unit, unitFolder, unitNamed, units } from "../../node/units.ts";
import { formatDate } from "../system/date.ts";
import { decodeUtf8, encodeUtf8 } from "../../bytes.ts";
import { options } from "../options.ts";
import { type Io, tool } from "../tool.ts";
import { shortLine } from "./journalctl.ts";

const nodeOf = (io: Io): string => io.sys.kernel.pod.pod.node;

const isEnabled = (io: Io, unit: Unit): boolean =>
  !serviceRecord(io.sys.kernel.context.records, nodeOf(io), unit.name)?.disabled;

const full = (name: string): string => (name.includes(".") ? name : `${name}.service`);

function since(io: Io, ms: number): string {
  const passed = Math.max(0, Math.floor((io.sys.now - ms) / 1000));
  const minutes = Math.floor(passed / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const ago =
    days > 0
      ? `${days} day${days > 1 ? "s" : ""}`
      : hours > 0
        ? `${hours}h${minutes % 60 ? ` ${minutes % 60}min` : ""}`
        : minutes > 0
          ? `${minutes}min${passed % 60 && minutes < 60 ? ` ${passed % 60}s` : ""}`
          : `${passed}s`;
  return `${formatDate("%a %Y-%m-%d %H:%M:%S", ms)} UTC; ${ago} ago`;
}

const activity = {
  active: "active (running)",
  inactive: "inactive (dead)",
  "auto-restart": "activating (auto-restart) (Result: exit-code)",
};

function statusOf(io: Io, unit: Unit, lines: number): void {
  const { context } = io.sys.kernel;
  const node = nodeOf(io);
  const { state, sinceMs, pid } = service(context, node, unit.name);
  const path = `${unitFolder}/${unit.name}.service`;
  const put = (name: string, text: string): void => io.out(`${name.padStart(12)} ${text}\n`);
  io.out(`${state === "inactive" ? "○" : "●"} ${unit.name}.service - ${unit.description}\n`);
  put(
    "Loaded:",
    `loaded (${path}; ${isEnabled(io, unit) ? "enabled" : "disabled"}; preset: enabled)`,
  );
  if (unit.dropIn) {
    put("Drop-In:", `${path}.d`);
    io.out(`             └─${unit.dropIn.name}\n`);
  }
  put("Active:", `${activity[state]} since ${since(io, sinceMs)}`);
  unit.documentation.forEach((text, i) => put(i === 0 ? "Docs:" : "", text));
  const command = unit.words.join(" ");
  const name = (unit.words[0] ?? "").split(/[ :]/)[0]?.split("/").at(-1);
  if (state === "active") {
    put("Main PID:", `${pid} (${name})`);
    put("Memory:", `${unit.megabytes}M`);
    put("CGroup:", `/system.slice/${unit.name}.service`);
    io.out(`             └─${pid} ${command}\n`);
  } else {
    const code = state === "inactive" ? "0/SUCCESS" : "1/FAILURE";
    put("Process:", `${pid} ExecStart=${command} (code=exited, status=${code})`);
    put("Main PID:", `${pid} (code=exited, status=${code})`);
  }
  const said = journalLines(context, node).filter((line) => line.unit === unit.name);
  if (lines > 0 && said.length > 0) io.out("\n");
  if (lines > 0) for (const line of said.slice(-lines)) io.out(`${shortLine(line, node)}\n`);
}

function status(io: Io, names: string[], lines: number): number {
  let code = 0;
  names.forEach((name, i) => {
    const unit = unitNamed(name);
    if (!unit) {
      io.err(`Unit ${full(name)} could not be found.\n`);
      code = 4;
      return;
    }
    if (i > 0) io.out("\n");
    statusOf(io, unit, lines);
    if (!isActive(io.sys.kernel.context, nodeOf(io), unit.name)) code ||= 3;
  });
  return code;
}

/** Only root may; units that are not there, and those of which Podyard simulates no stop, are refused. */
function changed(io: Io, verb: string, names: string[], act: (unit: Unit) => void): number {
  if (io.sys.who.uid !== 0) {
    io.err(`Failed to ${verb} ${full(names[0] ?? "")}: Access denied\n`);
    return 4;
  }
  let code = 0;
  for (const name of names) {
    const unit = unitNamed(name);
    if (!unit) {
      const reason = verb === "stop" ? "not loaded" : "not found";
      io.err(`Failed to ${verb} ${full(name)}: Unit ${full(name)} ${reason}.\n`);
      code = 5;
    } else if (unit.stays && verb !== "start") {
      io.err(`Failed to ${verb} ${full(name)}: Podyard simulates no stop of this unit.\n`);
      code = 1;
    } else act(unit);
  }
  return code;
}

const wants = "/etc/systemd/system/multi-user.target.wants";

function enable(io: Io, names: string[], on: boolean, now: boolean): number {
  const { context } = io.sys.kernel;
  const node = nodeOf(io);
  for (const name of names) {
    const unit = unitNamed(name);
    if (!unit) {
      io.err(`Failed to ${on ? "enable" : "disable"} unit: Unit ${full(name)} does not exist\n`);
      return 1;
    }
    if (io.sys.who.uid !== 0) {
      io.err(`Failed to ${on ? "enable" : "disable"} unit: Access denied\n`);
      return 1;
    }
    if (isEnabled(io, unit) !== on) {
      const link = `${wants}/${unit.name}.service`;
      io.err(
        on
          ? `Created symlink '${link}' → '${unitFolder}/${unit.name}.service'.\n`
          : `Removed '${link}'.\n`,
      );
      enableService(context, node, unit.name, on);
    }
  }
  if (!now) return 0;
  return on ? start(io, "start", names) : stop(io, names);
}

function start(io: Io, verb: string, names: string[]): number {
  const { context } = io.sys.kernel;
  const node = nodeOf(io);
  return changed(io, verb, names, ({ name }) => {
    const runs = isActive(context, node, name);
    if (runs && verb === "start") return;
    if (runs) stopService(context, node, name);
    startService(context, node, name);
  });
}

function stop(io: Io, names: string[]): number {
  const { context } = io.sys.kernel;
  const node = nodeOf(io);
  return changed(io, "stop", names, ({ name }) => {
    if (service(context, node, name).state !== "inactive") stopService(context, node, name);
  });
}

const words = { active: "active", inactive: "inactive", "auto-restart": "activating" };

function isActiveVerb(io: Io, names: string[], quiet: boolean): number {
  let code = names.length ? 4 : 0;
  for (const name of names) {
    const unit = unitNamed(name);
    const state = unit ? service(io.sys.kernel.context, nodeOf(io), unit.name).state : "inactive";
    if (!quiet) io.out(`${words[state]}\n`);
    if (state === "active") code = 0;
    else if (unit && code !== 0) code = 3;
  }
  return code;
}

function isEnabledVerb(io: Io, names: string[], quiet: boolean): number {
  let code = 1;
  for (const name of names) {
    const unit = unitNamed(name);
    const word = unit ? (isEnabled(io, unit) ? "enabled" : "disabled") : "not-found";
    if (!quiet) io.out(`${word}\n`);
    if (word === "enabled") code = 0;
    else if (word === "not-found") code = 4;
  }
  return code;
}

function listUnits(io: Io, legend: boolean): number {
  const { context } = io.sys.kernel;
  const rows = units
    .map(({ name, description }) => {
      const { state } = service(context, nodeOf(io), name);
      const sub = state === "active" ? "running" : state === "inactive" ? "dead" : "auto-restart";
      return { name: `${name}.service`, active: words[state], sub, description };
    })
    .filter(({ active }) => active !== "inactive");
  const width = (key: "name" | "active" | "sub", least: number): number =>
    Math.max(least, ...rows.map((row) => row[key].length));
  const [a, b, c] = [width("name", 4), width("active", 6), width("sub", 3)];
  if (legend)
    io.out(`  ${"UNIT".padEnd(a)} LOAD   ${"ACTIVE".padEnd(b)} ${"SUB".padEnd(c)} DESCRIPTION\n`);
  for (const row of rows)
    io.out(
      `  ${row.name.padEnd(a)} loaded ${row.active.padEnd(b)} ${row.sub.padEnd(c)} ${row.description}\n`,
    );
  if (legend) {
    io.out("\nLegend: LOAD   → Reflects whether the unit definition was properly loaded.\n");
    io.out("        ACTIVE → The high-level unit activation state, i.e. generalization of SUB.\n");
    io.out("        SUB    → The low-level unit activation state, values depend on unit type.\n\n");
    io.out(`${rows.length} loaded units listed.\n`);
  }
  return 0;
}

function catUnit(io: Io, names: string[]): number {
  let code = 0;
  for (const name of names) {
    const unit = unitNamed(name);
    if (!unit) {
      io.err(`No files found for ${full(name)}.\n`);
      code = 1;
      continue;
    }
    const path = `${unitFolder}/${unit.name}.service`;
    const files = [path, ...(unit.dropIn ? [`${path}.d/${unit.dropIn.name}`] : [])];
    io.out(files.map((file) => `# ${file}\n${decodeUtf8(io.sys.readFile(file))}`).join("\n"));
  }
  return code;
}

const long = {
  now: "N",
  "no-pager": "P",
  quiet: "q",
  full: "l",
  lines: "n",
  type: "t",
  all: "a",
  "no-legend": "L",
  state: "s",
};

function run(io: Io): number {
  const opts = options(io, "NPqln:t:aLs:", long);
  const [verb = "list-units", ...names] = opts.rest;
  const needed = (): void => void (names.length || io.fail("Too few arguments."));
  switch (verb) {
    case "list-units":
      return listUnits(io, !opts.has("L"));
    case "daemon-reload":
    case "reset-failed":
      return 0;
    case "status": {
      const shown = names.length ? names : units.map(({ name }) => name);
      return status(io, shown, Number(opts.value("n") ?? 10));
    }
    case "start":
    case "restart":
      needed();
      return start(io, verb, names);
    case "stop":
      needed();
      return stop(io, names);
    case "enable":
    case "disable":
      needed();
      return enable(io, names, verb === "enable", opts.has("N"));
    case "is-active":
      return isActiveVerb(io, names, opts.has("q"));
    case "is-enabled":
      return isEnabledVerb(io, names, opts.has("q"));
    case "is-failed":
      return 1;
    case "cat":
      needed();
      return catUnit(io, names);
    default:
      io.err(`Unknown command verb '${verb}'.\n`);
      return 1;
  }
}

export const systemctl: Program = tool("systemctl", (io) => {
  const code = run(io);
  for (const part of io.pending) part[1] = encodeUtf8(part[1]);
  return code;
});
