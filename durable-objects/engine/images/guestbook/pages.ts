/** Pages of the guestbooks. They reach their own server by relative addresses, so a proxy or preview may carry them. */

const style =
  "body { font-family: sans-serif; max-width: 40em; margin: 2em auto; } input { font-size: 1em; width: 70%; } li { margin: .4em 0; }";

const page = (script: string, fallback: string): string => `<!DOCTYPE html>
<html>
<head>
  <meta charset="utf-8">
  <title>Guestbook</title>
  <style>${style}</style>
</head>
<body>
  <h2>Guestbook</h2>
  <form id="entry">
    <input id="message" placeholder="Messages" autocomplete="off">
    <button type="submit">Submit</button>
  </form>
  <ul id="entries">${fallback}</ul>
  <script src="${script}"></script>
</body>
</html>
`;

const shared = `var list = document.getElementById("entries");
function show(entries) {
  list.textContent = "";
  entries.forEach(function (text) {
    var item = document.createElement("li");
    item.textContent = text;
    list.appendChild(item);
  });
}
document.getElementById("entry").addEventListener("submit", function (event) {
  event.preventDefault();
  var field = document.getElementById("message");
  if (field.value) add(field.value);
  field.value = "";
});
`;

export const phpIndex = page("controllers.js", "");

export const phpScript = `${shared}var entries = [];
function add(text) {
  entries.push(text);
  fetch("guestbook.php?cmd=set&key=messages&value=" + encodeURIComponent("," + entries.join(",")));
  show(entries);
}
fetch("guestbook.php?cmd=get&key=messages")
  .then(function (answer) { return answer.json(); })
  .then(function (value) {
    entries = value.data.split(",").filter(Boolean);
    show(entries);
  });
`;

export const goIndex = page("script.js", "<li>Waiting for database connection...</li>");

export const goScript = `${shared}function add(text) {
  fetch("rpush/guestbook/" + encodeURIComponent(text)).then(take).then(show);
}
function take(answer) { return answer.json(); }
function refresh() { fetch("lrange/guestbook").then(take).then(show); }
refresh();
addEventListener("focus", refresh);
`;
