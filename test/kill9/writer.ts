/** The client of `npm run kill9`: writes as fast as it gets answers, and knows what must be there of it. */

interface Seen {
  metadata: { name: string; resourceVersion: string };
  data?: Record<string, string>;
  spec?: { speed?: number };
}

interface List {
  metadata: { resourceVersion: string };
  items: Seen[];
}

/** What a name may hold: the last acknowledged value, or that of writes whose answer never came. Undefined: not there. */
type Values = (string | undefined)[];
/** The value of a Pod. */
const there = "there";

const json = { "content-type": "application/json" };
const merge = { "content-type": "application/merge-patch+json" };
/** A lane that holds so many takes one away before it makes another: a start shall not grow with the rounds. */
const mapsPerLaneMax = 150;
const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const clock = "/apis/podyard.dev/v1/clocks/cluster";

export class Writer {
  acknowledged = 0;
  unanswered = 0;
  watchEvents = 0;
  readonly byKind: Record<string, number> = {};
  readonly #url: string;
  readonly #random: () => number;
  readonly #may = new Map<string, Values>();
  #speed: Values = ["1"];
  #next = 0;
  #stopped = false;
  #cut = new AbortController();
  /** Where the watch stands, and what it has told. */
  #rv = "";
  readonly #told = new Map<string, string>();

  constructor(url: string, random: () => number) {
    this.#url = url;
    this.#random = random;
  }

  async alive(): Promise<boolean> {
    const answer = await fetch(`${this.#url}${maps}?limit=1`).catch(() => undefined);
    return answer?.ok === true;
  }

  stop(): void {
    this.#stopped = true;
    this.#cut.abort();
  }

  /** Several writers at once, each on names of its own, until `stop`. */
  async write(): Promise<void> {
    this.#stopped = false;
    this.#cut = new AbortController();
    await Promise.all([0, 1, 2].map((lane) => this.#lane(lane)));
  }

  async #lane(lane: number): Promise<void> {
    while (!this.#stopped) {
      const dice = this.#random();
      if (dice < 0.45) {
        if (this.#owned(lane).length >= mapsPerLaneMax) await this.#delete(lane);
        await this.#create(lane);
      } else if (dice < 0.7) await this.#patch(lane);
      else if (dice < 0.85) await this.#delete(lane);
      else if (dice < 0.93) await this.#pod(lane);
      else if (lane === 0) await this.#turnClock();
      else await this.#exec(lane);
    }
  }

  /** True: done; false: refused; undefined: nobody knows. */
  async #ask(kind: string, url: string, init: RequestInit): Promise<boolean | undefined> {
    try {
      const answer = await fetch(`${this.#url}${url}`, { ...init, signal: this.#cut.signal });
      await answer.arrayBuffer();
      if (!answer.ok) return answer.status >= 500 ? undefined : false;
      this.acknowledged += 1;
      this.byKind[kind] = (this.byKind[kind] ?? 0) + 1;
      return true;
    } catch {
      this.unanswered += 1;
      return undefined;
    }
  }

  #note(name: string, done: boolean | undefined, value: string | undefined): void {
    const before = this.#may.get(name) ?? [undefined];
    if (done === true) this.#may.set(name, [value]);
    else if (done === undefined) this.#may.set(name, [...before, value]);
  }

  #owned(lane: number): string[] {
    return [...this.#may.keys()].filter((name) => name.startsWith(`m${lane}-`));
  }

  #own(lane: number): string | undefined {
    const names = this.#owned(lane);
    return names[Math.floor(this.#random() * names.length)];
  }

  async #create(lane: number): Promise<void> {
    const name = `m${lane}-${this.#next++}`;
    const value = `${"x".repeat(Math.floor(this.#random() * 2_000))}${this.#next}`;
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { value } };
    const init = { method: "POST", headers: json, body: JSON.stringify(object) };
    this.#note(name, await this.#ask("create", maps, init), value);
  }

  async #patch(lane: number): Promise<void> {
    const name = this.#own(lane);
    if (name === undefined) return this.#create(lane);
    const value = `patched ${this.#next++}`;
    const init = { method: "PATCH", headers: merge, body: JSON.stringify({ data: { value } }) };
    this.#note(name, await this.#ask("patch", `${maps}/${name}`, init), value);
  }

  async #delete(lane: number): Promise<void> {
    const name = this.#own(lane);
    if (name === undefined) return this.#create(lane);
    this.#note(name, await this.#ask("delete", `${maps}/${name}`, { method: "DELETE" }), undefined);
  }

  /** One Pod a lane comes and goes: work for controllers and kubelets at the moment of the kill. */
  async #pod(lane: number): Promise<void> {
    const name = `p${lane}`;
    const object = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "sleep 1; exit 1"] }],
      },
    };
    const init = { method: "POST", headers: json, body: JSON.stringify(object) };
    const made = await this.#ask("pod", pods, init);
    this.#note(name, made, there);
    if (made !== false) return;
    const url = `${pods}/${name}?gracePeriodSeconds=0`;
    this.#note(name, await this.#ask("pod deleted", url, { method: "DELETE" }), undefined);
  }

  async #turnClock(): Promise<void> {
    const speed = 1 + Math.floor(this.#random() * 20);
    const init = { method: "PATCH", headers: merge, body: JSON.stringify({ spec: { speed } }) };
    const done = await this.#ask("clock", clock, init);
    if (done === true) this.#speed = [String(speed)];
    else if (done === undefined) this.#speed.push(String(speed));
  }

  /** Over WebSocket; what it writes lies in a container and is not looked for. */
  async #exec(lane: number): Promise<void> {
    const query = "command=sh&command=-c&command=echo%20hello&stdout=true&stderr=true&container=c";
    const url = `${this.#url.replace(/^http/, "ws")}${pods}/p${lane}/exec?${query}`;
    await new Promise<void>((resolve) => {
      const socket = new WebSocket(url, ["v5.channel.k8s.io"]);
      const end = (): void => resolve();
      this.#cut.signal.addEventListener("abort", end, { once: true });
      socket.addEventListener("close", end);
      socket.addEventListener("error", end);
      socket.addEventListener("message", () => {
        this.byKind["exec"] = (this.byKind["exec"] ?? 0) + 1;
        socket.close();
      });
    });
  }

  /** What is wrong after a start. What nobody knew before is known from here on. */
  async check(): Promise<string[]> {
    const problems: string[] = [];
    const [list, podList, clusterClock] = await Promise.all([
      this.#read<List>(maps),
      this.#read<List>(pods),
      this.#read<Seen>(clock),
    ]);
    const items = new Map(list.items.map((item) => [item.metadata.name, item]));
    const values = new Map(list.items.map((item) => [item.metadata.name, item.data?.["value"]]));
    for (const { metadata } of podList.items) values.set(metadata.name, there);
    for (const name of values.keys())
      if (isOwn(name) && !this.#may.has(name)) problems.push(`${name} is there again`);
    for (const [name, may] of this.#may) {
      const value = values.get(name);
      if (!may.includes(value))
        problems.push(`${name} is ${brief(value)}, not ${may.map(brief).join(" or ")}`);
      if (value === undefined) this.#may.delete(name);
      else this.#may.set(name, [value]);
    }
    const { spec } = clusterClock;
    if (!this.#speed.includes(String(spec?.speed ?? 1)))
      problems.push(`the clock's speed is ${spec?.speed}`);
    this.#speed = [String(spec?.speed ?? 1)];
    problems.push(...(await this.#resume(list.metadata.resourceVersion, items)));
    return problems;
  }

  async #read<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.#url}${path}`)).json()) as T;
  }

  /** A watch from where the last one ended must lead to what the list shows. */
  async #resume(rv: string, items: ReadonlyMap<string, Seen>): Promise<string[]> {
    if (this.#rv !== "") {
      const query = `watch=true&resourceVersion=${this.#rv}&timeoutSeconds=0&allowWatchBookmarks=true`;
      const cut = new AbortController();
      const watch = await fetch(`${this.#url}${maps}?${query}`, { signal: cut.signal });
      if (watch.status !== 200) return [`a watch from ${this.#rv} got ${watch.status}`];
      await this.#follow(watch, rv, items, cut);
    } else for (const [name, { metadata }] of items) this.#told.set(name, metadata.resourceVersion);
    this.#rv = rv;
    const wrong = [...items].filter(
      ([name, { metadata }]) => this.#told.get(name) !== metadata.resourceVersion,
    );
    const gone = [...this.#told.keys()].filter((name) => !items.has(name));
    return [...wrong.map(([name]) => name), ...gone].map((name) => `the watch missed ${name}`);
  }

  async #follow(
    watch: Response,
    rv: string,
    items: ReadonlyMap<string, Seen>,
    cut: AbortController,
  ): Promise<void> {
    const late = setTimeout(() => cut.abort(), 5_000);
    const done = (): boolean =>
      this.#told.size === items.size &&
      [...items].every(([name, { metadata }]) => this.#told.get(name) === metadata.resourceVersion);
    let text = "";
    try {
      if (done()) return;
      for await (const chunk of watch.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) this.#hear(JSON.parse(line) as { type: string; object: Seen });
        if (done()) return;
      }
    } catch {
      // Cut: what is missing is told by the caller.
    } finally {
      clearTimeout(late);
      cut.abort();
    }
  }

  #hear({ type, object }: { type: string; object: Seen }): void {
    if (type === "BOOKMARK") return;
    this.watchEvents += 1;
    const { name, resourceVersion } = object.metadata;
    if (type === "DELETED") this.#told.delete(name);
    else this.#told.set(name, resourceVersion);
  }
}

const isOwn = (name: string): boolean => /^(m\d-|p\d$)/.test(name);

const brief = (value: string | undefined): string =>
  value === undefined ? "absent" : `'${value.slice(-20)}'`;
