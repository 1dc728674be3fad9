/** The autoscaling walkthrough's server: every request keeps a core busy for a while. */
import { buildLayer } from "../runtime/fs/layer.ts";
import { debianFiles, debianReleases, runtimeFiles } from "../runtime/image/base-files.ts";
import { commandEntry } from "./command-entry.ts";
import type { ImageVersion } from "../runtime/image/image.ts";
import type { ImageDefinition } from "./define.ts";
import { apacheTime, commonLogTime, httpDate } from "../runtime/logs/times.ts";
import { html, smallServer } from "./serving/small-server.ts";

/** A million square roots in PHP 5, on a core of 2 GHz. */
const requestMs = 80;

const server = smallServer({
  program: "hpa-example",
  memoryMib: 11,
  term: 0,
  idleCpuMilli: 1,
  title: "apache2 -DFOREGROUND",
  start(sys) {
    const at = apacheTime(sys.now);
    sys.complain(
      `AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using ${sys.kernel.pod.pod.ip}. Set the 'ServerName' directive globally to suppress this message\n[${at}] [mpm_prefork:notice] [pid 1] AH00163: Apache/2.4.10 (Debian) PHP/5.6.14 configured -- resuming normal operations\n[${at}] [core:notice] [pid 1] AH00094: Command line: 'apache2 -D FOREGROUND'\n`,
    );
    return [80];
  },
  bye(sys) {
    sys.complain(
      `[${apacheTime(sys.now)}] [mpm_prefork:notice] [pid 1] AH00170: caught SIGWINCH, shutting down gracefully\n`,
    );
  },
  answer(sys, request, { path }) {
    const found = path === "/" || path === "/index.php";
    const response = found
      ? html("OK!")
      : html(
          `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL ${path} was not found on this server.</p>\n</body></html>\n`,
          404,
        );
    sys.write(
      1,
      `${request.clientIp} - - [${commonLogTime(sys.now)}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${response.body.length} "-" "${request.headers["user-agent"] ?? "-"}"\n`,
    );
    response.headers = {
      date: httpDate(sys.now),
      server: "Apache/2.4.10 (Debian)",
      "x-powered-by": "PHP/5.6.14",
      ...response.headers,
    };
    return found ? { response, cpuMs: requestMs } : response;
  },
});

let found: ImageVersion | undefined;

export const phpApache: ImageDefinition = {
  repositories: [
    "registry.k8s.io/hpa-example",
    "k8s.gcr.io/hpa-example",
    "gcr.io/google_containers/hpa-example",
    "gcr.io/google-containers/hpa-example",
  ],
  resolveTag: (tag) => (tag === "latest" ? tag : undefined),
  version(version) {
    found ??= {
      version,
      entrypoint: [],
      cmd: ["apache2-foreground"],
      env: {
        PHP_VERSION: "5.6.14",
        PHP_INI_DIR: "/usr/local/etc/php",
        APACHE_CONFDIR: "/etc/apache2",
      },
      workingDir: "/var/www/html",
      layer: buildLayer(
        debianFiles(debianReleases.buster!),
        {
          "/usr/local/bin/apache2-foreground": { program: "hpa-example" },
          "/var/www/html/index.php":
            '<?php\n  $x = 0.0001;\n  for ($i = 0; $i <= 1000000; $i++) {\n    $x += sqrt($x);\n  }\n  echo "OK!";\n?>\n',
        },
        runtimeFiles,
      ),
      sizeBytes: 200_679_300,
    };
    return found;
  },
  programs: [
    server,
    commandEntry("php-entrypoint", "/usr/local/bin/docker-php-entrypoint: 9", "php"),
  ],
};
