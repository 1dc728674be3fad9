declare namespace Cloudflare {
  interface Env extends Omit<import("../../worker/env.ts").Env, "SANDBOX"> {
    SANDBOX: DurableObjectNamespace<import("../../durable-objects/object.ts").SandboxObject>;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import("../../worker/index.ts");
  }
}

declare module "*?raw" {
  const text: string;
  export default text;
}
