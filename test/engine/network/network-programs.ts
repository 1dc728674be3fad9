/** Small programs over runtime/net/socket.ts, so that these tests need no tool: a client, an echo server, a UDP one, a raw one. */
import * as socket from "../../../durable-objects/engine/runtime/net/socket.ts";
import { PodKernel } from "../../../durable-objects/engine/runtime/kernel/kernel.ts";
import type { Program } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import type { HttpResponse } from "../../../durable-objects/engine/runtime/kernel/state.ts";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { readLog } from "../../../durable-objects/engine/runtime/runtime.ts";
import type { NetworkWorld } from "./network-world.ts";

/** fetch HOST PORT PATH: prints status and body, or the error. */
const fetchProgram: Program<{ h?: string }> = {
  name: "test-fetch",
  start: () => ({}),
  step(sys, state) {
    const [, host = "", port = "80", path = "/"] = sys.argv;
    if (state.h === undefined) {
      const ips = socket.lookUp(sys, host);
      if (typeof ips === "string") {
        sys.write(1, `${ips}\n`);
        return { exit: 1 };
      }
      const headers = { host };
      state.h = socket.httpStart(sys, {
        method: "GET",
        path,
        headers,
        body: "",
        host: ips[0]!,
        port: Number(port),
      });
    }
    const result = socket.httpResult(sys, state.h);
    if ("wait" in result) return { wait: result.wait };
    sys.write(
      1,
      "error" in result
        ? `${result.error}\n`
        : `${result.response.status} ${result.response.body}\n`,
    );
    return { exit: 0 };
  },
};

/** talk HOST PORT TEXT: sends the text, half-closes, prints what comes until the end. */
const talkProgram: Program<{ fd?: number; got: string }> = {
  name: "test-talk",
  start: () => ({ got: "" }),
  step(sys, state) {
    const [, host = "", port = "", text = ""] = sys.argv;
    if (state.fd === undefined) {
      const connected = socket.connect(sys, host, Number(port));
      if ("wait" in connected) return { wait: connected.wait };
      if ("error" in connected) {
        sys.write(1, `${connected.error}\n`);
        return { exit: 1 };
      }
      state.fd = connected.fd;
      sys.write(state.fd, text);
      socket.shutdown(sys, state.fd);
    }
    for (;;) {
      const data = sys.read(state.fd);
      if (data === undefined) return { wait: { readable: [state.fd] } };
      if (data === "") break;
      state.got += data;
    }
    sys.write(1, `${state.got}<end>\n`);
    return { exit: 0 };
  },
};

/** echo PORT: sends everything back, in capitals, to one client after the other. */
const echoProgram: Program<{ l: number; c?: number }> = {
  name: "test-echo",
  start: (sys) => ({ l: sys.listen(Number(sys.argv[1]), "t") }),
  step(sys, state) {
    state.c ??= socket.accept(sys, state.l)?.fd;
    if (state.c === undefined) return { wait: { readable: [state.l] } };
    const data = sys.read(state.c);
    if (data === undefined) return { wait: { readable: [state.c] } };
    if (data !== "") {
      sys.write(state.c, data.toUpperCase());
      return undefined;
    }
    sys.close(state.c);
    delete state.c;
    return undefined;
  },
};

/** late PORT MS: a web server that answers after a while. */
const lateProgram: Program<null> = {
  name: "test-late",
  start(sys) {
    sys.listen(Number(sys.argv[1]), "h");
    return null;
  },
  step: () => ({ wait: {} }),
  http: (sys) => ({
    response: { status: 200, headers: {}, body: "at last" },
    delayMs: Number(sys.argv[2]),
  }),
};

/** datagram PORT: answers in capitals; nothing to `hush`. */
const udpProgram: Program<null> = {
  name: "test-udp",
  start(sys) {
    sys.listen(Number(sys.argv[1]), "u");
    return null;
  },
  step: () => ({ wait: {} }),
  datagram: (_sys, _state, { bytes }) => (bytes === "hush" ? undefined : bytes.toUpperCase()),
};

/** A web server that shows what it was asked. */
const mirrorProgram: Program<null> = {
  name: "test-mirror",
  start(sys) {
    sys.listen(Number(sys.argv[1]), "h", sys.argv[2] === "tls" ? { tls: true } : {});
    return null;
  },
  step: () => ({ wait: {} }),
  http(_sys, _state, request): { response: HttpResponse } {
    if (request.path === "/moved")
      return { response: { status: 302, headers: { location: "/there?x=1" }, body: "" } };
    if (request.path === "/page") {
      const body =
        '<a href="/a?b=1&amp;c=2">x</a><img src=\'/i.png\'><a href="rel">y</a><a href="http://else/z">z</a><!-- <a href="/no"> -->';
      return {
        response: { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body },
      };
    }
    const { method, path, headers, body, clientIp } = request;
    return {
      response: {
        status: method === "DELETE" ? 202 : 200,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ method, path, headers, body, clientIp }),
      },
    };
  },
};

for (const program of [
  fetchProgram,
  talkProgram,
  echoProgram,
  lateProgram,
  udpProgram,
  mirrorProgram,
]) {
  imageCatalog.programs.set(program.name, program);
}

/** Starts one of these in a Pod's first container; it prints to the container's log. */
export function spawn(
  world: NetworkWorld,
  pod: string,
  program: string,
  ...args: (string | number)[]
): void {
  const key = pod.includes("/") ? pod : `default/${pod}`;
  world.with((context) => {
    const kernel = PodKernel.load(context, key)!;
    const container = Object.keys(kernel.pod.containers).find(
      (name) => !kernel.pod.containers[name]!.exit,
    )!;
    const { pidNamespace: ns, root } = kernel.pod.containers[container]!;
    const child = kernel.spawn({
      container: container,
      pidNamespace: ns,
      parent: root,
      program: "pause",
      args: [program],
      state: {},
      localTimeMs: context.now,
    });
    const sys = kernel.sys(child);
    sys.become(`test-${program}`, [program, ...args.map(String)], sys.env, `/bin/${program}`);
    kernel.touch();
    kernel.run();
    kernel.save();
    context.wakePod(key);
  });
}

/** What a Pod's first container has printed. */
export function printed(world: NetworkWorld, pod: string): string {
  return world.with((context) => readLog(context, `default/${pod}`, "main", {})?.text ?? "");
}
