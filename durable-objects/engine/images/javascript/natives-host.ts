/** What the library asks of the process around it: output, files, time, ports, other servers. */
import { nodeTimersMax } from "../../core/limits.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { kernelRelease } from "../../core/machine-facts.ts";
import { civil, daysOf } from "../../runtime/civil.ts";
import { bytesOf, decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../../runtime/bytes.ts";
import { Errno } from "../../runtime/errno.ts";
import { freePort, lookUp } from "../../runtime/net/socket.ts";
import { inspect } from "./inspect.ts";
import type { Job, Machine, Native, NodeHost } from "./runner.ts";
import { dateIso, isFn, numberOf, Obj, textOf, type Value } from "./values.ts";

/** ms of a written date. */
function parsedDate(text: string): number {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?/.exec(
    text,
  );
  if (!found) return NaN;
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, ms = 0] = found.slice(1).map((one) => Number(one ?? 0)); // prettier-ignore
  return daysOf(y, mo, d) * 86_400_000 + h * 3_600_000 + mi * 60_000 + s * 1000 + ms;
}

const parts: Record<string, (ms: number) => number> = {
  FullYear: (ms) => civil(ms).year,
  Month: (ms) => civil(ms).month - 1,
  Date_: (ms) => civil(ms).day,
  Day: (ms) => civil(ms).weekday,
  Hours: (ms) => civil(ms).hour,
  Minutes: (ms) => civil(ms).minute,
  Seconds: (ms) => civil(ms).second,
  Milliseconds: (ms) => civil(ms).ms,
};

const dates = Object.fromEntries(
  Object.entries(parts).flatMap(([name, run]) =>
    ["get", "getUTC"].map((prefix): [string, Native] => [
      `Date#${prefix}${name.replace("_", "")}`,
      (_m, self) => (Number.isFinite(numberOf(self)) ? run(numberOf(self)) : NaN),
    ]),
  ),
);

/** Throws what Node.js throws of a failed system call. */
function fileError(machine: Machine, error: unknown, call: string, path: string): never {
  if (!(error instanceof Errno)) throw error;
  const words = error.message.charAt(0).toLowerCase() + error.message.slice(1);
  const made = machine.error("Error", `${error.code}: ${words}, ${call} '${path}'`);
  machine.hide(made, "stack", `Error: ${textOf(made.props.get("message") ?? "")}`);
  const numbers: Record<string, number> = { ENOENT: -2, EACCES: -13, EEXIST: -17, ENOTDIR: -20, EISDIR: -21 }; // prettier-ignore
  made.props.set("errno", numbers[error.code] ?? -1);
  made.props.set("code", error.code);
  made.props.set("syscall", call);
  made.props.set("path", path);
  return machine.throwValue(made);
}

function fileCall(host: NodeHost, call: string, path: string, data: string): Value {
  const { sys, machine } = host;
  const at = encodeUtf8(path);
  switch (call) {
    case "open":
      if (sys.peek(at)?.type === "d") throw new Errno("EISDIR");
      return decodeUtf8(sys.readFile(at));
    case "write":
    case "append": {
      const flags = call === "write" ? { truncate: true } : { append: true };
      sys.writeFile(at, encodeUtf8(data), { write: true, create: true, ...flags });
      return undefined;
    }
    case "scandir":
      return machine.list(sys.list(at).map(decodeUtf8).sort());
    case "stat": {
      const { type, size, mode, uid, gid, mtime } = sys.stat(at);
      return machine.record({ type, size, mode, uid, gid, mtime });
    }
    case "mkdir":
      sys.mkdir(at);
      return undefined;
    case "mkdirp": {
      let made = "";
      for (const part of at.split("/")) {
        made += `${part}/`;
        if (part !== "" && !sys.peek(made)) sys.mkdir(made);
      }
      return undefined;
    }
    case "rename":
      sys.rename(at, encodeUtf8(data));
      return undefined;
    case "rmdir":
      sys.rmdir(at);
      return undefined;
    default:
      sys.unlink(at);
      return undefined;
  }
}

const hostOf = (machine: Machine): NodeHost => machine.host as NodeHost;

const process: Record<string, Native> = {
  $write: (machine, _s, [fd, text]) => hostOf(machine).write(numberOf(fd), textOf(text)),
  $env: (machine) => machine.record(Object.fromEntries(Object.entries(hostOf(machine).sys.env).map(([name, value]) => [name, decodeUtf8(value)]))), // prettier-ignore
  $argv: (machine) => machine.list([...hostOf(machine).argv]),
  $pid: (machine) => hostOf(machine).sys.pid,
  $uid: (machine) => hostOf(machine).sys.who.uid,
  $cwd: (machine) => decodeUtf8(hostOf(machine).sys.cwd),
  $version: (machine) => hostOf(machine).version,
  $release: () => kernelRelease,
  $hostname: (machine) => hostOf(machine).sys.container.hostname,
  $address: (machine) => hostOf(machine).sys.kernel.pod.pod.ip,
  $uptime: (machine) => (hostOf(machine).sys.now - hostOf(machine).sys.process.startedAtMs) / 1000,
  $now: (machine) => Math.floor(hostOf(machine).sys.now),
  $exit(machine, _s, [code]) {
    hostOf(machine).exit = numberOf(code) & 255;
    machine.frames.length = 0;
    machine.jobs.length = 0;
    return undefined;
  },
  $kill(machine, _s, [pid, signal]) {
    const numbers: Record<string, number> = { SIGTERM: 15, SIGINT: 2, SIGKILL: 9, SIGHUP: 1 };
    hostOf(machine).sys.kill(numberOf(pid), numbers[textOf(signal ?? "SIGTERM")] ?? numberOf(signal)); // prettier-ignore
    return true;
  },
  $signal: (machine, _s, [name]) => void hostOf(machine).heard.add(textOf(name)),
  $uncaught(machine, _s, [value]) {
    machine.frames.length = 0;
    machine.failure = { value, unit: "", line: 0 };
    return undefined;
  },
  "Math.random": (machine) => hostOf(machine).sys.random(),
  $randomHex: (machine, _s, [count]) => Array.from({ length: Math.min(1024, numberOf(count)) }, () => Math.floor(hostOf(machine).sys.random() * 256).toString(16).padStart(2, "0")).join(""), // prettier-ignore
};

const time: Record<string, Native> = {
  $timer(machine, _s, [fn, ms, repeats, args]) {
    if (!isFn(fn)) {
      const made = machine.error("TypeError", `The "callback" argument must be of type function. Received ${inspect(fn, 0, false)}`); // prettier-ignore
      made.props.set("code", "ERR_INVALID_ARG_TYPE");
      return machine.throwValue(made);
    }
    const host = hostOf(machine);
    if (host.timers.length >= nodeTimersMax) machine.throw("RangeError", "Too many timers");
    // node: lib/internal/timers.js Timeout: at least 1 ms
    const wanted = numberOf(ms);
    const every = ms === 0 ? 0 : wanted >= 1 && wanted <= 2_147_483_647 ? wanted : 1;
    const id = ++host.timerCount;
    host.timers.push({
      id,
      at: host.sys.now + every,
      ...(repeats ? { every: Math.max(1, every) } : {}),
      fn,
      args: args instanceof Obj ? [...args.items] : [],
    });
    return id;
  },
  $clear(machine, _s, [id]) {
    const host = hostOf(machine);
    host.timers = host.timers.filter((one) => one.id !== id);
    return undefined;
  },
  $unref(machine, _s, [id]) {
    for (const one of hostOf(machine).timers) if (one.id === id) one.loose = true;
    return undefined;
  },
  $job(machine, _s, [fn, late]) {
    if (isFn(fn)) machine.jobs.push({ fn, args: [], ...(late === true ? { late } : {}) });
    return undefined;
  },
  $date(machine, self, args) {
    if (!(self instanceof Obj)) return undefined;
    const [first, ...rest] = args;
    const [month = 0, day = 1, h = 0, mi = 0, s = 0, ms = 0] = rest.map(numberOf);
    if (args.length === 0) self.data = Math.floor(hostOf(machine).sys.now);
    else if (rest.length > 0) {
      const months = numberOf(first) * 12 + month;
      self.data = daysOf(Math.floor(months / 12), (((months % 12) + 12) % 12) + 1, 1) * 86_400_000 + (day - 1) * 86_400_000 + h * 3_600_000 + mi * 60_000 + s * 1000 + ms; // prettier-ignore
    } else self.data = typeof first === "string" ? parsedDate(first) : numberOf(first);
    return undefined;
  },
  "Date#toISOString"(machine, self) {
    return dateIso(numberOf(self)) ?? machine.throw("RangeError", "Invalid time value");
  },
  ...dates,
};

export type Headers = [name: string, value: string][];

const headersOf = (list: Value): Headers =>
  list instanceof Obj
    ? list.items.map((pair) => (pair as Obj).items.map((one) => textOf(one)) as [string, string])
    : [];

export const encoded = (headers: Headers): Record<string, string> =>
  Object.fromEntries(headers.map(([name, value]) => [name, encodeUtf8(value)]));

const others: Record<string, Native> = {
  $inspect: (_m, _s, [value, depth]) => inspect(value, depth === undefined ? 2 : numberOf(depth), false), // prettier-ignore
  $file(machine, _s, [call, path, data]) {
    try {
      return fileCall(hostOf(machine), textOf(call), textOf(path), textOf(data ?? ""));
    } catch (error) {
      return fileError(machine, error, textOf(call).replace(/^(write|append)$/, "open").replace("mkdirp", "mkdir"), textOf(path)); // prettier-ignore
    }
  },
  $exists: (machine, _s, [path]) => hostOf(machine).sys.peek(encodeUtf8(textOf(path))) !== undefined, // prettier-ignore
  $isFile: (machine, _s, [path]) => hostOf(machine).sys.peek(encodeUtf8(textOf(path)))?.type === "f", // prettier-ignore
  $freePort: (machine) => freePort(hostOf(machine).sys),
  $listen: (machine, _s, [port, address, fn]) => hostOf(machine).listen(numberOf(port), textOf(address), fn as Obj), // prettier-ignore
  $unlisten: (machine, _s, [port]) => hostOf(machine).unlisten(numberOf(port)),
  $respond(machine, _s, [id, status, headers, body]) {
    hostOf(machine).respond(numberOf(id), numberOf(status), headersOf(headers), textOf(body));
    return undefined;
  },
  $ask(machine, _s, [host, port, path, method, headers, body, fn]) {
    hostOf(machine).ask(
      {
        host: textOf(host),
        port: numberOf(port),
        path: textOf(path),
        method: textOf(method),
        body: encodeUtf8(textOf(body)),
        headers: {
          host: textOf(host) + (port === 80 || port === 443 ? "" : `:${textOf(port)}`),
          connection: "keep-alive",
          ...encoded(headersOf(headers)),
        },
        keep: true,
        patienceMs: 120_000,
      },
      fn as Obj,
    );
    return undefined;
  },
  $lookup(machine, _s, [name, fn]) {
    const found = lookUp(hostOf(machine).sys, encodeUtf8(textOf(name)));
    const args: Value[] = typeof found === "string" ? [found === "timeout" ? "EAI_AGAIN" : "ENOTFOUND"] : [null, machine.list(found)]; // prettier-ignore
    machine.jobs.push({ fn: fn as Obj, args });
    return undefined;
  },
  $unit: (machine, _s, [path, text]) => hostOf(machine).load(textOf(path), textOf(text)),
  $bytes: (_m, _s, [text]) => encodeUtf8(textOf(text)).length,
  $base64: (_m, _s, [text]) => toBase64(encodeUtf8(textOf(text))),
  $unbase64: (_m, _s, [text]) => decodeUtf8(fromBase64(textOf(text)) ?? ""),
  $hex: (_m, _s, [text]) => [...encodeUtf8(textOf(text))].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join(""), // prettier-ignore
  $sha256(_m, _s, [text, form]) {
    const hex = bytesToHex(sha256(bytesOf(encodeUtf8(textOf(text)))));
    if (form !== "base64") return hex;
    return toBase64(hex.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16))));
  },
};

/** What makes the library itself. */
const making: Record<string, Native> = {
  $class(machine, _s, [name, fn]) {
    const made = fn as Obj;
    machine.hide(made, "name", name);
    const proto = machine.object("object", name === "Object" ? null : machine.proto("Object"));
    machine.hide(proto, "constructor", made);
    machine.hide(made, "prototype", proto);
    machine.globals.names.set(textOf(name), made);
    return made;
  },
  $named(machine, _s, [name, fn]) {
    machine.hide(fn as Obj, "name", name);
    return fn;
  },
  $native: (machine, _s, [name]) => machine.native(textOf(name)),
  $bound(machine, _s, [fn, self, args]) {
    const made = machine.native("@bound", "bound");
    made.data = { fn: fn as Obj, self, args: args instanceof Obj ? [...args.items] : [] } satisfies Job; // prettier-ignore
    return made;
  },
  $global(machine, _s, [name, value]) {
    machine.globals.names.set(textOf(name), value);
    return undefined;
  },
  /** Puts methods where they belong: `Array#push`, `Math.floor`. What all have is not listed. */
  $install(machine) {
    for (const value of machine.globals.names.values())
      if (value instanceof Obj && value.native !== undefined)
        value.proto ??= machine.proto("Function");
    for (const name of Object.keys(machine.natives)) {
      const [, owner = "", sign = "", key = ""] = /^(\w+)([#.])(\w+)$/.exec(name) ?? [];
      const on = machine.globals.names.get(owner);
      const to = on instanceof Obj && sign === "#" ? on.props.get("prototype") : on;
      if (to instanceof Obj) machine.hide(to, key, machine.native(name, key));
    }
    for (const value of machine.globals.names.values())
      if (value instanceof Obj)
        for (const one of [value, value.props.get("prototype")])
          if (one instanceof Obj && value.kind === "function") one.hidden = new Set(one.props.keys()); // prettier-ignore
    return undefined;
  },
};

export const hostNatives: Record<string, Native> = { ...process, ...time, ...others, ...making };
