/** Files of the nginx image. */
import { type Layer, buildLayer } from "../../runtime/fs/layer.ts";
import {
  type FileTable,
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
} from "../../runtime/image/base-files.ts";

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`;

export const defaultConfig = `server {
    listen       80;
    listen  [::]:80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
`;

export const mainConfig = `user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;


events {
    worker_connections  1024;
}


http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    keepalive_timeout  65;

    include /etc/nginx/conf.d/*.conf;
}
`;

const files: FileTable = {
  "/usr/sbin/nginx": { program: "nginx" },
  "/docker-entrypoint.sh": { program: "nginx-entrypoint" },
  "/docker-entrypoint.d": { dir: true },
  "/usr/share/nginx/html/index.html": welcome,
  "/usr/share/nginx/html/50x.html":
    "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n<p>Sorry, the page you are looking for is currently unavailable.<br/>\nPlease try again later.</p>\n</body>\n</html>\n",
  "/etc/nginx/nginx.conf": mainConfig,
  "/etc/nginx/mime.types": "types {\n    text/html html htm shtml;\n    text/css css;\n}\n",
  "/etc/nginx/conf.d/default.conf": defaultConfig,
  "/var/log/nginx/access.log": { link: "/dev/stdout" },
  "/var/log/nginx/error.log": { link: "/dev/stderr" },
  "/var/cache/nginx": { dir: true },
  ...Object.fromEntries(
    ["client_temp", "proxy_temp", "fastcgi_temp", "uwsgi_temp", "scgi_temp"].map((name) => [
      `/var/cache/nginx/${name}`,
      { dir: true, mode: 0o700, uid: 101 } as const,
    ]),
  ),
  "/run": { dir: true },
  "/run/nginx.pid": "1\n",
};

export function layerOf(alpine: boolean, more: FileTable = {}): Layer {
  const base = alpine ? alpineFiles("3.22.2") : debianFiles(debianReleases.trixie!);
  const passwd = base["/etc/passwd"] as string;
  const user = "nginx:x:101:101:nginx user:/nonexistent:/bin/false\n";
  return buildLayer(base, files, more, runtimeFiles, {
    "/usr/bin/curl": { program: "curl" },
    "/etc/passwd": passwd + user,
    "/etc/group": `${base["/etc/group"] as string}nginx:x:101:\n`,
  });
}
