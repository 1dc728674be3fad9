/** The pages of bookinfo's productpage. */

export const product = {
  id: 0,
  title: "The Comedy of Errors",
  descriptionHtml:
    '<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">Wikipedia Summary</a>: an early play of William Shakespeare.',
};

export const reviewTexts: [reviewer: string, text: string][] = [
  [
    "Reviewer1",
    "An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!",
  ],
  [
    "Reviewer2",
    "Absolutely fun and entertaining. The play lacks thematic depth when compared to other plays by Shakespeare.",
  ],
];

const escapeHtml = (text: unknown): string =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const frame = (body: string): string =>
  `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Simple Bookstore App</title>\n<style>body{font-family:sans-serif;max-width:60em;margin:2em auto}.red{color:#dc2626}.black{color:#000}td,th{padding:0 1em 0 0;text-align:left}</style>\n</head>\n<body>\n${body}</body>\n</html>\n`;

export const indexPage = frame(
  '<h1>Hello! This is a simple bookstore application</h1>\n<p><a href="/productpage?u=normal">Normal user</a></p>\n<p><a href="/productpage?u=test">Test user</a></p>\n',
);

interface Told {
  status: number;
  value: unknown;
}

type Fields = Record<string, unknown>;

function detailsOf({ status, value }: Told): string {
  const fields = value as Fields;
  if (status !== 200)
    return `<p class="red">Error fetching product details</p>\n<p>${escapeHtml(fields.error)}</p>\n`;
  const shown: [head: string, field: string][] = [
    ["ISBN-10", "ISBN-10"],
    ["Publisher", "publisher"],
    ["Pages", "pages"],
    ["Type", "type"],
    ["Language", "language"],
  ];
  const heads = shown.map(([head]) => `<th>${head}</th>`).join("");
  const cells = shown.map(([, field]) => `<td>${escapeHtml(fields[field] ?? "")}</td>`).join("");
  return `<h4>Book Details</h4>\n<table>\n<tr>${heads}</tr>\n<tr>${cells}</tr>\n</table>\n`;
}

const starsShown = 5;

function reviewsOf({ status, value }: Told): string {
  const fields = value as Fields;
  if (status !== 200)
    return `<p class="red">Error fetching product reviews</p>\n<p>${escapeHtml(fields.error)}</p>\n`;
  const list = Array.isArray(fields.reviews) ? (fields.reviews as Fields[]) : [];
  const one = ({ reviewer, text, rating }: Fields): string => {
    const { stars, color, error } = (rating ?? {}) as Fields;
    const full = Math.max(0, Math.min(starsShown, Number(stars) || 0));
    const shown =
      error !== undefined
        ? `<p><i>${escapeHtml(error)}</i></p>\n`
        : stars !== undefined
          ? `<p class="${color === "red" ? "red" : "black"}">${'<span class="star full">&#9733;</span>'.repeat(full)}${'<span class="star">&#9734;</span>'.repeat(starsShown - full)}</p>\n`
          : "";
    return `<blockquote>\n${shown}<p>"${escapeHtml(text)}"</p>\n<small>${escapeHtml(reviewer)}</small>\n</blockquote>\n`;
  };
  return `<h4>Book Reviews</h4>\n${list.map(one).join("")}<dl>\n<dt>Reviews served by:</dt>\n<u>${escapeHtml(fields.podname ?? "")}</u>\n</dl>\n`;
}

/** `user`: who has signed in; "" for nobody. */
export function bookPage(details: Told, reviews: Told, user: string): string {
  const sign = user
    ? `<p>${escapeHtml(user)} (<a href="logout">Sign out</a>)</p>\n`
    : '<form method="post" action="login"><input name="username" placeholder="Username"> <input name="passwd" type="password" placeholder="Password"> <button>Sign in</button></form>\n';
  return frame(
    `<nav><a href="#">BookInfo Sample</a></nav>\n${sign}<h1>${product.title}</h1>\n<p>${product.descriptionHtml}</p>\n${detailsOf(details)}${reviewsOf(reviews)}`,
  );
}
