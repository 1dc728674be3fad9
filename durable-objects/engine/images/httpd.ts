/** Apache httpd: its htdocs folder. */
import { buildLayer } from "../runtime/fs/layer.ts";
import { Errno, errnoTexts } from "../runtime/errno.ts";
import type { Program } from "../runtime/kernel/types.ts";
import { debianFiles, debianReleases, runtimeFiles } from "../runtime/image/base-files.ts";
import type { BootLine, ImageVersion } from "../runtime/image/image.ts";
import type { ImageDefinition } from "./define.ts";
import { apacheTime, commonLogTime, httpDate } from "../runtime/logs/times.ts";
import { mimeType } from "../runtime/http/mime.ts";
import { resolveVersion } from "./tags.ts";

const root = "/usr/local/apache2/htdocs";

const page = (
  status: number,
  title: string,
  text: string,
): { status: number; headers: Record<string, string>; body: string } => ({
  status,
  headers: { "content-type": "text/html; charset=iso-8859-1" },
  body: `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${status} ${title}</title>\n</head><body>\n<h1>${title}</h1>\n<p>${text}</p>\n</body></html>\n`,
});

function bootLog(version: string, startedAtMs: number, ip = "127.0.0.1"): BootLine[] {
  const named = `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${ip}. Set the 'ServerName' directive globally to suppress this message`;
  const at = apacheTime(startedAtMs + 30);
  return [
    { afterMs: 25, stream: 2, text: named },
    {
      afterMs: 30,
      stream: 2,
      text: `[${at}] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/${version} (Unix) configured -- resuming normal operations`,
    },
    {
      afterMs: 30,
      stream: 2,
      text: `[${at}] [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'`,
    },
  ];
}

const program: Program<{ bad?: true }> = {
  name: "httpd-foreground",
  start(sys) {
    try {
      sys.listen(80, "h");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      const number = error.code === "EACCES" ? 13 : 98;
      sys.complain(
        `(${number})${errnoTexts[error.code]}: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n`,
      );
      return { bad: true };
    }
    const ip = sys.kernel.pod.pod.ip;
    for (const line of bootLog(sys.container.image.version, sys.now, ip))
      sys.complain(`${line.text}\n`);
    return {};
  },
  step: (_sys, state) => (state.bad ? { exit: 1 } : { wait: {} }),
  handles: (_state, signal) => [1, 2, 10, 15, 28].includes(signal),
  signal(sys, _state, signal) {
    if (signal === 1 || signal === 10) return undefined;
    sys.complain(
      `[${apacheTime(sys.now)}] [mpm_event:notice] [pid 1:tid 1] AH00491: caught ${signal === 28 ? "SIGWINCH, shutting down gracefully" : "SIGTERM, shutting down"}\n`,
    );
    return { exit: 0 };
  },
  http(sys, _state, request) {
    const path = (request.path.split("?")[0] ?? "/").replace(
      /%([0-9a-fA-F]{2})/g,
      (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
    );
    const stat = sys.peek(root + path);
    const target =
      stat?.type === "d" ? `${root}${path.replace(/\/$/, "")}/index.html` : root + path;
    const file = sys.peek(target);
    const found = file?.type === "f" && sys.access(target, 4);
    const response = found
      ? {
          status: 200,
          headers: {
            "content-type": mimeType(target, "text/plain"),
            "last-modified": httpDate(file.mtime),
          } as Record<string, string>,
          body: sys.readFile(target),
        }
      : file || stat
        ? page(403, "Forbidden", "You don't have permission to access this resource.")
        : page(404, "Not Found", "The requested URL was not found on this server.");
    sys.write(
      1,
      `${request.clientIp} - - [${commonLogTime(sys.now)}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${response.body.length}\n`,
    );
    return {
      response: {
        ...response,
        headers: {
          date: httpDate(sys.now),
          server: `Apache/${sys.container.image.version} (Unix)`,
          ...response.headers,
        },
      },
    };
  },
  memoryBytes: () => 9_000_000,
  title: () => "httpd -DFOREGROUND",
  shadow: () => [9, 10, 11].map((pid) => ({ pid, user: "www-data", title: "httpd -DFOREGROUND" })),
};

let cached: Map<string, ImageVersion> | undefined;

export const httpd: ImageDefinition = {
  repositories: [
    "docker.io/library/httpd",
    "registry.k8s.io/e2e-test-images/httpd",
    "public.ecr.aws/docker/library/httpd",
  ],
  resolveTag: (tag) =>
    resolveVersion(
      {
        series: { 2: 4 },
        latest: "2.4.65",
        patchMax: 65,
        variants: /^(alpine|bookworm|trixie|bullseye)[\d.]*$|^\d+$/,
      },
      tag,
    ),
  version(version) {
    cached ??= new Map();
    let found = cached.get(version);
    if (!found) {
      found = {
        version,
        entrypoint: [],
        cmd: ["httpd-foreground"],
        env: {
          PATH: "/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          HTTPD_PREFIX: "/usr/local/apache2",
          HTTPD_VERSION: version,
        },
        workingDir: "/usr/local/apache2",
        stopSignal: 28,
        layer: buildLayer(
          debianFiles(debianReleases.trixie!),
          {
            "/usr/local/bin/httpd-foreground": { program: "httpd-foreground" },
            "/usr/local/apache2/bin/httpd": { program: "httpd-foreground" },
            [`${root}/index.html`]: "<html><body><h1>It works!</h1></body></html>\n",
          },
          runtimeFiles,
        ),
        sizeBytes: 45_219_440,
      };
      cached.set(version, found);
    }
    return found;
  },
  programs: [program],
};
