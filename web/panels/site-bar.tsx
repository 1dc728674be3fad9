import { readMe } from "../api/me.ts";
import { useLoaded } from "../ui/work.ts";
import { SignIn } from "./sign-in.tsx";

/** What stands at the top of every page. */

export const Brand = () => (
  <a class="brand" href="/">
    <img src="/icon.svg" alt="" width="24" height="24" /> <span>Podyard</span>
  </a>
);

export function Who() {
  const { value: me } = useLoaded(() => readMe().catch(() => undefined));
  return (
    <nav class="owned" aria-label="You">
      {me.value && (
        <a class="name" href="/me">
          {me.value.name ?? "Yours"}
        </a>
      )}
      {!me.value?.name && <SignIn />}
    </nav>
  );
}

export const SiteBar = () => (
  <header class="bar">
    <Brand />
    <Who />
  </header>
);

export const SiteFoot = () => (
  <footer>
    <p>
      A simulation: no container runs, no image is pulled, nothing leaves this server. What the API,
      the controllers, the scheduler and the kubelets say and do follows Kubernetes 1.36. What this
      page does, programs do by the <a href="/api">service's API</a>.
    </p>
  </footer>
);
