/** The options of curl. */
import { options, type Options } from "../options.ts";
import { ToolExit, type Io } from "../tool.ts";

/** Long names without a letter of curl's own have a Greek one here; ζ and ι change nothing in this sandbox. */
const long = {
  silent: "s",
  "show-error": "S",
  fail: "f",
  "fail-with-body": "f",
  location: "L",
  head: "I",
  include: "i",
  verbose: "v",
  output: "o",
  "remote-name": "O",
  request: "X",
  data: "d",
  "data-raw": "d",
  "data-binary": "d",
  "data-urlencode": "α",
  json: "β",
  header: "H",
  insecure: "k",
  "max-time": "m",
  "connect-timeout": "γ",
  "write-out": "w",
  "user-agent": "A",
  user: "u",
  get: "G",
  retry: "δ",
  "retry-delay": "ε",
  "retry-connrefused": "ζ",
  "retry-all-errors": "ζ",
  resolve: "η",
  cacert: "θ",
  cert: "E",
  key: "κ",
  url: "@",
  cookie: "b",
  "upload-file": "T",
  compressed: "ζ",
  "http1.1": "ζ",
  "http1.0": "ζ",
  http2: "ζ",
  "no-progress-meter": "s",
  ipv4: "4",
  ipv6: "6",
  disable: "q",
  interface: "ι",
  "local-port": "ι",
  "cookie-jar": "c",
  "data-ascii": "d",
  "http2-prior-knowledge": "ζ",
  "tlsv1.2": "ζ",
  "tlsv1.3": "ζ",
  "create-dirs": "ζ",
  "remote-header-name": "J",
  "fail-early": "ζ",
  "no-keepalive": "ζ",
  "retry-max-time": "ι",
  "max-filesize": "ι",
  "proxy-header": "ι",
  "form-string": "F",
  "limit-rate": "ι",
  range: "r",
  "path-as-is": "ζ",
  "no-buffer": "N",
  referer: "e",
  version: "V",
  "keepalive-time": "ι",
  "max-redirs": "ι",
  noproxy: "ι",
  proxy: "ι",
  globoff: "g",
  form: "F",
  "progress-bar": "#",
  "dump-header": "D",
};

const letters =
  "046#gGIfikLlNOqsSvVjJaα:β:γ:δ:ε:ζη:θ:ι:κ:@:A:b:c:d:D:e:E:F:H:K:m:o:r:t:T:u:w:x:X:y:Y:z:";

/** An option that is none ends curl with 2, in its own words. */
export function parse(io: Io): Options {
  try {
    return options(io, letters, long);
  } catch (error) {
    if (!(error instanceof ToolExit)) throw error;
    const said = io.pending.pop()?.[1] ?? "";
    const [, name = ""] = /'(.*)'/.exec(said) ?? [];
    const shown = name.startsWith("--") ? name : `-${name}`;
    const why = said.includes("requires") ? "requires parameter" : "is unknown";
    io.err(`curl: option ${shown}: ${why}\n`);
    throw error;
  }
}
