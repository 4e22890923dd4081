// SPDX-License-Identifier: Apache-2.0
// A request as commands and programs to copy. Whatever a text holds, each sends just that text.

// Characters that a reader does not see, or that turn the order of what he sees.
const UNSEEN = /[\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** JSON that is a literal of Python and of JavaScript too: it has only texts, numbers and lists. */
function literal(value, indent) {
  const escape = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, null, indent).replace(UNSEEN, escape);
}

function curl({ url, body, hasKey }) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    `curl ${quote(url)}`,
    "-H 'Content-Type: application/json'",
    ...(hasKey ? ['-H "Authorization: Bearer $NESTD_API_KEY"'] : []),
    `-d ${quote(literal(body))}`,
  ].join(" \\\n  ");
}

function python({ url, body, hasKey }) {
  const key = hasKey ? '\n    "Authorization": "Bearer " + os.environ["NESTD_API_KEY"],' : "";
  return `import json${hasKey ? "\nimport os" : ""}
import urllib.request

body = ${literal(body, 4)}
headers = {
    "Content-Type": "application/json",${key}
}
request = urllib.request.Request(${literal(url)}, json.dumps(body).encode(), headers)
with urllib.request.urlopen(request) as reply:
    print(json.load(reply)["scores"])
`;
}

function node({ url, body, hasKey }) {
  const key = hasKey ? "\n    Authorization: `Bearer ${process.env.NESTD_API_KEY}`," : "";
  return `const reply = await fetch(${literal(url)}, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",${key}
  },
  body: JSON.stringify(${literal(body, 2).replaceAll("\n", "\n  ")}),
});
console.log((await reply.json()).scores);
`;
}

/** By language: a function of {url, body, hasKey} that gives the text to copy. */
export const languages = { curl, Python: python, Node: node };
