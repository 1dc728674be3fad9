/**
 * Images a teacher describes by an object (kind Image, podyard.dev/v1). A container of one runs the unknown image's
 * entrypoint, which finds the object here and behaves as it says. What it says is kept by its content the moment a
 * container starts, as a pulled image stays what it is.
 */
import { takenByAll } from "../machinery/x509/certificate.ts";
import type { ImageRoute, ImageSpec } from "../kinds/podyard/image.ts";
import { fnv32a } from "../core/random.ts";
import { Errno } from "../runtime/errno.ts";
import { encodeUtf8 } from "../runtime/bytes.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import type { HttpAnswer, Step } from "../runtime/kernel/calls.ts";
import { behaviourOf } from "../runtime/image/image-object-lookup.ts";
import type { HttpRequest } from "../runtime/kernel/state.ts";
import { milliValue, value } from "../machinery/quantity.ts";
import { answer, goNotFound } from "./serving/small-server.ts";

const table = "image-specs";

interface State {
  /** Key of what it was told to be. */
  key: string;
  /** Ports are open. */
  up?: true;
  /** Bytes in use, and milli cores while idle. */
  memoryBytes?: number;
  cpuMilli?: number;
  exitCode?: number;
}

const specOf = (sys: Sys, state: State): ImageSpec =>
  sys.kernel.records.get<ImageSpec>(table, state.key) ?? { repository: "" };

/** `$(NAME)` is a variable of the container's environment, as in a Pod's command. */
const expand = (sys: Sys, text: string): string =>
  encodeUtf8(text).replace(
    /\$\(([A-Za-z_][\w.-]*)\)/g,
    (whole, name: string) => sys.env[name] ?? whole,
  );

/** Becomes the described image, when an object describes it. */
export function becomeDescribed(sys: Sys): boolean {
  const { records } = sys.kernel.context;
  const found = behaviourOf(sys);
  if (!found?.spec) return false;
  const text = JSON.stringify(found.spec);
  const key = `${found.metadata.name}-${fnv32a(text).toString(36)}-${text.length}`;
  if (records.get(table, key) === undefined) records.put(table, key, found.spec);
  sys.become("described-image", [...sys.argv], sys.env, "/entrypoint");
  (sys.process.state as State).key = key;
  return true;
}

const ms = (seconds: number | undefined): number => Math.round((seconds ?? 0) * 1000);

/** Bytes in use at a time after the start: the value of the last point before it. */
function memoryAt(spec: ImageSpec, age: number): number {
  let bytes = 16 * 1024 * 1024;
  for (const point of spec.memory ?? [])
    if (ms(point.afterSeconds) <= age) bytes = value(point.quantity);
  return bytes;
}

/** Moments, in ms after the start, at which something happens by itself. */
function moments(spec: ImageSpec): number[] {
  const out = [
    ms(spec.startSeconds),
    ...(spec.memory ?? []).map((point) => ms(point.afterSeconds)),
  ];
  for (const log of spec.logs ?? []) if (!log.everySeconds) out.push(ms(log.afterSeconds));
  const end = endsAt(spec);
  return end === undefined ? out : [...out, end];
}

/** When it ends by itself: a program with an exit code and nothing else is a task, and over at once. */
function endsAt(spec: ImageSpec): number | undefined {
  if (spec.crashAfterSeconds !== undefined) return ms(spec.crashAfterSeconds);
  return spec.exitCode === undefined ? undefined : ms(spec.startSeconds);
}

function openPorts(sys: Sys, spec: ImageSpec): boolean {
  for (const { port, protocol, tls } of spec.ports ?? []) {
    try {
      const secured = tls ? { tls, certificate: takenByAll } : {};
      if (protocol === "UDP") sys.listen(port, "u");
      else sys.listen(port, "h", secured);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(
        `listen ${protocol === "UDP" ? "udp" : "tcp"} :${port}: bind: ${error.message.toLowerCase()}\n`,
      );
      return false;
    }
  }
  return true;
}

/** Lines due by now; those that repeat are left to be computed when the log is read. */
function say(sys: Sys, spec: ImageSpec, from: number, upto: number): void {
  for (const log of spec.logs ?? []) {
    const at = ms(log.afterSeconds);
    if (at < from || at > upto || log.everySeconds) continue;
    sys.write(log.stream === "stderr" ? 2 : 1, `${expand(sys, log.text ?? "")}\n`);
  }
}

function beginRepeats(sys: Sys, spec: ImageSpec): void {
  const repeats = (spec.logs ?? [])
    .filter((log) => log.everySeconds)
    .map((log) => ({
      nextAtMs: sys.process.startedAtMs + ms(log.afterSeconds),
      everyMs: ms(log.everySeconds),
      stream: log.stream === "stderr" ? (2 as const) : (1 as const),
      text: expand(sys, log.text ?? ""),
      count: 0,
    }));
  if (repeats.length) sys.kernel.logs.recordOf(sys.process.container).repeats = repeats;
}

function matches(route: ImageRoute, path: string, method: string): boolean {
  if (route.method && route.method !== method) return false;
  const wanted = route.path ?? "/";
  return wanted.endsWith("*") ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
}

function respond(sys: Sys, spec: ImageSpec, request: HttpRequest): HttpAnswer {
  const path = request.path.split("?")[0] ?? "/";
  const routes = spec.routes ?? [];
  const route = routes.find((one) => matches(one, path, request.method));
  if (!route) {
    // An image without routes says who it is, as an unknown one does.
    const body = `Hostname: ${sys.container.hostname}\n`;
    return { response: routes.length ? goNotFound() : answer(body) };
  }
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries(route.headers ?? {}))
    headers[name.toLowerCase()] = expand(sys, text);
  const response = answer(expand(sys, route.body ?? ""), undefined, route.status ?? 200, headers);
  const delayMs = ms(route.delaySeconds);
  const cpuMs = route.cpu === undefined ? undefined : milliValue(route.cpu);
  return { response, ...(delayMs ? { delayMs } : {}), ...(cpuMs === undefined ? {} : { cpuMs }) };
}

export const describedImage: Program<State> = {
  name: "described-image",
  storedNames: { fields: { exitCode: "x", key: "i", memoryBytes: "m", cpuMilli: "c" } },
  start: () => ({ key: "" }),
  step(sys, state): Step {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const spec = specOf(sys, state);
    const age = sys.now - sys.process.startedAtMs;
    if (!state.up && age >= ms(spec.startSeconds)) {
      state.up = true;
      beginRepeats(sys, spec);
      if (!openPorts(sys, spec)) return { exit: 1 };
      say(sys, spec, 0, age);
    } else if (state.up) say(sys, spec, age, age);
    state.memoryBytes = memoryAt(spec, age);
    if (spec.cpu) state.cpuMilli = milliValue(spec.cpu);
    const end = endsAt(spec);
    if (end !== undefined && age >= end) return { exit: spec.exitCode ?? 1 };
    const next = moments(spec).filter((moment) => moment > age);
    return { wait: next.length ? { untilMs: sys.process.startedAtMs + Math.min(...next) } : {} };
  },
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal(sys, state) {
    return specOf(sys, state).ignoreTerm ? undefined : { exit: 0 };
  },
  http: (sys, state, request) => respond(sys, specOf(sys, state), request),
  datagram: (_sys, _state, { bytes }) => bytes,
  grpc: () => ({ status: "SERVING" }),
  memoryBytes: (state) => state?.memoryBytes ?? 16 * 1024 * 1024,
  idleCpuMilli: (state) => state?.cpuMilli ?? 1,
};
