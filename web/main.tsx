import { render } from "preact";
import { App } from "./app.tsx";

render(<App />, document.getElementById("app")!);

// The same page with another fragment opens something else.
addEventListener("hashchange", () => location.reload());
// So does the step back from a sandbox that was made here.
addEventListener("popstate", () => location.reload());
