import type { EdgeError } from "../errors.ts";

/** What a browser shows that comes back from a provider in vain: the reason, and the way home. No script, no style, no address of theirs. */
export function failurePage({ message }: EdgeError, problem: Response): Response {
  const headers = new Headers(problem.headers);
  headers.set("content-type", "text/html; charset=utf-8");
  headers.set(
    "content-security-policy",
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  );
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  const html = `<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<title>Not signed in - Podyard</title>
<main>
<h1>You are not signed in</h1>
<p>${escaped(message)}</p>
<p><a href="/">Back to Podyard</a></p>
</main>
</html>
`;
  return new Response(html, { status: problem.status, headers });
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (each) => entities[each]!);
