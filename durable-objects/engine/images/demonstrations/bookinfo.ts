/**
 * istio's bookinfo: a page made of what three other services answer over the cluster's network. Reviews come in three
 * versions, without stars, with black and with red ones, so that it is seen which of them a route led to.
 */
import { bookinfoRatingsMax } from "../../core/limits.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import { Errno } from "../../runtime/errno.ts";
import {
  debianFiles,
  debianReleases,
  runtimeFiles,
  type FileTable,
} from "../../runtime/image/base-files.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest, HttpResponse, Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { commonLogTime } from "../../runtime/logs/times.ts";
import type { ImageDefinition } from "../define.ts";
import { askingServer } from "../serving/asking-server.ts";
import { httpAskNames, pushAsk, type HttpAsk } from "../serving/http-ask.ts";
import { keptServer, remember, type KeptState } from "../serving/kept-server.ts";
import { answer, html, json, smallServer, targetOf, type Target } from "../serving/small-server.ts";
import { bookPage, indexPage, product, reviewTexts } from "./bookinfo-pages.ts";

/** Headers that every one of the services hands on. */
const handedOn =
  "x-request-id x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled x-b3-flags traceparent tracestate end-user user-agent cookie authorization jwt".split(
    " ",
  );

function askFor(sys: Sys, service: string, request: HttpRequest, patienceMs: number): HttpAsk {
  const name = service.toUpperCase();
  const domain = sys.env.SERVICES_DOMAIN ? `.${sys.env.SERVICES_DOMAIN}` : "";
  const host = (sys.env[`${name}_HOSTNAME`] ?? service) + domain;
  const port = Number(sys.env[`${name}_SERVICE_PORT`] ?? 9080);
  const headers: Record<string, string> = { host: `${host}:${port}`, accept: "*/*" };
  for (const key of handedOn) if (request.headers[key]) headers[key] = request.headers[key];
  return { host, port, path: `/${service}/0`, patienceMs, headers };
}

/** The port that its command line ends with. */
const portOf = (sys: Sys): number => {
  const word = sys.argv.findLast((one) => /^\d{1,5}$|^\[?[\w.:*]{0,40}\]?:\d{1,5}$/.test(one));
  return Number(word?.split(":").at(-1) ?? 9080);
};

// productpage

interface Page {
  /** What is made of the answers. */
  what: "page" | "details" | "reviews" | "ratings";
  asks: HttpAsk[];
  /** Reviews are asked for twice before they are given up. */
  again?: HttpAsk;
}

const userOf = (request: HttpRequest): string =>
  /(?:^|;\s*)session=([\w.@-]{1,64})/.exec(request.headers.cookie ?? "")?.[1] ?? "";

function flaskLog(sys: Sys, request: HttpRequest, made: HttpResponse): HttpAnswer {
  sys.write(
    1,
    `INFO:werkzeug:::ffff:${request.clientIp} - - [${commonLogTime(sys.now).slice(0, 20).replace(":", " ").replaceAll(/\//g, "/")}] "${request.method} ${request.path} HTTP/1.1" ${made.status} -\n`,
  );
  return { response: made };
}

const redirected = (request: HttpRequest, cookie: string): HttpResponse => ({
  status: 302,
  headers: {
    location: request.headers.referer ?? "/productpage",
    "set-cookie": cookie,
    "content-type": "text/html; charset=utf-8",
  },
  body: "",
});

function plainPage(request: HttpRequest, { path, query }: Target): HttpResponse {
  if (path === "/" || path === "/index.html") return html(indexPage);
  if (path === "/health") return html("Product page is healthy");
  if (path === "/api/v1/products") return json([product]);
  if (path === "/logout") return redirected(request, "session=; Max-Age=0; Path=/");
  if (path === "/login" && request.method === "POST") {
    const user = (query.get("username") ?? "").replace(/[^\w.@-]/g, "").slice(0, 64);
    return redirected(request, `session=${user}; HttpOnly; Path=/`);
  }
  return html(
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n",
    404,
  );
}

/** What a service answered: its status and value, or the page's own words. */
function told(ask: HttpAsk, what: string): { status: number; value: unknown } {
  if (ask.status === 200)
    try {
      return { status: 200, value: JSON.parse(ask.reply ?? "") };
    } catch {
      // An answer that is no JSON is as good as none.
    }
  return {
    status: ask.status ?? 500,
    value: { error: `Sorry, product ${what} are currently unavailable for this book.` },
  };
}

const productpage = askingServer<Page>({
  program: "bookinfo-productpage",
  workNames: {
    fields: { asks: "a", again: "g" },
    inside: { asks: { each: httpAskNames }, again: httpAskNames },
  },
  memoryMib: 62,
  idleCpuMilli: 2,
  title: "python productpage.py 9080",
  start(sys) {
    const port = portOf(sys);
    try {
      sys.listen(port, "h");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`Address already in use\nPort ${port} is in use by another program.\n`);
      return 1;
    }
    sys.write(
      1,
      `INFO:root:start at port ${port}\n * Serving Flask app 'productpage'\n * Debug mode: off\nINFO:werkzeug:WARNING: This is a development server. Do not use it in a production deployment. Use a production WSGI server instead.\n * Running on all addresses (::)\n * Running on http://[::1]:${port}\n`,
    );
    return undefined;
  },
  begin(sys, request) {
    const target = targetOf(request);
    const ask = (service: string): HttpAsk => {
      const one = askFor(sys, service, request, 3_000);
      const user = userOf(request);
      if (user && one.headers) one.headers["end-user"] = user;
      return one;
    };
    const reviews = (): Page => ({
      what: "reviews",
      asks: [ask("reviews")],
      again: ask("reviews"),
    });
    if (target.path === "/productpage")
      return { job: { ...reviews(), what: "page", asks: [ask("details"), ask("reviews")] } };
    const api = /^\/api\/v1\/products\/\d{1,9}(?:\/(reviews|ratings))?$/.exec(target.path);
    if (!api) return flaskLog(sys, request, plainPage(request, target));
    if (api[1] === "reviews") return { job: reviews() };
    const what = api[1] === "ratings" ? "ratings" : "details";
    return { job: { what, asks: [ask(what)] } };
  },
  push(sys, page): Wait | undefined {
    for (const ask of page.asks) {
      const wait = pushAsk(sys, ask);
      if (wait) return wait;
    }
    const last = page.asks.at(-1);
    if (!page.again || last?.status === 200) return undefined;
    const { again } = page;
    delete page.again;
    page.asks[page.asks.length - 1] = again;
    return pushAsk(sys, again);
  },
  finish(sys, page, request) {
    const [first, second] = page.asks as [HttpAsk, HttpAsk];
    if (page.what === "page") {
      const details = told(first, "details");
      const reviews = told(second, "reviews");
      return flaskLog(sys, request, html(bookPage(details, reviews, userOf(request))));
    }
    const { status, value } = told(first, page.what);
    return flaskLog(sys, request, json(value, status));
  },
  term: () => ({ exit: 143 }),
});

// details, ratings

const details = smallServer({
  program: "bookinfo-details",
  memoryMib: 28,
  term: 143,
  title: "ruby details.rb 9080",
  start(sys) {
    sys.complain(
      `INFO  WEBrick 1.9.1\nINFO  ruby 3.4.4 [x86_64-linux]\nINFO  WEBrick::HTTPServer#start: pid=${sys.pid} port=${portOf(sys)}\n`,
    );
    return [portOf(sys)];
  },
  answer(_sys, _request, { path }) {
    if (path === "/health") return json({ status: "Details is healthy" });
    const id = /^\/details\/(\d{1,9})$/.exec(path)?.[1];
    if (path.startsWith("/details") && id === undefined)
      return json({ error: "please provide numeric product id" }, 400);
    if (id === undefined) return html("<HTML><TITLE>Not Found</TITLE></HTML>\n", 404);
    return json({
      id: Number(id),
      author: "William Shakespeare",
      year: 1595,
      type: "paperback",
      pages: 200,
      publisher: "PublisherA",
      language: "English",
      "ISBN-10": "1234567890",
      "ISBN-13": "123-1234567890",
    });
  },
});

interface Ratings extends KeptState {
  /** Ratings that somebody posted, by product. */
  posted: Record<string, unknown>;
}

const original = { Reviewer1: 5, Reviewer2: 4 };

const ratings = keptServer<Ratings>({
  program: "bookinfo-ratings",
  storedNames: { fields: { exitCode: "x", posted: "p" } },
  memoryMib: 35,
  term: 143,
  title: "node ratings.js 9080",
  start(sys) {
    sys.write(1, `Server listening on: http://0.0.0.0:${portOf(sys)}\n`);
    return { state: { posted: {} }, ports: [portOf(sys)] };
  },
  answer(sys, state, request, { path }) {
    sys.write(1, `${request.method} ${request.path}\n`);
    if (path === "/health") return json({ status: "Ratings is healthy" });
    const rest = /^\/ratings\/(.*)$/s.exec(path)?.[1];
    if (rest === undefined) return answer("", undefined, 404);
    if (!/^\d{1,9}$/.test(rest)) return json({ error: "please provide numeric product ID" }, 400);
    const id = Number(rest);
    if (request.method === "POST") {
      let posted: unknown;
      try {
        posted = JSON.parse(request.body);
      } catch {
        return json({ error: "please provide valid ratings JSON" }, 400);
      }
      const kept = Object.keys(state.posted).slice(-bookinfoRatingsMax);
      state.posted = Object.fromEntries(kept.map((key) => [key, state.posted[key]]));
      state.posted[rest] = posted;
      remember(sys);
      return json({ id, ratings: posted });
    }
    const known = Object.hasOwn(state.posted, rest) ? state.posted[rest] : original;
    return json({ id, ratings: known });
  },
});

// reviews

interface Review {
  ratings?: HttpAsk;
}

function reviewsText(sys: Sys, { ratings: ask }: Review): string {
  const stars = ask?.status === 200 ? told(ask, "ratings").value : undefined;
  const found = (stars as { ratings?: Record<string, unknown> } | undefined)?.ratings;
  const rating = (reviewer: string): object => {
    if (!ask) return {};
    const count = found?.[reviewer];
    return {
      rating:
        typeof count === "number"
          ? { stars: count, color: sys.env.STAR_COLOR ?? "black" }
          : { error: "Ratings service is currently unavailable" },
    };
  };
  const review = (reviewer: string, text: string): object => ({
    reviewer,
    text,
    ...rating(reviewer),
  });
  return JSON.stringify({
    id: "0",
    podname: sys.container.hostname,
    clustername: sys.env.CLUSTER_NAME ?? "null",
    reviews: reviewTexts.map(([reviewer, text]) => review(reviewer, text)),
  });
}

const reviews = askingServer<Review>({
  program: "bookinfo-reviews",
  workNames: { inside: { ratings: httpAskNames } },
  memoryMib: 120,
  idleCpuMilli: 3,
  title: "java -jar /opt/ol/wlp/bin/tools/ws-server.jar defaultServer",
  start(sys) {
    try {
      sys.listen(9080, "h");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain("[ERROR   ] CWWKO0221E: TCP/IP Port 9080 on host * is in use.\n");
      return 1;
    }
    sys.write(
      1,
      "Launching defaultServer (Open Liberty 24.0.0.6/wlp-1.0.90.cl240620240603-2102) on Eclipse OpenJ9 VM, version 17.0.11+9 (en_US)\n[AUDIT   ] CWWKT0016I: Web application available (default_host): http://localhost:9080/\n[AUDIT   ] CWWKZ0001I: Application reviews-app started in 1.532 seconds.\n[AUDIT   ] CWWKF0011I: The defaultServer server is ready to run a smarter planet. The defaultServer server started in 4.201 seconds.\n",
    );
    return undefined;
  },
  begin(sys, request) {
    const { path } = targetOf(request);
    if (path === "/health") return { response: json({ status: "Reviews is healthy" }) };
    if (!/^\/reviews\/\d{1,9}$/.test(path))
      return { response: answer("Error 404: not found\n", undefined, 404) };
    if (sys.env.ENABLE_RATINGS?.toLowerCase() !== "true") return { job: {} };
    const patienceMs = (sys.env.STAR_COLOR ?? "black") === "black" ? 10_000 : 2_500;
    return { job: { ratings: askFor(sys, "ratings", request, patienceMs) } };
  },
  push: (sys, review) => (review.ratings ? pushAsk(sys, review.ratings) : undefined),
  finish(sys, review) {
    const { ratings: ask } = review;
    if (ask && ask.status !== 200)
      sys.complain(
        `Error: unable to contact http://${ask.host}:${ask.port}/ratings got ${ask.status === undefined ? `exception javax.ws.rs.ProcessingException: ${ask.error ?? ""}` : `status of ${ask.status}`}\n`,
      );
    return { response: answer(reviewsText(sys, review), "application/json") };
  },
  term: () => ({ exit: 143 }),
});

const names = (name: string): string[] => [
  `docker.io/istio/examples-bookinfo-${name}`,
  `registry.istio.io/release/examples-bookinfo-${name}`,
  `registry.istio.io/testing/examples-bookinfo-${name}`,
  `gcr.io/istio-release/examples-bookinfo-${name}`,
  `gcr.io/istio-testing/examples-bookinfo-${name}`,
];

/** A version's repositories, what it runs, and the environment that makes it that version. */
function image(
  repository: string,
  cmd: string[],
  env: Record<string, string>,
  files: FileTable,
): ImageDefinition {
  const layer = buildLayer(
    debianFiles(debianReleases.bookworm!),
    { "/usr/bin/curl": { program: "curl" } },
    files,
    runtimeFiles,
  );
  return {
    repositories: names(repository),
    resolveTag: (tag) => (/^1\.\d{1,2}\.\d{1,2}|^latest$|^\d/.test(tag) ? tag : undefined),
    version: (version) => ({
      version,
      entrypoint: [],
      cmd,
      env,
      user: "1000",
      workingDir: "/opt/microservices",
      layer,
      sizeBytes: 93_000_000,
    }),
  };
}

const reviewsImage = (version: string, env: Record<string, string>): ImageDefinition =>
  image(
    `reviews-${version}`,
    ["/opt/ol/wlp/bin/server", "run", "defaultServer"],
    { SERVICE_VERSION: version, ...env },
    { "/opt/ol/wlp/bin/server": { program: "bookinfo-reviews" } },
  );

const ratingsImage = (version: string): ImageDefinition =>
  image(
    `ratings-${version}`,
    ["node", "ratings.js", "9080"],
    { SERVICE_VERSION: version },
    { "/usr/bin/node": { program: "bookinfo-ratings" } },
  );

export const bookinfoImages: ImageDefinition[] = [
  {
    ...image(
      "productpage-v1",
      ["python", "productpage.py", "9080"],
      { FLOOD_FACTOR: "0" },
      { "/usr/bin/python": { program: "bookinfo-productpage" } },
    ),
    programs: [productpage, details, ratings, reviews],
  },
  ...["details-v1", "details-v2"].map((version) =>
    image(
      version,
      ["ruby", "details.rb", "9080"],
      { SERVICE_VERSION: version.slice(-2) },
      { "/usr/bin/ruby": { program: "bookinfo-details" } },
    ),
  ),
  ratingsImage("v1"),
  reviewsImage("v1", { ENABLE_RATINGS: "false" }),
  reviewsImage("v2", { ENABLE_RATINGS: "true" }),
  reviewsImage("v3", { ENABLE_RATINGS: "true", STAR_COLOR: "red" }),
];
