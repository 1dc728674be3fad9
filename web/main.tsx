import { render } from "preact";
import { App } from "./app.tsx";

render(<App />, document.getElementById("app")!);

// The same page with another fragment opens something else.
addEventListener("hashchange", () => location.reload());
