"use strict";

const http = require("node:http");
const { text } = require("node:stream/consumers");
const { name, version } = require("../package.json");
const { Notes } = require("./notes.js");

const notes = new Notes();

const server = http.createServer(async (request, response) => {
  const path = request.url.slice(1);
  if (request.method === "POST") return response.end(`${notes.add(await text(request))}\n`);
  if (path === "about") return response.end(`${name} ${version} ${process.arch}\n`);
  const found = notes.get(path);
  response.writeHead(found === undefined ? 404 : 200);
  response.end(found);
});

/** Asks the server itself, once: for a first look. */
async function once() {
  const base = `http://127.0.0.1:${server.address().port}`;
  const id = await (await fetch(base, { method: "POST", body: "buy milk" })).text();
  const lines = [`${base}/${id.trim()}`, `${base}/about`].map(async (url) =>
    (await (await fetch(url)).text()).trim(),
  );
  console.log((await Promise.all(lines)).join("\n"));
  server.close();
  server.closeAllConnections();
}

const asked = process.argv[2] === "once";
server.listen(asked ? 0 : Number(process.env.PORT), asked ? "127.0.0.1" : undefined, asked && once);
process.on("SIGTERM", () => server.close());
