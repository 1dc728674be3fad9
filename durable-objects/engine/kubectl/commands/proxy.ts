/** kubectl proxy. k8s: kubectl/pkg/cmd/proxy/proxy.go */
import { cloneJson } from "../../runtime/bytes.ts";
import { stat } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import { klogHead } from "../discovery.ts";
import { Exit } from "../errors.ts";
import { hasAddress, listenAt, unavailable } from "../forward/listening.ts";
import { hostPort } from "../forward/ports.ts";
import { badPattern, type Filter } from "../proxy/filter.ts";
import { serve, type Served, type Serving } from "../proxy/serving.ts";
import { ask, at, type Outcome, type Work } from "../work.ts";

const withSlash = (prefix: string): string => (prefix.endsWith("/") ? prefix : `${prefix}/`);

function* filterOf(k: Kubectl): Work<Filter | undefined> {
  const { flags } = k;
  if (flags.bool("disable-filter")) {
    const head = yield* klogHead("proxy.go:177", "W");
    if (flags.string("unix-socket") === "")
      k.err(
        `${head} Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious\n`,
      );
    return undefined;
  }
  const filter: Filter = {
    acceptPaths: flags.string("accept-paths"),
    rejectPaths: flags.string("reject-paths"),
    acceptHosts: flags.string("accept-hosts"),
    rejectMethods: flags.string("reject-methods"),
  };
  const bad = badPattern(filter);
  if (bad === undefined) return filter;
  const head = yield* klogHead("proxy_server.go:87", "F");
  throw new Exit(
    255,
    `${head} Error compiling re: error parsing regexp: invalid or unsupported Perl syntax: \`${bad}\`\n`,
  );
}

function* warnOfFolder(k: Kubectl, folder: string): Work<void> {
  const found = yield* stat(folder);
  if (found?.folder) return;
  const head = yield* klogHead(found ? "proxy.go:202" : "proxy.go:200", "W");
  k.err(
    found
      ? `${head} Static file directory ${folder} is not a directory\n`
      : `${head} Failed to stat static file directory ${folder}: stat ${folder}: no such file or directory\n`,
  );
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const client = yield* k.client();
  const port = flags.int("port");
  const address = flags.string("address");
  const filter = yield* filterOf(k);
  if (flags.changed("port") && port !== 8001 && flags.string("unix-socket") !== "")
    k.fail("cannot set --unix-socket and --port at the same time");
  const folder = flags.string("www");
  if (folder) yield* warnOfFolder(k, folder);
  if (flags.string("unix-socket") !== "")
    k.fail("this kubectl serves on ports only, not on Unix sockets");
  const bound = yield* at((sys) =>
    hasAddress(sys, address) ? listenAt(sys, [address], port) : { error: unavailable },
  );
  if ("error" in bound) {
    k.fail(`listen tcp ${hostPort(address, port)}: bind: ${bound.error}`);
  }
  k.out(`Starting to serve on ${hostPort(address === "0.0.0.0" ? "::" : address, bound.port)}\n`);
  const served: Served = {
    fd: bound.fd,
    server: client.config.server,
    headers: client.credentials(),
    apiPrefix: withSlash(flags.string("api-prefix")),
    staticPrefix: withSlash(flags.string("www-prefix")),
    ...(folder ? { folder } : {}),
    ...(filter ? { filter } : {}),
  };
  return k.continueAs("serve", served);
}

/** Serves until it is killed. */
function* goOn(_k: Kubectl, served: Served): Work<Outcome> {
  yield* ask<null>({
    perform(sys, kept) {
      const serving = (kept["serving"] ??= cloneJson<Serving>({ open: [] })) as Serving;
      return { wait: serve(sys, served, serving) };
    },
  });
  return 0;
}

export const proxy: Command = { path: "proxy", run, continuations: { serve: goOn } };
