/** socat's addresses: `TCP-LISTEN:80,fork`, `EXEC:"sh -c ls"`, `-`. */

export type Kind =
  | "tcp"
  | "tcp-listen"
  | "udp"
  | "udp-listen"
  | "unix"
  | "unix-listen"
  | "stdio"
  | "exec"
  | "system"
  | "file"
  | "pipe";

export interface Address {
  kind: Kind;
  /** As it was written, for complaints. */
  word: string;
  words: string[];
  options: Record<string, string>;
}

/** Other names of each. http://www.dest-unreach.org/socat/doc/socat.html ADDRESS TYPES */
const kinds: Record<Kind, string> = {
  tcp: "tcp tcp4 tcp6 tcp-connect tcp4-connect tcp6-connect",
  "tcp-listen": "tcp-listen tcp4-listen tcp6-listen tcp-l tcp4-l tcp6-l",
  udp: "udp udp4 udp6 udp-connect udp4-connect udp-sendto udp4-sendto udp-datagram udp4-datagram",
  "udp-listen":
    "udp-listen udp4-listen udp6-listen udp-l udp4-l udp-recvfrom udp4-recvfrom udp-recv udp4-recv",
  unix: "unix unix-connect unix-client local",
  "unix-listen": "unix-listen unix-l",
  stdio: "stdio stdin stdout - fd",
  exec: "exec",
  system: "system shell",
  file: "open file create creat gopen",
  pipe: "pipe fifo echo",
};

const byName = new Map(
  Object.entries(kinds).flatMap(([kind, names]) =>
    names.split(" ").map((name) => [name, kind as Kind] as const),
  ),
);

/** Parts between separators, of which those in quotes or behind a backslash are none. */
function split(text: string, separator: string, most = Infinity): string[] {
  const out = [""];
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "\\" && i + 1 < text.length) {
      out[out.length - 1] += c + text.charAt(++i);
      continue;
    }
    if (quote !== "") quote = c === quote ? "" : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === separator && out.length < most) {
      out.push("");
      continue;
    }
    out[out.length - 1] += c;
  }
  return out;
}

/** Without the quotes and backslashes of the address itself. */
function bare(text: string): string {
  let out = "";
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "\\" && i + 1 < text.length) out += text.charAt(++i);
    else if (quote !== "" && c === quote) quote = "";
    else if (quote === "" && (c === '"' || c === "'")) quote = c;
    else out += c;
  }
  return out;
}

/** The words of a command, as EXEC takes them apart: quotes around the whole are the address's own. */
export const commandWords = (text: string): string[] =>
  split(/^(["']).*\1$/s.test(text) && split(text, " ").length === 1 ? bare(text) : text, " ")
    .filter((word) => word !== "")
    .map(bare);

/** The line of a command, as SYSTEM hands it to the shell: quotes within it are the shell's. */
export const commandLine = (text: string): string =>
  split(text, " ").length === 1 ? bare(text) : text;

/** An address, or what is wrong with it. */
export function readAddress(word: string): Address | { bad: string } {
  const [head = "", ...settings] = split(word, ",");
  const options: Record<string, string> = {};
  for (const setting of settings) {
    const [name = "", value = ""] = setting.split(/=(.*)/s);
    options[name.toLowerCase()] = bare(value);
  }
  const [type = "", ...words] = split(head, ":");
  const name = type.toLowerCase();
  const kind = byName.get(name);
  if (kind === undefined) {
    if (/^\d+$/.test(type)) return { kind: "stdio", word, words: [type], options };
    if (type.includes("/")) return { kind: "file", word, words: [head], options };
    return { bad: `unknown device/address "${type}"` };
  }
  const joined = kind === "exec" || kind === "system" ? [words.join(":")] : words.map(bare);
  const wanted = { tcp: 2, udp: 2, stdio: 0, pipe: 0 } as Partial<Record<Kind, number>>;
  const least = wanted[kind] ?? 1;
  if (joined.length < least || (least > 0 && joined[0] === ""))
    return { bad: `"${word}": wrong number of parameters (${words.length} instead of ${least})` };
  return { kind, word, words: joined, options };
}
