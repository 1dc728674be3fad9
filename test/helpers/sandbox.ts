/** A sandbox of a running server, for tests with real clients. */
export interface Sandbox {
  id: string;
  url: string;
  apiServer: string;
  kubeconfig: string;
  expiresAt: string;
}

export async function makeSandbox(
  url: string,
  options: { name?: string; nodes?: number; seed?: string | number } = {},
): Promise<Sandbox> {
  const response = await fetch(`${url}/api/sandboxes`, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(options),
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Sandbox;
}

/** Asks again and again until `check` holds; says what it saw last when it never does. */
export async function eventually<T>(
  ask: () => Promise<T>,
  check: (seen: T) => boolean,
  timeoutMs = 120_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await ask();
    if (check(seen)) return seen;
    if (performance.now() > end) {
      throw new Error(
        `not within ${timeoutMs} ms; last seen: ${JSON.stringify(seen).slice(0, 2000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
