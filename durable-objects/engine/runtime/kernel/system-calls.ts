/** System calls of one process. Failures throw Errno; what would block says so by `undefined` or 0. */
import type { Sys } from "./types.ts";
import type { Changed, Ended, ListenOptions } from "./calls.ts";
import { argumentBytesMax, commandsPerImageKeptMax } from "../../core/limits.ts";
import { keep } from "../../core/memo.ts";
import {
  isImagePath,
  keyOf,
  type ImageLookupCache,
  type Executable,
} from "../image/lookup-cache.ts";
import { Errno, ProcessKilled } from "../errno.ts";
import { sysctlOf } from "../fs/kernel-files.ts";
import { programOf } from "../fs/layer.ts";
import { normalPath } from "../fs/vfs.ts";
import { execCost, forkCost } from "./cpu.ts";
import { nodeRoot, processKey } from "./process-key.ts";
import { changedChild, controllingTerminal } from "./process-groups.ts";
import { nodeProcesses, parentPid, uidOf, visibleProcesses } from "./process-view.ts";
import { MatchWork } from "../match-work.ts";
import { protocolOf, type Json, type Listener, type Process, type Session } from "./state.ts";
import { FileCalls } from "./file-calls.ts";

/** What an environment has other than the container's. */
function envChanges(
  base: Record<string, string>,
  env: Record<string, string>,
): Record<string, string | null> | undefined {
  if (env === base) return undefined;
  const out: Record<string, string | null> = {};
  for (const name in env) if (env[name] !== base[name]) out[name] = env[name] as string;
  for (const name in base) if (!(name in env)) out[name] = null;
  return Object.keys(out).length ? out : undefined;
}

/** What follows `#!`: an interpreter and at most one argument, which may hold blanks. Empty: nothing does. */
function shebangOf(head: string): string[] {
  if (!head.startsWith("#!")) return [];
  const end = head.indexOf("\n");
  const line = head.slice(2, end < 0 ? undefined : end).trim();
  const blank = line.search(/\s/);
  if (blank < 0) return line === "" ? [] : [line];
  return [line.slice(0, blank), line.slice(blank).trim()];
}
export class SystemCalls extends FileCalls implements Sys {
  /** What its step spends on matching patterns. */
  readonly matching = new MatchWork((microseconds) => this.charge(microseconds));

  // Processes

  /** A child with the same descriptors. `state` is its whole memory. */
  fork(state: Json, program = this.process.program): number {
    const { process } = this;
    const {
      wait: _w,
      pendingSignals: _sig,
      stopped: _st,
      stopSignal: _by,
      stateChanged: _ch,
      exitStatus: _z,
      cpu: _cpu,
      startedAtMs: _t,
      pid: _pid,
      ...kept
    } = process;
    this.charge(forkCost);
    const fd = this.kernel.files.fork(process);
    let key: number;
    try {
      key = this.kernel.spawn({
        ...kept,
        parent: this.key,
        program,
        state,
        processGroup: process.processGroup ?? process.pid,
        ...(fd ? { fds: fd } : {}),
        localTimeMs: process.localTimeMs ?? this.now,
      });
    } catch (error) {
      for (const id of Object.values(fd ?? {})) this.kernel.files.release(id);
      throw error;
    }
    return this.kernel.process(key)?.pid ?? 0;
  }

  /** The system calls of a child, to arrange its descriptors before it runs. */
  child(pid: number): Sys {
    return this.kernel.sys(processKey(this.process.pidNamespace, pid));
  }

  /** Looks a command up in PATH; a path is taken as it is. ENOENT or EACCES. */
  which(command: string, path = this.env.PATH ?? "/bin:/usr/bin"): string {
    if (command.includes("/")) {
      const known = isImagePath(command) ? this.#lookupCache : undefined;
      if (known?.executables.has(keyOf(this.who, command))) return command;
      const place = this.existing(command);
      if (place.node.type === "d" || !this.vfs.allowed(place.node, 1, this.who))
        throw new Errno("EACCES");
      return command;
    }
    const folders = path.split(":");
    const cache = folders.every(isImagePath) ? this.#lookupCache : undefined;
    const key = cache && keyOf(this.who, `${path} ${command}`);
    const known = key && cache?.commands.get(key);
    if (known) return known;
    const found = this.#search(command, folders);
    if (key && cache) keep(cache.commands, commandsPerImageKeptMax, key, found);
    return found;
  }

  /** What is known of the image, for a process that sees its container as it is. */
  get #lookupCache(): ImageLookupCache | undefined {
    return this.process.rootFolder === undefined ? this.container.lookupCache : undefined;
  }

  #search(command: string, folders: readonly string[]): string {
    let denied = false;
    for (const folder of folders) {
      const full = normalPath(this.cwd, `${folder || "."}/${command}`);
      const place = this.peekPlace(full);
      if (!place?.node || place.node.type === "d") continue;
      if (this.vfs.allowed(place.node, 1, this.who)) return full;
      denied = true;
    }
    throw new Errno(denied ? "EACCES" : "ENOENT");
  }

  /** Replaces the program. ENOENT, EACCES, ENOEXEC (a text without `#!`), E2BIG. */
  exec(path: string, argv: string[], env: Record<string, string>, depth = 0): void {
    const { node, head, full } = this.#executable(path);
    if (argv.reduce((sum, word) => sum + word.length, 0) > argumentBytesMax)
      throw new Errno("E2BIG");
    const [interpreter, ...extra] = shebangOf(head);
    if (interpreter !== undefined && depth < 4)
      return this.exec(
        interpreter,
        [interpreter, ...extra, path, ...argv.slice(1)],
        env,
        depth + 1,
      );
    const program = programOf(head);
    if (program === undefined) throw new Errno("ENOEXEC");
    const escalates = (node.mode & 0o4000) !== 0 && !this.container.record.spec.noNewPrivileges;
    if (escalates) this.process.uid = node.uid ?? 0;
    this.become(program, argv, env, full);
  }

  #executable(path: string): Executable {
    const cache = isImagePath(path) ? this.#lookupCache : undefined;
    const key = cache && keyOf(this.who, path);
    const known = key && cache?.executables.get(key);
    if (known) return known;
    const { node, id, mount, full } = this.existing(path);
    if (node.type !== "f" || !this.vfs.allowed(node, 1, this.who)) throw new Errno("EACCES");
    const found = { full, node, head: mount.tree.read(id, 0, 256) };
    if (key && cache && isImagePath(full))
      keep(cache.executables, commandsPerImageKeptMax, key, found);
    return found;
  }

  /** The process is the given registered program from here on. */
  become(program: string, argv: string[], env: Record<string, string>, executable: string): void {
    const { process } = this;
    let name = program;
    let words = argv;
    if (program === "busybox") {
      name = (argv[0] ?? "busybox").replace(/^.*\//, "").replace(/^-/, "");
      if (name === "busybox") {
        name = argv[1] ?? "";
        words = argv.slice(1);
      }
    }
    const { programs } = this.kernel;
    const found = programs.get(name) ?? programs.get("no-applet");
    this.charge(execCost);
    process.program = found?.name ?? name;
    process.args = words;
    const changes = envChanges(this.container.env, env);
    if (changes) process.env = changes;
    else delete process.env;
    if (executable !== "/bin/busybox") process.executable = executable;
    delete process.wait;
    for (const fd of Object.keys(process.fds ?? {}).map(Number))
      if (fd >= 10 && !process.keptFds?.includes(fd)) this.close(fd);
    this.held = 0;
    process.state = found?.start(this);
  }

  /** Reaps an ended child (any, or the one given). "none": there is no such child. Undefined: still running. */
  wait(pid?: number): Ended | "none" | undefined {
    let any = false;
    const all = this.kernel.pod.processes;
    for (const name in all) {
      const child = all[name];
      if (child?.parent !== this.key || (pid !== undefined && child.pid !== pid)) continue;
      any = true;
      if (child.exitStatus === undefined) continue;
      this.kernel.remove(Number(name));
      const signal = child.exitStatus >> 8;
      return signal
        ? { pid: child.pid, status: 128 + signal, signal }
        : { pid: child.pid, status: child.exitStatus };
    }
    return any ? undefined : "none";
  }

  /** A child that has stopped or gone on since this was asked last. */
  waitChanged(): Changed | undefined {
    const child = changedChild(this.kernel, this.process);
    if (!child) return undefined;
    this.kernel.touch();
    delete child.stateChanged;
    const { pid, stopSignal } = child;
    return stopSignal === undefined ? { pid } : { pid, stopSignal };
  }

  /** The terminal that the process belongs to. */
  controllingTerminal(): Session | undefined {
    return controllingTerminal(this.kernel, this.process);
  }

  /** kill(2): a pid, 0 for the own group, negative for a group, -1 for all. ESRCH, EPERM. */
  kill(pid: number, signal: number): void {
    const all = this.kernel.pod.processes;
    const own = this.process.processGroup ?? this.process.pid;
    let found = false;
    let denied = false;
    for (const name in all) {
      const other = all[name];
      if (!other || other.pidNamespace !== this.process.pidNamespace) continue;
      const group = other.processGroup ?? other.pid;
      const hit =
        pid > 0
          ? other.pid === pid
          : pid === 0
            ? group === own
            : pid === -1
              ? other.pid > 1 && other !== this.process
              : group === -pid;
      if (!hit) continue;
      found = true;
      if (!this.#maySignal(this.uidOf(other))) denied = true;
      else if (other.exitStatus === undefined) this.kernel.kill(Number(name), signal);
    }
    if (!found && pid > 0 && this.kernel.pod.hostPidBase !== undefined)
      return this.#killOnNode(pid, signal);
    if (!found) throw new Errno("ESRCH");
    if (denied) throw new Errno("EPERM");
    if (this.process.exitStatus !== undefined) throw new ProcessKilled();
  }

  #maySignal(uid: number): boolean {
    const mine = this.who.uid;
    return mine === 0 ? uid === 0 || this.container.capable("KILL") : uid === mine;
  }

  /** A process of another Pod of the node, as a container with hostPID reaches it. */
  #killOnNode(pid: number, signal: number): void {
    const hit = nodeProcesses(this.kernel).find(({ process }) => process.pid === pid);
    if (!hit || hit.pod === this.kernel.key) throw new Errno("ESRCH");
    if (!this.#maySignal(hit.process.uid ?? 0)) throw new Errno("EPERM");
    // The node's services are started again at once by its init.
    if (hit.pod === undefined || hit.key === undefined) return;
    const { context } = this.kernel;
    const other = this.kernel.otherPod(hit.pod);
    other?.kill(hit.key, signal, true);
    other?.run();
    other?.save();
    context.wakePod(hit.pod);
  }

  /** Processes this one can see, by pid. */
  processes(): Process[] {
    // The /proc that is mounted there shows those of the machine.
    if (this.process.rootFolder === nodeRoot)
      return nodeProcesses(this.kernel).map(({ process }) => process);
    return visibleProcesses(this.kernel, this.process.pidNamespace);
  }
  uidOf(process: Process): number {
    return uidOf(this.kernel, process);
  }
  parentOf(process: Process): number {
    return parentPid(this.kernel, process);
  }

  /**
   * Makes a folder the root of this process and of what it starts; `entered`: it is a process below some /proc, whose
   * mounts are entered. EPERM, ENOENT, ENOTDIR.
   */
  chroot(path: string, entered = false): void {
    if (this.process.rootFolder === nodeRoot && this.#isOfNode(path)) return;
    const place = this.existing(path);
    if (place.node.type !== "d") throw new Errno("ENOTDIR");
    const right = entered ? "SYS_ADMIN" : "SYS_CHROOT";
    if (this.who.uid !== 0 || !this.container.capable(right)) throw new Errno("EPERM");
    const ofNode = entered && place.mount.tree.key.startsWith("nodeproc/");
    const root = `${this.process.rootFolder ?? ""}${place.full}${entered ? "/root" : ""}`;
    this.process.rootFolder = ofNode ? nodeRoot : normalPath("/", root);
    this.process.cwd = "/";
  }

  /** `/proc/PID/root` of a service of the node. */
  #isOfNode(path: string): boolean {
    const pid = /^\/proc\/(\d{1,9})\/root$/.exec(path)?.[1];
    if (pid === undefined) return false;
    return nodeProcesses(this.kernel).some(
      ({ process, pod }) => pod === undefined && process.pid === Number(pid),
    );
  }

  // Network

  /**
   * Binds a port of the Pod. EADDRINUSE when taken, EACCES below 1024 without the right.
   * Returns the listening descriptor.
   */
  listen(port: number, kind: Listener["kind"], options: ListenOptions = {}): number {
    const { pod } = this.kernel;
    const name = `${protocolOf(kind)}/${port}`;
    if (pod.listeners[name]) throw new Errno("EADDRINUSE");
    const free = Number(sysctlOf(this.container, "net.ipv4.ip_unprivileged_port_start"));
    // A file's capabilities count for nothing where nobody may gain rights. k8s: allowPrivilegeEscalation
    const bindsLow = options.bindsLow && !this.container.record.spec.noNewPrivileges;
    const may = this.who.uid === 0 || bindsLow;
    if (port < free && !(may && this.container.capable("NET_BIND_SERVICE")))
      throw new Errno("EACCES");
    pod.listeners[name] = {
      process: this.key,
      kind,
      ...(options.address ? { address: options.address } : {}),
      ...(options.tls ? { tls: true as const } : {}),
      ...(options.certificate ? { certificate: options.certificate } : {}),
      ...(options.certificateFile ? { certificateFile: options.certificateFile } : {}),
    };
    if (kind === "h" || kind === "g") return -1;
    return this.#listening(name);
  }

  /** Listens under a name that is no port's. */
  listenAs(name: string, kind: "h" | "t" = "t"): number {
    this.kernel.pod.listeners[name] = { process: this.key, kind };
    return this.#listening(name);
  }

  #listening(name: string): number {
    const fd = this.freeFd();
    this.kernel.files.place(this.process, fd, this.kernel.files.open({ kind: "l", port: name }));
    return fd;
  }
}
