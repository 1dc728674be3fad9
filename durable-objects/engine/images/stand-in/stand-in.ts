/**
 * What a container of an image nobody described runs: a shell, a tool or a script where its words name one, what is known
 * to end ends, and anything else is the image's server. It listens on the ports that the Pod's spec names.
 */
import { takenByAll } from "../../machinery/x509/certificate.ts";
import { reviewAnswer } from "./reviews.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import { becomeDescribed } from "../described-image.ts";
import { endsByItself } from "./one-shot.ts";
import { html, json } from "../serving/small-server.ts";

interface State {
  /** It could not listen. */
  bad?: true;
}

/** Interpreters, and the words after which they run a text of their command line. */
const interpreters: [name: RegExp, program: string, flag: RegExp][] = [
  [/^python[\d.]*$/, "python", /^-(c|V|-version)$/],
  [/^node(js)?$/, "node", /^-(e|p|v|-eval|-print|-version)$/],
  [/^perl[\d.]*$/, "perl", /^-(?=\w*$)[^ev]*[ev]/],
  [/^ruby[\d.]*$/, "ruby", /^-(e|v|-version)$/],
  [/^php[\d.]*$/, "php", /^-[rv]$/],
  [/^socat\d?$/, "socat", /./],
  [/^git$/, "git", /./],
];

function interpreterOf(sys: Sys, words: readonly string[]): string | undefined {
  const name = (words[0] ?? "").replace(/^.*\//, "");
  const found = interpreters.find(([pattern]) => pattern.test(name));
  if (!found) return undefined;
  const [, program, flag] = found;
  if (program === "python" && words[1] === "-m" && words[2] === "http.server") return program;
  // A script that is there, out of a ConfigMap say.
  const script = words.slice(1).find((word) => !word.startsWith("-")) ?? "";
  if (program === "node" && sys.peek(script)?.type === "f") return program;
  return words.slice(1).some((word) => flag.test(word)) ? program : undefined;
}

/** Tools whose names servers have as verbs of their own: behind an entrypoint, alone or before an option. */
const verbs = new Set(
  "sync watch install test link top time stat init sort split mount".split(" "),
);

const isVerb = ([first = "", second]: readonly string[]): boolean =>
  verbs.has(first) && (second === undefined || second.startsWith("--"));

/** Runs what the words name, if the container has it. */
function runNamed(sys: Sys, words: string[]): boolean {
  const [first = ""] = words;
  if (first === "-c" && /\s/.test(words[1] ?? "")) return runNamed(sys, ["sh", ...words]);
  if (first === "" || first.startsWith("-")) return false;
  try {
    sys.exec(sys.which(first), words, sys.env);
    return true;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return false;
  }
}

interface Port {
  port: number;
  udp: boolean;
  tls: boolean;
  /** Named on the command line: a port in use is an error. */
  said: boolean;
}

const tlsPorts = new Set([443, 6443, 8443, 9443]);

function wanted(sys: Sys, words: readonly string[]): Port[] {
  const { spec } = sys.container.record;
  const out: Port[] = [];
  const add = (port: number, tls: boolean, udp = false, said = true): void => {
    if (port < 1 || port > 65_535) return;
    if (!out.some((one) => one.port === port && one.udp === udp))
      out.push({ port, tls: tls && !udp, udp, said });
  };
  for (const { containerPort, protocol, name = "", tls } of spec.ports ?? [])
    if (protocol !== "SCTP")
      add(containerPort, tls ?? isTls(containerPort, name), protocol === "UDP");
  for (const port of sys.container.image.ports ?? []) add(port, isTls(port, ""), false, false);
  if (out.length === 0)
    for (const port of [Number(sys.env.PORT), ...namedPorts(words)])
      if (Number.isInteger(port)) add(port, isTls(port, ""));
  return out;
}

const isTls = (port: number, name: string): boolean =>
  /https|tls/.test(name) || (tlsPorts.has(port) && !/http|grpc|tcp/.test(name));

/** Ports in a command line: `--port=8080`, `-p 8080`, `--listen :9000`, `runserver 0.0.0.0:8000`. */
function namedPorts(words: readonly string[]): number[] {
  const out: number[] = [];
  words.forEach((word, i) => {
    if (word.length > 200) return;
    const [flag = "", value = words[i + 1] ?? ""] = word.split("=");
    const address = /^[\w.*[\]-]{0,64}:(\d{2,5})$/.exec(word);
    if (address) out.push(Number(address[1]));
    else if (/^-(p|-[a-z-]{0,40}(port|listen|addr|address|bind))$/.test(flag)) {
      const port = /^(?:[^:]{0,64}:)?(\d{2,5})$/.exec(value);
      if (port) out.push(Number(port[1]));
    }
  });
  return out;
}

/** Whether a port's listener is of another container of the Pod. */
function isOthers(sys: Sys, port: Port): boolean {
  const listener = sys.kernel.pod.listeners[`${port.udp ? "udp" : "tcp"}/${port.port}`];
  return (
    listener !== undefined &&
    sys.kernel.process(listener.process)?.container !== sys.process.container
  );
}

/** Whether its words bind a port of one address, which another program may have at another. */
const namesAddress = (words: readonly string[], port: number): boolean =>
  words.some((word) => {
    const value = word.slice(word.indexOf("=") + 1);
    if (value.length > 200 || !value.endsWith(`:${port}`)) return false;
    return !/^(https?:\/\/)?(0\.0\.0\.0|\*|\[::\])?:\d+$/.test(value);
  });

function serve(sys: Sys, words: readonly string[]): State {
  const open: string[] = [];
  for (const port of wanted(sys, words)) {
    const protocol = port.udp ? "udp" : "tcp";
    try {
      // Its certificate would come from something that does not run here either.
      const secured = port.tls ? { tls: true, certificate: takenByAll } : {};
      sys.listen(port.port, port.udp ? "u" : "h", secured);
      open.push(`${port.port}/${protocol}${port.tls ? " (TLS)" : ""}`);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      if (!port.said || !isOthers(sys, port) || namesAddress(words, port.port)) continue;
      sys.complain(`listen ${protocol} :${port.port}: bind: address already in use\n`);
      return { bad: true };
    }
  }
  const { image } = sys.container.record.spec;
  sys.write(
    1,
    `standing in for ${image}, ${open.length ? `listening on ${open.join(", ")}` : "which nobody has given a port"}\n`,
  );
  return {};
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Who answers: for people a page, for programs that ask for it JSON. */
function page(sys: Sys, request: HttpRequest): HttpResponse {
  const { image } = sys.container.record.spec;
  const { pod } = sys.kernel.pod;
  const facts = {
    image,
    version: sys.container.image.version,
    pod: pod.name,
    namespace: pod.namespace,
    node: pod.node,
    request: `${request.method} ${request.path}`,
  };
  const { accept = "" } = request.headers;
  if (accept.includes("application/json") && !accept.includes("text/html"))
    return json({ standsInFor: image, ...facts });
  const rows = Object.entries(facts).map(
    ([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(value)}</td></tr>\n`,
  );
  return html(
    `<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${escapeHtml(image)}</title></head>\n<body>\n<h1>${escapeHtml(image)}</h1>\n<p>This page stands in for the image: the sandbox does not run the image's own program.</p>\n<table>\n${rows.join("")}</table>\n<p>Hostname: ${escapeHtml(sys.container.hostname)}</p>\n</body>\n</html>\n`,
  );
}

/** A terminal, and nobody who could ask for a port: what its user wants is a prompt. */
function wantsShell(sys: Sys): boolean {
  const { spec } = sys.container.record;
  const ports = spec.ports?.length || sys.container.image.ports?.length;
  return spec.tty === true && spec.stdin === true && !ports;
}

export const standInServer: Program<State> = {
  name: "stand-in",
  start(sys) {
    const own = sys.argv[0] === "/entrypoint";
    const words = sys.argv.slice(own ? 1 : 0);
    const become = (program: string): State => {
      sys.become(program, words, sys.env, `/usr/bin/${(words[0] ?? "").replace(/^.*\//, "")}`);
      return sys.process.state as State;
    };
    if (own && !isVerb(words) && runNamed(sys, words)) return sys.process.state as State;
    const interpreter = interpreterOf(sys, words);
    if (interpreter) return become(interpreter);
    if (endsByItself(words)) return become("one-shot");
    if (becomeDescribed(sys)) return sys.process.state as State;
    if (own && words.length === 0 && wantsShell(sys) && runNamed(sys, ["sh"]))
      return sys.process.state as State;
    const { kind } = sys.container.record.spec;
    if (kind === "init" || asked(sys)) {
      if (words.length === 0) words.push("/entrypoint");
      return become("one-shot");
    }
    return serve(sys, words);
  },
  step: (_sys, state) => (state.bad ? { exit: 1 } : { wait: {} }),
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal: () => ({ exit: 0 }),
  http: (sys, _state, request) => ({
    response: reviewAnswer(sys.container.record.spec.image, request) ?? page(sys, request),
  }),
  datagram: (_sys, _state, { bytes }) => bytes,
  grpc: () => ({ status: "SERVING" }),
  memoryBytes: () => 20 * 1024 * 1024,
  idleCpuMilli: () => 1,
};

/** Runs for a probe or a hook. */
const asked = (sys: Sys): boolean =>
  sys.process.session !== undefined &&
  sys.kernel.pod.sessions[sys.process.session]?.kind === "exec";
