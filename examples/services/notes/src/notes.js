"use strict";

const crypto = require("node:crypto");

/** Notes in memory, by an id that is a digest of their text. */
class Notes {
  #texts = new Map();

  add(text) {
    const id = crypto.createHash("sha256").update(text).digest("hex").slice(0, 8);
    this.#texts.set(id, text);
    return id;
  }

  get(id) {
    return this.#texts.get(id);
  }
}

module.exports = { Notes };
