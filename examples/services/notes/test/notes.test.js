"use strict";

const assert = require("node:assert");
const test = require("node:test");
const { Notes } = require("../src/notes.js");

test("a note is found by its id", () => {
  const notes = new Notes();
  assert.strictEqual(notes.get(notes.add("text")), "text");
  assert.strictEqual(notes.get("00000000"), undefined);
});
