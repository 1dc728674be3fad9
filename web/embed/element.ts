import type { AsksForPort, BringsPort, Event as Told, Reply } from "./protocol.ts";

/**
 * `<podyard-sandbox src="https://HOST/embed/...">`: a frame, and a way to steer it. Attributes `view`, `theme`, `ctl`, `readonly`, `run`
 * and `time` become parameters of the address; `height` (pixels) fixes what else follows the content.
 */

const attributes = ["view", "theme", "ctl", "readonly", "run", "time"];
const askEveryMs = 250;
const asksForPort: AsksForPort = "podyard:connect";
const bringsPort: BringsPort = "podyard:port";

class PodyardSandbox extends HTMLElement {
  static readonly observedAttributes = ["src"];
  #port: MessagePort | undefined;
  #asking: number | undefined;
  #origin = "";
  #last = 0;
  readonly #open = new Map<
    number,
    { done: (value: unknown) => void; failed: (e: Error) => void }
  >();
  #waiting: (() => void)[] = [];

  connectedCallback(): void {
    this.#show();
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#show();
  }

  disconnectedCallback(): void {
    this.#end();
  }

  readonly run = (command: string, options?: object): Promise<unknown> =>
    this.#call("run", command, options);
  /** Manifests: YAML or JSON text, an object, or an array of objects. */
  readonly apply = (manifests: unknown): Promise<unknown> => this.#call("apply", manifests);
  /** What the Kubernetes API answers at a path: `/api/v1/namespaces/default/pods`. */
  readonly get = (path: string): Promise<unknown> => this.#call("get", path);
  /** The spec of the cluster's Clock, merged: `{paused: true}`. */
  readonly setClock = (spec: object): Promise<unknown> => this.#call("setClock", spec);
  readonly snapshot = (options?: object): Promise<unknown> => this.#call("snapshot", options);

  override focus(): void {
    this.querySelector("iframe")?.focus();
    void this.#call("focus").catch(() => undefined);
  }

  #show(): void {
    this.#end();
    const src = this.getAttribute("src");
    if (!src) return;
    const url = new URL(src, document.baseURI);
    for (const name of attributes) {
      const value = this.getAttribute(name);
      if (value !== null) url.searchParams.set(name, value === "" ? "1" : value);
    }
    this.#origin = url.origin;
    const frame = document.createElement("iframe");
    const height = this.getAttribute("height");
    frame.src = url.href;
    frame.title = this.title || "A Kubernetes cluster";
    frame.allow = "clipboard-write";
    frame.style.cssText = `display:block;width:100%;border:0;height:${Number(height) || 480}px`;
    this.replaceChildren(frame);
    addEventListener("message", this.#answered);
    this.#asking = setInterval(
      () => frame.contentWindow?.postMessage(asksForPort, this.#origin),
      askEveryMs,
    );
  }

  readonly #answered = ({ source, origin, data, ports }: MessageEvent): void => {
    const frame = this.querySelector("iframe");
    if (!frame || source !== frame.contentWindow || origin !== this.#origin) return;
    if (data !== bringsPort || !ports[0]) return;
    clearInterval(this.#asking);
    this.#port?.close();
    this.#port = ports[0];
    this.#port.onmessage = ({ data: said }: MessageEvent<Reply | Told>) => this.#hear(said, frame);
    for (const go of this.#waiting.splice(0)) go();
  };

  #hear(said: Reply | Told, frame: HTMLIFrameElement): void {
    if ("event" in said) {
      const { height } = (said.data ?? {}) as { height?: number };
      if (said.event === "resize" && height && !this.hasAttribute("height")) {
        frame.style.height = `${height}px`;
      }
      this.dispatchEvent(new CustomEvent(said.event, { detail: said.data }));
      return;
    }
    const call = this.#open.get(said.id);
    this.#open.delete(said.id);
    if ("error" in said) call?.failed(new Error(said.error));
    else call?.done(said.result);
  }

  async #call(method: string, ...params: unknown[]): Promise<unknown> {
    if (!this.#port) await new Promise<void>((go) => this.#waiting.push(go));
    const id = ++this.#last;
    return new Promise((done, failed) => {
      this.#open.set(id, { done, failed });
      this.#port!.postMessage({ id, method, params }, []);
    });
  }

  #end(): void {
    clearInterval(this.#asking);
    removeEventListener("message", this.#answered);
    this.#port?.close();
    this.#port = undefined;
    for (const { failed } of this.#open.values()) failed(new Error("the frame has gone"));
    this.#open.clear();
  }
}

if (!customElements.get("podyard-sandbox"))
  customElements.define("podyard-sandbox", PodyardSandbox);
