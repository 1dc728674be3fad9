import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { builtin } from "../durable-objects/engine/api/discovery/registry.ts";
import { ambiguity, constantsOf, patternsOf } from "../scripts/patterns.ts";
import { root } from "../scripts/root.ts";
import { filesBelow, isCode, parse, readSource, type Source } from "../scripts/source.ts";
import { shapesOf } from "../scripts/shapes.ts";
import { floorOf, strayShapesOf, structureOf } from "../scripts/structure.ts";

/** The house rules, as far as a machine can see them. The reasons stand in CONTRIBUTING.md. */

const linesOfFileMax = 400;
const linesOfFunctionMax = 60;
const looseFilesMax = 40;

/** What breaks a rule for now. This list may only shrink: an entry that is not needed any more fails too. */
const allowed: Record<string, string[]> = {
  "long file": [],
  "long function": [],
  "unreachable file": [],
  "ambiguous pattern": [],
  circle: [],
  "full folder": [],
};

const engine = "durable-objects/engine/";
/** Longer than other files: it is one table, and its use is that it is whole. */
const engineLimits = `${engine}core/limits.ts`;
const product = ["worker", "durable-objects", "web", "scripts"]
  .flatMap((folder) => (existsSync(path.join(root, folder)) ? filesBelow(folder) : []))
  .filter(isCode);
const sources = product.map(readSource);
/** Tables of facts made by a program or copied from a specification. */
const isData = (file: string): boolean =>
  /(^|-)(facts|data)\.ts$/.test(file) ||
  file.includes("/scenarios/library/") ||
  file === engineLimits;

describe("imports", () => {
  const packagesOf: [folder: string, packages: RegExp][] = [
    [engine, /^(yaml|js-yaml|@noble\/(hashes|curves)\/.*|fflate)$/],
    ["durable-objects/", /^(cloudflare:|fflate$)/],
    [
      "worker/",
      /^(hono|drizzle-orm|cloudflare:|valibot$|oauth4webapi$|@levischuck\/tiny-cbor$|fflate$)/,
    ],
    ["web/vite.config.ts", /^(vite|node:)/],
    [
      "web/",
      /^((preact|@preact\/signals)(\/|$)|(marked|yaml|@simplewebauthn\/browser)$|^@xterm\/(xterm|addon-fit)(\/css\/xterm\.css)?$|^@codemirror\/(autocomplete|commands|lang-yaml|language|lint|search|state|view)$|^@lezer\/highlight$)/,
    ],
    ["scripts/", /./],
  ];

  test("packages are those of each part's allow-list", () => {
    expect(
      offences(sources, ({ file, imports }) => {
        const known = packagesOf.find(([folder]) => file.startsWith(folder))![1];
        return imports
          .filter(({ from, file: to }) => to === undefined && !known.test(from))
          .filter(({ from, typeOnly }) => !(typeOnly && from.startsWith("kubernetes-types")))
          .map(({ from }) => from);
      }),
    ).toEqual([]);
  });

  /** What each part may import of others; "type" stands for types alone. */
  const partsOf: [from: string, rules: [to: RegExp, kind: "any" | "type"][]][] = [
    [engine, [[/^durable-objects\/engine\//, "any"]]],
    ["durable-objects/", [[/^durable-objects\//, "any"]]],
    [
      "worker/",
      [
        [/^worker\//, "any"],
        [
          /^durable-objects\/(object|birth|stream-head|edge-request|grant|preview-token|disk|responses)\.ts$/,
          "any",
        ],
        [
          /^durable-objects\/engine\/(core\/limits|network\/answer-headers|machinery\/(status|x509\/der)|api\/(users|auth\/users)|api\/discovery\/(discovery|registry)|schema\/(openapi|protobuf|yaml)|snapshots\/(artefact|counts|read-only|thumbnail))\.ts$/,
          "any",
        ],
        [/^durable-objects\//, "type"],
      ],
    ],
    [
      "web/",
      [
        [/^web\//, "any"],
        // Ages go on in the page as the server prints them, and the picture says of a Pod what its table says.
        [/^durable-objects\/engine\/(machinery\/duration|kinds\/pod\/status)\.ts$/, "any"],
        [/^durable-objects\/engine\//, "type"],
      ],
    ],
    ["scripts/", [[/^(scripts|durable-objects\/engine|worker)\//, "any"]]],
  ];

  test("parts import only what lies below them", () => {
    expect(
      offences(sources, ({ file, imports }) => {
        const rules = partsOf.find(([from]) => file.startsWith(from))![1];
        return imports
          .filter(({ file: to }) => to !== undefined && !to.endsWith(".css"))
          .filter(
            ({ file: to, typeOnly }) =>
              !rules.some(([known, kind]) => known.test(to!) && (kind === "any" || typeOnly)),
          )
          .map(({ from }) => from);
      }),
    ).toEqual([]);
  });

  /**
   * Floors of the engine, bottom to top: a folder imports of those that its row names, and of itself. A row names only what
   * it uses, so a new arrow is a decision that somebody takes here.
   */
  const floors: [folder: string, below: string][] = [
    ["core", ""],
    ["machinery", "core"],
    ["ports", "core machinery"],
    ["regex", "core"],
    ["schema", "core machinery regex"],
    ["cel", "core machinery regex"],
    ["kinds", "core machinery schema ports cel"],
    ["api", "core machinery schema ports cel kinds"],
    ["client", "core ports kinds api"],
    ["scheduler", "core machinery ports cel kinds"],
    ["runtime", "core machinery ports regex schema kinds api"],
    ["network", "core machinery ports regex kinds api runtime"],
    ["kubectl", "core machinery regex schema kinds runtime"],
    ["images", "core machinery regex schema kinds runtime kubectl"],
    ["cri", "ports runtime network images"],
    ["kubelet", "core machinery schema ports kinds scheduler runtime cri"],
    ["streams", "core machinery ports kinds api runtime network cri"],
    ["webhooks", "core machinery ports kinds api runtime network"],
    ["bootstrap", "core machinery ports kinds api runtime"],
    [
      "controllers",
      "core machinery ports cel kinds api client scheduler runtime network cri kubelet bootstrap",
    ],
    [
      "explanations",
      "core machinery ports kinds api scheduler runtime network cri kubelet controllers",
    ],
    ["loop", "core machinery ports kinds client runtime cri"],
    [
      "components",
      "core machinery ports kinds api client scheduler runtime images cri kubelet streams webhooks bootstrap controllers explanations loop",
    ],
    ["past", "core machinery ports kinds api"],
    ["snapshots", "core machinery ports schema kinds api runtime bootstrap components past"],
    ["index", "core ports api client streams bootstrap components loop snapshots past"],
  ];

  test("the core names no kind", () => {
    const names = [...builtin.allStored()].flatMap(({ id, plural, kind }) => [id, plural, kind]);
    const quoted = new RegExp(`["'](${names.join("|").replaceAll(".", "\\.")})["']`, "g");
    expect(quoted.test('resource !== "pods"')).toBe(true);
    const core = sources.filter(({ file }) => file.startsWith(`${engine}core/`));
    expect(core.length).toBeGreaterThan(20);
    expect(
      offences(core, ({ file }) => readFileSync(path.join(root, file), "utf8").match(quoted) ?? []),
    ).toEqual([]);
  });

  test("each folder of the engine stands on the floors below it", () => {
    const at = new Map(floors.map(([folder], i) => [folder, i]));
    const used = new Map(floors.map(([folder]) => [folder, new Set<string>()]));
    for (const { file, imports } of sources) {
      const floor = floorOf(file);
      if (floor === undefined) continue;
      expect(used.has(floor), `${floor} has a row`).toBe(true);
      for (const { file: to } of imports) {
        const other = to === undefined ? undefined : floorOf(to);
        if (other !== undefined && other !== floor) used.get(floor)!.add(other);
      }
    }
    const sorted = (folders: Iterable<string>): string => [...folders].sort().join(" ");
    for (const [folder, below] of floors) {
      const named = below.split(" ").filter(Boolean);
      expect(`${folder}: ${sorted(used.get(folder)!)}`).toBe(`${folder}: ${sorted(named)}`);
      for (const one of named) {
        expect(at.get(one), `${one}, below ${folder}`).toBeLessThan(at.get(folder)!);
      }
    }
  });

  const structure = structureOf(sources);

  test("no circle of files, no two folders of the engine that import each other", () => {
    expectOnly(
      "circle",
      structure.circles.map((circle) => circle.join(" ")),
    );
    expect(structure.pairs).toEqual([]);
  });

  test(`folders have at most ${looseFilesMax} loose files`, () => {
    expectOnly(
      "full folder",
      [...structure.loose].filter(([, count]) => count > looseFilesMax).map(([folder]) => folder),
    );
  });

  test("controllers never import each other: they meet in the store", () => {
    const registry = sources.find(({ file }) => file === `${engine}components/controllers.ts`);
    const controllers = new Set(
      registry?.imports.map(({ file }) => file).filter((file) => floorOf(file!) === "controllers"),
    );
    expect(
      offences(
        sources.filter(({ file }) => controllers.has(file)),
        ({ imports }) =>
          imports.filter(({ file }) => controllers.has(file)).map(({ from }) => from),
      ),
    ).toEqual([]);
  });

  test("every file is reached from an entry: no unregistered kind, controller, image or panel", () => {
    const entries = [
      "worker/index.ts",
      "worker/local.ts",
      "web/main.tsx",
      "web/embed/element.ts",
      "web/vite.config.ts",
    ].concat(product.filter((file) => file.startsWith("scripts/")));
    const reached = reachable(entries);
    expectOnly(
      "unreachable file",
      product.filter((file) => !reached.has(file)),
    );
  });
});

describe("the border of the engine", () => {
  const shell = ["worker/", "durable-objects/"];
  const product = sources.filter(({ file }) => shell.some((part) => file.startsWith(part)));
  const matches = ({ text }: Source, pattern: RegExp): string[] => text.match(pattern) ?? [];

  test("headers of our own are written and read in one file each way", () => {
    const known = /^durable-objects\/(edge-request|stream-head)\.ts$/;
    const others = product.filter(({ file }) => !known.test(file));
    expect(offences(others, (source) => matches(source, /["'`]podyard-[a-z-]+["'`]/g))).toEqual([]);
  });

  test("is crossed by types that say what they are", () => {
    const border =
      /^(worker\/|durable-objects\/(sessions\/)?[^/]+$|durable-objects\/engine\/([^/]+$|streams\/))/;
    const files = product.filter(({ file }) => border.test(file));
    expect(offences(files, (source) => matches(source, /\bas (never|unknown as)\b/g))).toEqual([]);
  });
});

describe("a kind's shape is declared once, with the kind", () => {
  /** What is sent or answered and never stored is no kind of `kinds/`: who answers it says what it is. */
  const neverStored =
    "AccessReview Binding Eviction Fischer Flunder ListObject NodeMetrics PodMetrics RulesReview Scale Status Table TokenRequest TokenReview";

  test("others import it", () => {
    const names = strayShapesOf(sources).map((found) => found.split(" ")[1]);
    expect(names.sort().join(" ")).toBe(neverStored);
  });

  test.for([
    "interface Budget extends KubeObject { spec?: object }",
    "type Budget = KubeObject & { spec?: object };",
    "interface Budget { metadata: object; status: object }",
    "type Budget = { metadata: object; spec: object };",
  ])("the check sees %s", (text) => {
    expect(shapesOf({ file: "x.ts", text })).toEqual(["Budget"]);
  });

  test("the check sees a type written in place", () => {
    const text = "const a = (o: KubeObject) => (o as KubeObject & { spec?: object }).spec;";
    expect(shapesOf({ file: "x.ts", text })).toEqual(["(unnamed)"]);
  });
});

describe("the engine is synchronous, deterministic and pure", () => {
  // What the platform brings (fetch, crypto, console) does not even type-check: its tsconfig has no types.
  const banned = new Set(
    (
      "async await Promise Math.random setTimeout setInterval queueMicrotask globalThis Intl " +
      ".localeCompare .toLocaleString .toLocaleLowerCase .toLocaleUpperCase .toLocaleDateString " +
      "WeakRef FinalizationRegistry structuredClone"
    ).split(" "),
  );

  test("nothing ambient", () => {
    expect(
      offences(
        sources.filter(({ file }) => file.startsWith(engine)),
        ({ file, words }) =>
          words
            .filter(
              ({ word }) =>
                banned.has(word) || (word === "Date" && file !== `${engine}core/clock.ts`),
            )
            .map(({ word, line }) => `${word} (line ${line})`),
      ),
    ).toEqual([]);
  });

  test("the ban sees what it should see", () => {
    const { words } = parse(
      "x.ts",
      "const a = async () => { await b; new Date(); Math.random(); x.localeCompare(y); ({ Date: 1 }).Date; };",
    );
    const seen = words.map(({ word }) => word);
    expect(seen).toEqual(
      expect.arrayContaining(["async", "await", "Date", "Math.random", ".localeCompare"]),
    );
    expect(seen.filter((word) => word === "Date")).toHaveLength(1);
  });
});

describe("size", () => {
  test(`files have at most ${linesOfFileMax} lines`, () => {
    expectOnly(
      "long file",
      sources
        .filter(({ file, lines }) => lines > linesOfFileMax && !isData(file))
        .map(({ file }) => file),
    );
  });

  test(`functions have at most ${linesOfFunctionMax} lines`, () => {
    expectOnly(
      "long function",
      sources
        .filter(({ file }) => !isData(file))
        .flatMap(({ file, functions }) =>
          functions
            .filter(({ lines }) => lines > linesOfFunctionMax)
            .map(({ name }) => `${file} ${name}`),
        ),
    );
  });
});

describe("patterns take linear time: nothing interrupts V8 while it matches", () => {
  test("ours do, for every text", () => {
    const served = sources.filter(({ file }) => !file.startsWith("scripts/"));
    const constants = new Map(served.flatMap(({ file, text }) => [...constantsOf(file, text)]));
    const judged = new Map<string, string | undefined>();
    const problem = ({ source, flags }: { source: string; flags: string }): string | undefined => {
      const written = `/${source}/${flags}`;
      if (!judged.has(written)) judged.set(written, ambiguity({ source, flags }));
      return judged.get(written);
    };
    const found = served.flatMap(({ file, text }) =>
      patternsOf(file, text, constants)
        .filter((pattern) => problem(pattern) !== undefined)
        .map(({ source, flags }) => `${file} /${source}/${flags}`),
    );
    expectOnly("ambiguous pattern", [...new Set(found)]);
    expect(judged.size).toBeGreaterThan(500);
  });

  test.for([
    ["literal", String.raw`const a = /^\/+(\.?\/*)*$/;`],
    ["run at the end", String.raw`const a = text.replace(/\/+$/, "");`],
    ["neighbours", "const a = /^0*[0-9]*!$/;"],
    ["nested", "const a = /^(a+)+$/;"],
    ["alternatives that overlap", "const a = /^(?:a|a)*$/;"],
    ["behind a beginning", String.raw`const a = /\[\^[^\]]*\]/g;`],
    ["two runs", String.raw`const a = /^(.*)\['(.*)'\]$/s;`],
    ["back-reference", String.raw`const a = /^-BEGIN ([^\n]*)-$[^]*?^-END \1-$/gm;`],
    ["look-ahead", String.raw`const a = /\/\*((?:(?!\*\/)[^])*)\*\//g;`],
    ["constant text", 'const run = "a*"; const a = new RegExp(`^${run}${run}!$`);'],
    ["sum of texts", 'const a = RegExp("a*" + "a*!", "i");'],
    ["imported text", "const a = new RegExp(`${imported}$`);"],
  ] as const)("the check sees %s", ([, text]) => {
    const patterns = patternsOf("x.ts", text, new Map([["imported", " +"]]));
    expect(patterns.map(ambiguity)).toEqual([expect.any(String)]);
  });

  test.for([
    String.raw`const a = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;`,
    String.raw`const a = /[^\n]+\n?|\n/g;`,
    String.raw`const a = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|ms|s|m|h)/;`,
    String.raw`const a = new RegExp(unknown);`,
  ])("the check lets %s be", (text) => {
    expect(patternsOf("x.ts", text).filter(ambiguity)).toEqual([]);
  });
});

describe("limits", () => {
  const files = [engineLimits, "durable-objects/limits.ts", "worker/limits.ts"];
  const named = /^(export )?const \w+(Max|Kept)(: number)? = [-\d(][-\d_.\s*+/()]*;$/;
  /** Who sets a number that is not ours. */
  const source = /\b(k8s|Go|Linux|POSIX|glibc|httpbin|memcached|RFC \d+)\b/;

  /** Numbers called Max or Kept whose comment, above them or above their group, names no source. */
  function limitsOf(text: string): string[] {
    const lines = text.split("\n");
    let comment: string[] = [];
    let closed = false;
    return lines.flatMap((line) => {
      const isComment = /^( \*|\/\*\*)/.test(line);
      if (isComment) comment = closed || line.startsWith("/**") ? [line] : [...comment, line];
      else if (!/^(export )?const \w+/.test(line)) comment = [];
      closed = isComment && line.endsWith("*/");
      return named.test(line) && !source.test(comment.join(" ")) ? [line] : [];
    });
  }

  test("of our own stand in one file per part; others say whose they are", () => {
    const others = sources.filter(
      ({ file }) => /^(durable-objects|worker)\//.test(file) && !files.includes(file),
    );
    expect(offences(others, ({ text }) => limitsOf(text))).toEqual([]);
  });

  test("the check sees what it should see", () => {
    const found = limitsOf(
      [
        "/** k8s: pkg/apis/core MaxThings */",
        "const aMax = 1;",
        "const bMax = 2;",
        "",
        "const cMax = 3 * 1024;",
        "/** Ours. */",
        "const dKept = 4_000;",
      ].join("\n"),
    );
    expect(found).toEqual(["const cMax = 3 * 1024;", "const dKept = 4_000;"]);
  });
});

describe("names and words", () => {
  test("files are kebab-case and say what they hold", () => {
    const files = [...product, ...filesBelow("test").filter(isCode)];
    expect(
      files.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.tsx?$/.test(base(file))),
    ).toEqual([]);
    expect(
      product.filter((file) => /^(utils?|helpers?|common|misc|manager)\.tsx?$/.test(base(file))),
    ).toEqual([]);
  });

  test("behaviours of test/behaviours.md have tests, and numbers in titles have a row there", () => {
    const rows = [...read("test/behaviours.md").matchAll(/^\| ([PDCN]\d+) \|/gm)].map(([, n]) => n);
    const titles = filesBelow("test")
      .filter((file) => file.endsWith(".test.ts"))
      .flatMap((file) => [...read(file).matchAll(/^ *(?:\[|\w+\(|)"([PDCN]\d+):? /gm)])
      .map(([, n]) => n);
    expect([...new Set(titles)].sort()).toEqual([...rows].sort());
  });

  test("paths and names in INDEX.md, and paths in ARCHITECTURE.md, are there", () => {
    const tops = /^(engine|durable-objects|worker|web|test|scripts|migrations|gallery)\/[^<*{ ]*$/;
    const placed = (named: string): string => named.replace(/^engine\//, engine);
    const isThere = (named: string): boolean => existsSync(path.join(root, placed(named)));
    const missing = ["INDEX.md", "ARCHITECTURE.md"].flatMap((file) =>
      [...read(file).matchAll(/`([^`]+)`/g)]
        .map(([, named = ""]) => named)
        .filter((named) => tops.test(named) && !isThere(named))
        .map((named) => `${file}: ${named}`),
    );
    expect(missing).toEqual([]);
    const gone = [
      ...read("INDEX.md").matchAll(/`([^`]+\.tsx?)` \(((?:`\w+`(?:, )?)+)[^)]*\)/g),
    ].flatMap(([, file = "", names = ""]) =>
      tops.test(file)
        ? [...names.matchAll(/`(\w+)`/g)]
            .filter(([, name = ""]) => !read(placed(file)).includes(name))
            .map(([, name]) => `${file}: ${name}`)
        : [],
    );
    expect(gone).toEqual([]);
  });

  test("nothing names a machine or a workplace", () => {
    const places =
      /(?<![\w.])\/(work|root|home|Users)\/\w|\/tmp\/(?!podyard)\w|\b[f]arm\b|\.\.\/shared\//;
    const texts = filesBelow("")
      .filter((file) => /\.(tsx?|css|html|json|md|toml|ya?ml|sql)$|^\.ci\/|^NOTICE$/.test(file))
      .filter((file) => !/^(package-lock\.json|test\/golden\/)/.test(file))
      // Simulated file systems have a /root and a /home of their own.
      .filter(
        (file) =>
          !/^(durable-objects\/engine|gallery|test\/(engine|sessions|sim))\/|^worker\/scenarios\/gallery-files\.json$/.test(
            file,
          ),
      );
    expect(texts.filter((file) => places.test(read(file).replace(/places = .*/, "")))).toEqual([]);
  });

  test("the lockfile names no registry but npm's own", () => {
    const hosts = read("package-lock.json").matchAll(/"resolved": "https?:\/\/([^/"]+)/g);
    expect([...new Set([...hosts].map((match) => match[1]))]).toEqual(
      expect.not.arrayContaining([expect.not.stringMatching(/^registry\.npmjs\.org$/)]),
    );
  });

  test("the lockfile knows the packages of every platform, or npm ci fails", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${place}/node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });

  test("dependencies are pinned", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
      string,
      Record<string, string>
    >;
    const versions = Object.entries({ ...dependencies, ...devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
      [],
    );
  });
});

function reachable(entries: string[]): Set<string> {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  const reached = new Set<string>();
  const queue = [...entries];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const { file: to } of byFile.get(file)?.imports ?? []) if (to) queue.push(to);
  }
  return reached;
}

function offences(among: Source[], find: (source: Source) => string[]): string[] {
  return among.flatMap((source) => find(source).map((what) => `${source.file}: ${what}`));
}

/** Every offence is allowed for now, and every allowance is still needed. */
function expectOnly(rule: string, found: string[]): void {
  const known = allowed[rule] ?? [];
  expect({
    new: found.filter((offence) => !known.includes(offence)),
    mended: known.filter((offence) => !found.includes(offence)),
  }).toEqual({ new: [], mended: [] });
}

const base = (file: string): string => path.posix.basename(file);
function read(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}
